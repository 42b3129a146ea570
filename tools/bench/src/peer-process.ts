import { BareTun } from './bare-tun.js'
import { KernelTcp } from './kernel-tcp.js'
import { KernelUdp } from './kernel-udp.js'
import type { Role, Task } from './peer.js'
import { StackTcp } from './stack-tcp.js'
import { StackUdp } from './stack-udp.js'
import type { TcpTask } from './tcp-task.js'

// Started by `peer.ts`: one end of a measurement. Says 0 when it is ready and when a task begins, then the task's result.
const role = JSON.parse(process.argv[2] ?? '{}') as Role
const say = (value: unknown): void => void process.send?.(value)

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

/** Tasks of TCP, which say themselves when they have begun. */
function performTcp(end: { perform(task: TcpTask, began: () => void): unknown; close?(): unknown }): void {
  process.on('message', (task: TcpTask) => {
    void (async () => say(await end.perform(task, () => say(0))))()
  })
  process.on('disconnect', () => void Promise.resolve(end.close?.()).then(() => process.exit(0)))
}

if (role.role === 'tcp-kernel') performTcp(new KernelTcp())
else if (role.role === 'tcp-stack') performTcp(new StackTcp(role.device, role.addresses, role.host, role.offload))
else if (role.role === 'tcp-bare') performTcp(new BareTun(role.device, role.address, role.host))
else if (role.role === 'kernel') {
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
