import { KernelUdp } from './kernel-udp.js'
import type { Role, Task } from './peer.js'
import { StackUdp } from './stack-udp.js'

// Started by `peer.ts`: one end of a measurement. Says 0 when it is ready and when a task begins, then the task's result.
const role = JSON.parse(process.argv[2] ?? '{}') as Role
const say = (value: number): void => void process.send?.(value)

/** The kernel's sockets: calls that block, in loops that do nothing else. */
function kernelTask(task: Task, size: number): number {
  const socket = new KernelUdp(size)
  let datagrams = 0
  let start = performance.now()
  if (task.task === 'send') {
    socket.connect(task.to, task.port)
    say(0)
    while (performance.now() - start < task.milliseconds) datagrams += Math.max(0, socket.send())
  } else {
    socket.bind(task.at, task.port)
    say(0)
    // From the first datagram on.
    while (socket.receive() <= 0 && performance.now() - start < task.milliseconds);
    start = performance.now()
    while (performance.now() - start < task.milliseconds) datagrams += Math.max(0, socket.receive())
  }
  const seconds = (performance.now() - start) / 1000
  socket.close()
  return datagrams / seconds
}

if (role.role === 'kernel') {
  process.on('message', (task: Task) => {
    // What is said leaves the process when the loop turns: a blocking task begins after that.
    setImmediate(() => say(kernelTask(task, role.size)))
  })
  process.on('disconnect', () => process.exit(0))
} else {
  const stack = new StackUdp(role.device, role.address, role.host)
  process.on('message', (task: Task) => void stack.perform(task, () => say(0)).then(say))
  process.on('disconnect', () => void stack.close().then(() => process.exit(0)))
}
say(0)
