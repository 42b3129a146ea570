import { familyOf, type KernelSocketCalls, kernelSocketCalls, socketAddress, timeValue } from './kernel-calls.js'
import { CHUNK, Meter, PING_SIZE, RoundTrips, type TcpResult, type TcpTask } from './tcp-task.js'

const AF_INET = 2
const SOCK_STREAM = 1
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SO_RCVTIMEO = 20
const IPPROTO_TCP = 6
const TCP_NODELAY = 1
/** How long a listener waits for the next connection before it takes the measurement to be over. */
const PATIENCE = 0.4
const SIOCETHTOOL = 0x8946
/** `ETHTOOL_STXCSUM`, `SSG`, `STSO`, `SGSO`, `SGRO`, in the order in which they are turned on. */
const OFFLOADS = [0x17, 0x19, 0x1f, 0x24, 0x2c]

const INT_ONE = new Uint8Array(new Int32Array([1]).buffer)

/**
 * The kernel's TCP as a program in C uses it: calls that block, with large buffers, in loops that do nothing else. (Node's own `net`
 * copies and allocates for each 64 KB, and would be measured in place of the kernel.)
 */
export class KernelTcp {
  private readonly calls: KernelSocketCalls = kernelSocketCalls()
  private readonly buffer = new Uint8Array(CHUNK)
  private readonly address = this.calls.addressOf(this.buffer)

  perform(task: TcpTask, began: () => void): TcpResult {
    switch (task.task) {
      case 'sink':
        return this.serve(task, began, (fd) => this.discard(fd))
      case 'echo':
        return this.serve(task, began, (fd) => this.echo(fd))
      case 'accept':
        return this.acceptAll(task, began)
      case 'source':
        return this.send(task, began)
      case 'ping':
        return this.ping(task, began)
      case 'connect':
        return this.connectAll(task, began)
      case 'offloads':
        began()
        this.setOffloads(task.device, task.on)
        return { rate: 0 }
    }
  }

  private listen(at: string, port: number): number {
    const { calls } = this
    const fd = calls.socket(familyOf(at), SOCK_STREAM, 0)
    calls.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, INT_ONE, 4)
    const address = socketAddress(at, port)
    if (calls.bind(fd, address, address.length) !== 0) throw new Error(`bind ${at}:${port}`)
    calls.listen(fd, 4096)
    return fd
  }

  private connect(to: string, port: number, address: Uint8Array = socketAddress(to, port)): number {
    const { calls } = this
    const fd = calls.socket(familyOf(to), SOCK_STREAM, 0)
    calls.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, INT_ONE, 4)
    if (calls.connect(fd, address, address.length) !== 0) throw new Error(`connect ${to}:${port}`)
    return fd
  }

  private serve(
    task: { readonly at: string; readonly port: number },
    began: () => void,
    work: (fd: number) => TcpResult,
  ): TcpResult {
    const { calls } = this
    const listener = this.listen(task.at, task.port)
    began()
    const fd = calls.accept(listener, null, null)
    calls.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, INT_ONE, 4)
    const result = work(fd)
    calls.close(fd)
    calls.close(listener)
    return result
  }

  private discard(fd: number): TcpResult {
    const { calls, address } = this
    const meter = new Meter()
    for (let length = calls.recv(fd, address, CHUNK, 0); length > 0; length = calls.recv(fd, address, CHUNK, 0)) {
      meter.add(length)
    }
    return meter.result()
  }

  private echo(fd: number): TcpResult {
    const { calls, address } = this
    for (let length = calls.recv(fd, address, CHUNK, 0); length > 0; length = calls.recv(fd, address, CHUNK, 0)) {
      calls.send(fd, address, length, 0)
    }
    return { rate: 0 }
  }

  private acceptAll(task: { readonly at: string; readonly port: number }, began: () => void): TcpResult {
    const { calls } = this
    const listener = this.listen(task.at, task.port)
    began()
    let accepted = 0
    for (let fd = calls.accept(listener, null, null); fd >= 0; fd = calls.accept(listener, null, null)) {
      calls.close(fd)
      // The first one may take its time.
      if (accepted++ === 0) calls.setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, timeValue(PATIENCE), 16)
    }
    calls.close(listener)
    return { rate: 0 }
  }

  private send(task: TcpTask & { task: 'source' }, began: () => void): TcpResult {
    const { calls, address } = this
    const fd = this.connect(task.to, task.port)
    began()
    const end = performance.now() + task.span
    while (performance.now() < end && calls.send(fd, address, CHUNK, 0) > 0);
    calls.close(fd)
    return { rate: 0 }
  }

  private ping(task: TcpTask & { task: 'ping' }, began: () => void): TcpResult {
    const { calls, address } = this
    const fd = this.connect(task.to, task.port)
    began()
    const trips = new RoundTrips()
    let now = performance.now()
    const end = now + task.span
    while (now < end) {
      calls.send(fd, address, PING_SIZE, 0)
      for (let got = 0; got < PING_SIZE; ) {
        const length = calls.recv(fd, address, PING_SIZE, 0)
        if (length <= 0) throw new Error('the connection ended')
        got += length
      }
      const then = now
      now = performance.now()
      trips.add(now - then)
    }
    calls.close(fd)
    return trips.result()
  }

  private connectAll(task: TcpTask & { task: 'connect' }, began: () => void): TcpResult {
    const { calls, address } = this
    const target = socketAddress(task.to, task.port)
    began()
    let count = 0
    const begin = performance.now()
    const end = begin + task.span
    while (performance.now() < end) {
      const fd = this.connect(task.to, task.port, target)
      if (calls.recv(fd, address, CHUNK, 0) !== 0) throw new Error('the peer did not close')
      calls.close(fd)
      count++
    }
    return { rate: (count * 1000) / (performance.now() - begin) }
  }

  private setOffloads(device: string, on: boolean): void {
    const { calls } = this
    const fd = calls.socket(AF_INET, SOCK_STREAM, 0)
    for (const command of on ? OFFLOADS : OFFLOADS.toReversed()) {
      const value = new Uint8Array(new Uint32Array([command, on ? 1 : 0]).buffer)
      const request = new Uint8Array(40)
      request.set(new TextEncoder().encode(device))
      new DataView(request.buffer).setBigUint64(16, BigInt(calls.addressOf(value)), true)
      // What a device cannot do it refuses.
      calls.ioctl(fd, SIOCETHTOOL, calls.addressOf(request))
    }
    calls.close(fd)
  }
}
