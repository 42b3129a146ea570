import { setImmediate as nextTurn } from 'node:timers/promises'
import { SocketAddress } from '@jackfield/addr'
import { openTun } from '@jackfield/tun-driver'
import { AF_INET, createHost, EPOLLIN, type Host, SOCK_DGRAM, SocketError } from 'jackfield'
import type { Task } from './peer.js'

/** Sent before the event loop gets a turn. */
const BURST = 64

/** A stack on a TUN device that answers pings, and sends and receives datagrams as it is told. */
export class StackUdp {
  private readonly host: Host
  private readonly buffer = new Uint8Array(65_536)

  constructor(name: string, address: string, hostAddress: string) {
    const device = openTun({ name, address: hostAddress })
    this.host = createHost({ interfaces: [{ device, addresses: [address] }] })
  }

  perform(task: Task, began: () => void): Promise<number> {
    return task.task === 'send' ? this.send(task, began) : this.receive(task, began)
  }

  close(): Promise<void> {
    return this.host.close()
  }

  private async send(task: Task & { task: 'send' }, began: () => void): Promise<number> {
    const { sockets } = this.host
    const fd = sockets.socket(AF_INET, SOCK_DGRAM)
    const payload = new Uint8Array(task.size)
    const target = SocketAddress.parse(`${task.to}:${task.port}`)
    let datagrams = 0
    began()
    const start = performance.now()
    while (performance.now() - start < task.milliseconds) {
      try {
        for (let i = 0; i < BURST; i++, datagrams++) sockets.sendto(fd, payload, 0, target)
      } catch (error) {
        if (!isAgain(error)) throw error
      }
      await nextTurn()
    }
    const seconds = (performance.now() - start) / 1000
    sockets.close(fd)
    return datagrams / seconds
  }

  private async receive(task: Task & { task: 'receive' }, began: () => void): Promise<number> {
    const { sockets } = this.host
    const fd = sockets.socket(AF_INET, SOCK_DGRAM)
    sockets.bind(fd, `${task.at}:${task.port}`)
    const from = new SocketAddress()
    const ready = sockets.epoll()
    ready.add(fd, EPOLLIN)
    began()
    let datagrams = 0
    let start = 0
    let now = performance.now()
    let end = now + task.milliseconds * 2
    while (now < end) {
      await ready.wait({ timeout: Math.max(1, end - now) })
      try {
        for (;;) {
          sockets.recvfrom(fd, this.buffer, 0, from)
          datagrams++
        }
      } catch (error) {
        if (!isAgain(error)) throw error
      }
      now = performance.now()
      if (start === 0 && datagrams > 0) {
        // From the first ones on.
        start = now
        end = now + task.milliseconds
        datagrams = 0
      }
    }
    ready.close()
    sockets.close(fd)
    return start === 0 ? 0 : (datagrams * 1000) / (now - start)
  }
}

function isAgain(error: unknown): boolean {
  return error instanceof SocketError && error.code === 'EAGAIN'
}
