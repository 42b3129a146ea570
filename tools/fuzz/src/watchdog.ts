import { Worker } from 'node:worker_threads'

/** Ends the process, with word of where it was, when an input does not come to an end. */
export interface Watchdog {
  /** An input begins. */
  beat(target: string, input: number): void
  stop(): Promise<void>
}

// A hung thread cannot watch itself. The worker is source text, so that the built program is one file.
const WATCHER = `
const { workerData } = require('node:worker_threads')
const { writeSync } = require('node:fs')
const beat = new Int32Array(workerData.beat)
let last = -1
setInterval(() => {
  const now = Atomics.load(beat, 1)
  if (now === last && Atomics.load(beat, 2) === 1) {
    writeSync(2, workerData.names[Atomics.load(beat, 0)] + ': input ' + now + ' does not come to an end\\n')
    process.kill(process.pid, 'SIGKILL')
  }
  last = now
}, workerData.seconds * 1000)
`

/** @param seconds after which an input is taken to hang */
export function startWatchdog(names: readonly string[], seconds: number): Watchdog {
  const beat = new Int32Array(new SharedArrayBuffer(12))
  beat[2] = 1
  const worker = new Worker(WATCHER, { eval: true, workerData: { beat: beat.buffer, names: [...names], seconds } })
  worker.unref()
  return {
    beat(target, input) {
      beat[0] = names.indexOf(target)
      beat[1] = input
    },
    async stop() {
      beat[2] = 0
      await worker.terminate()
    },
  }
}
