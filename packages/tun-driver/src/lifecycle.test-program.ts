/** What `lifecycle.kernel.test.ts` runs in processes of its own. */
import { spawn } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import { EchoReceiver } from './echo.test-receiver.js'
import { run } from './host.test-commands.js'
import { openTun } from './index.js'

const device = openTun({ name: 'tunlife', address: '10.79.0.1/24', busyPoll: 1000 })
const receiver = new EchoReceiver(device)
device.open(receiver)
process.on('exit', () => console.log('answered', receiver.answered))

async function trafficThenRest(): Promise<number> {
  await run('ping', '-q', '-f', '-c', '2000', '10.79.0.2')
  await new Promise((resolve) => setTimeout(resolve, 100))
  const turns = loopCount()
  await new Promise((resolve) => setTimeout(resolve, 400))
  return loopCount() - turns
}

/** Turns of the event loop: with the one of the timer and a few stray packets about ten in a second at rest. */
function loopCount(): number {
  return (performance.nodeTiming as unknown as { uvMetricsInfo: { loopCount: number } }).uvMetricsInfo.loopCount
}

switch (process.argv[2]) {
  case 'close':
    run('ping', '-q', '-f', '-c', '2000', '10.79.0.2').then(() => device.close())
    break
  case 'exit': {
    const pings = spawn('ping', ['-q', '-f', '10.79.0.2'], { stdio: 'ignore' })
    process.on('exit', () => pings.kill('SIGKILL'))
    setTimeout(() => process.exit(7), 200)
    break
  }
  case 'unref':
    device.unref()
    break
  case 'rest':
    trafficThenRest().then((turns) => {
      console.log('turns', turns)
      device.close()
    })
    break
}
