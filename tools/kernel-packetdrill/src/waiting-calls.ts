import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { CALL_NAMES, type CallName, systemCall } from './kernel-calls.js'
import {
  ASKED,
  CALLING,
  type CallThreadData,
  DONE,
  IDLE,
  SHARED_BYTES,
  STARTING,
  stateOf,
  valuesOf,
} from './shared-call.js'

/** Calls that may wait at the same time. */
const THREADS = 4
const EFD_NONBLOCK = 0o4000

interface CallThread {
  readonly worker: Worker
  readonly state: Int32Array
  readonly values: Float64Array
  done: ((result: number) => void) | null
}

/** Makes system calls that may wait, in threads of their own. */
export class WaitingCalls {
  /** Readable when a call is done. */
  readonly wake: number
  private readonly threads: CallThread[]

  private constructor(wake: number, threads: CallThread[]) {
    this.wake = wake
    this.threads = threads
  }

  static async start(): Promise<WaitingCalls> {
    const wake = systemCall('eventfd', 0, EFD_NONBLOCK)
    const threads = Array.from({ length: THREADS }, (): CallThread => {
      const shared = new SharedArrayBuffer(SHARED_BYTES)
      const workerData: CallThreadData = { shared, wake }
      stateOf(shared)[0] = STARTING
      const worker = new Worker(new URL('./call-worker.js', import.meta.url), { workerData })
      return { worker, state: stateOf(shared), values: valuesOf(shared), done: null }
    })
    while (threads.some(({ state }) => Atomics.load(state, 0) === STARTING)) await setTimeout(1)
    return new WaitingCalls(wake, threads)
  }

  /** Begins a call: settles, when `collect` finds it done, with its result or the negative error number. */
  call(name: CallName, ...args: number[]): Promise<number> {
    const thread = this.threads.find((each) => each.done === null)
    if (thread === undefined) throw new RangeError(`more than ${THREADS} calls wait at the same time`)
    thread.values.fill(0)
    thread.values[0] = CALL_NAMES.indexOf(name)
    thread.values.set(args, 2)
    return new Promise((resolve) => {
      thread.done = resolve
      Atomics.store(thread.state, 0, ASKED)
      Atomics.notify(thread.state, 0)
    })
  }

  /** Whether every call has got as far as the kernel. */
  get begun(): boolean {
    return this.threads.every(({ state }) => Atomics.load(state, 0) !== ASKED)
  }

  /** Whether a call is in the kernel. */
  get calling(): boolean {
    return this.threads.some(({ state }) => Atomics.load(state, 0) === CALLING)
  }

  /** Settles the calls that are done; whether there were any. */
  collect(): boolean {
    let any = false
    for (const thread of this.threads) {
      if (Atomics.load(thread.state, 0) !== DONE) continue
      const { done } = thread
      const result = thread.values[1] ?? 0
      thread.done = null
      Atomics.store(thread.state, 0, IDLE)
      done?.(result)
      any = true
    }
    return any
  }
}
