import { openTun } from '@jackfield/tun-driver'
import {
  AF_INET,
  AF_INET6,
  createHost,
  EPOLLIN,
  EPOLLOUT,
  type Host,
  type Readiness,
  SOCK_STREAM,
  SocketError,
} from 'jackfield'
import { CHUNK, Meter, PING_SIZE, RoundTrips, type TcpResult, type TcpTask } from './tcp-task.js'

const IPPROTO_TCP = 6
const TCP_NODELAY = 1
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
/** How long a listener waits for the next connection before it takes the measurement to be over, in milliseconds. */
const PATIENCE = 400

/** A stack on a TUN device that does one end of TCP measurements, through the Berkeley calls and a readiness set. */
export class StackTcp {
  private readonly host: Host
  private readonly buffer = new Uint8Array(CHUNK)
  private readonly small = new Uint8Array(PING_SIZE)

  constructor(name: string, addresses: readonly string[], hostAddress: string, offload: boolean) {
    const device = openTun({ name, address: hostAddress, offload })
    this.host = createHost({ interfaces: [{ device, addresses }] })
  }

  perform(task: TcpTask, began: () => void): Promise<TcpResult> {
    switch (task.task) {
      case 'sink':
        return this.serve(task, began, (fd, ready) => this.discard(fd, ready))
      case 'echo':
        return this.serve(task, began, (fd, ready) => this.echo(fd, ready))
      case 'accept':
        return this.acceptAll(task, began)
      case 'source':
        return this.connected(task, began, (fd, ready) => this.send(fd, ready, task.span))
      case 'ping':
        return this.connected(task, began, (fd, ready) => this.ping(fd, ready, task.span))
      case 'connect':
        return this.connectAll(task, began)
      case 'offloads':
        throw new Error('the offloads of a TUN device are chosen when it is opened')
    }
  }

  close(): Promise<void> {
    return this.host.close()
  }

  private listen(at: string, port: number): number {
    const { sockets } = this.host
    const fd = sockets.socket(familyOf(at), SOCK_STREAM)
    sockets.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1)
    sockets.bind(fd, { address: at, port })
    sockets.listen(fd)
    return fd
  }

  private async connect(to: string, port: number, ready: Readiness): Promise<number> {
    const { sockets } = this.host
    const fd = sockets.socket(familyOf(to), SOCK_STREAM)
    sockets.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, 1)
    try {
      sockets.connect(fd, { address: to, port })
    } catch (error) {
      if (!(error instanceof SocketError) || error.code !== 'EINPROGRESS') throw error
    }
    ready.add(fd, EPOLLOUT)
    await ready.wait()
    return fd
  }

  private async serve(
    task: { readonly at: string; readonly port: number },
    began: () => void,
    work: (fd: number, ready: Readiness) => Promise<TcpResult>,
  ): Promise<TcpResult> {
    const { sockets } = this.host
    const listener = this.listen(task.at, task.port)
    const ready = sockets.epoll()
    ready.add(listener, EPOLLIN)
    began()
    await ready.wait()
    const fd = sockets.accept(listener)
    ready.delete(listener)
    sockets.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, 1)
    ready.add(fd, EPOLLIN)
    const result = await work(fd, ready)
    ready.close()
    sockets.close(fd)
    sockets.close(listener)
    return result
  }

  private async connected(
    task: { readonly to: string; readonly port: number },
    began: () => void,
    work: (fd: number, ready: Readiness) => Promise<TcpResult>,
  ): Promise<TcpResult> {
    const ready = this.host.sockets.epoll()
    const fd = await this.connect(task.to, task.port, ready)
    began()
    const result = await work(fd, ready)
    ready.close()
    this.host.sockets.close(fd)
    return result
  }

  private async discard(fd: number, ready: Readiness): Promise<TcpResult> {
    const { sockets } = this.host
    const meter = new Meter()
    for (;;) {
      await ready.wait()
      const length = sockets.recv(fd, this.buffer)
      if (length === 0) return meter.result()
      meter.add(length)
    }
  }

  private async echo(fd: number, ready: Readiness): Promise<TcpResult> {
    const { sockets } = this.host
    for (;;) {
      await ready.wait()
      const length = sockets.recv(fd, this.small)
      if (length === 0) return { rate: 0 }
      sockets.send(fd, length === PING_SIZE ? this.small : this.small.subarray(0, length))
    }
  }

  private async acceptAll(task: { readonly at: string; readonly port: number }, began: () => void): Promise<TcpResult> {
    const { sockets } = this.host
    const listener = this.listen(task.at, task.port)
    const ready = sockets.epoll()
    ready.add(listener, EPOLLIN)
    began()
    let events = await ready.wait()
    while (events.length > 0) {
      sockets.close(sockets.accept(listener))
      events = await ready.wait({ timeout: PATIENCE })
    }
    ready.close()
    sockets.close(listener)
    return { rate: 0 }
  }

  private async send(fd: number, ready: Readiness, span: number): Promise<TcpResult> {
    const { sockets } = this.host
    const end = performance.now() + span
    while (performance.now() < end) {
      await ready.wait()
      sockets.send(fd, this.buffer)
    }
    return { rate: 0 }
  }

  private async ping(fd: number, ready: Readiness, span: number): Promise<TcpResult> {
    const { sockets } = this.host
    const { small } = this
    ready.modify(fd, EPOLLIN)
    const trips = new RoundTrips()
    let now = performance.now()
    const end = now + span
    while (now < end) {
      sockets.send(fd, small)
      for (let got = 0; got < PING_SIZE; ) {
        await ready.wait()
        got += sockets.recv(fd, small)
      }
      const then = now
      now = performance.now()
      trips.add(now - then)
    }
    return trips.result()
  }

  private async connectAll(task: TcpTask & { task: 'connect' }, began: () => void): Promise<TcpResult> {
    const { sockets } = this.host
    const ready = sockets.epoll()
    began()
    let count = 0
    const begin = performance.now()
    const end = begin + task.span
    while (performance.now() < end) {
      const fd = await this.connect(task.to, task.port, ready)
      ready.modify(fd, EPOLLIN)
      await ready.wait()
      if (sockets.recv(fd, this.buffer) !== 0) throw new Error('the peer did not close')
      sockets.close(fd)
      count++
    }
    ready.close()
    return { rate: (count * 1000) / (performance.now() - begin) }
  }
}

function familyOf(address: string): number {
  return address.includes(':') ? AF_INET6 : AF_INET
}
