import { createSeededRandom, type RandomSource } from '@jackfield/clock'
import {
  EAGAIN,
  EINPROGRESS,
  ENOTCONN,
  EPOLLET,
  EPOLLIN,
  EPOLLOUT,
  EPOLLRDHUP,
  MSG_MORE,
  MSG_PEEK,
  POLLOUT,
  type Readiness,
  SHUT_WR,
  SOL_TCP,
  SocketError,
  TCP_CORK,
  TCP_QUICKACK,
} from '@jackfield/sockets'
import type { Network, SimHost } from './index.js'
import type { EndPlan } from './tcp-scenario.test-support.js'

/** The byte at a place of a stream: another for every stream, and no short period. */
function byteAt(stream: number, at: number): number {
  return (at * 31 + (at >>> 8) * 7 + (at >>> 16) * 13 + stream * 101) & 0xff
}

/** Whether a call that does not wait had nothing to do: false; every other error is the test's. */
export function attempt(call: () => number): number {
  try {
    return call()
  } catch (error) {
    if (error instanceof SocketError && NOT_NOW.includes(error.errno)) return -1
    throw error
  }
}

/** The second: the SYN of a Fast Open left without the data. */
const NOT_NOW: readonly number[] = [EAGAIN, EINPROGRESS]

/** One end of a connection: writes, reads and checks what it reads, now and then, until its plan is done. */
export class End {
  sent = 0
  received = 0
  ended = false
  closed = false
  private connected = false
  private opened = false
  private shut = false
  /** Times in a row that it had nothing to do; it looks less often then. */
  private idle = 0
  private mayRead = true
  private mayWrite = true
  private readonly host: SimHost
  private readonly fd: number
  private readonly plan: EndPlan
  private readonly stream: number
  private readonly expected: number
  private readonly random: RandomSource
  private readonly readiness: Readiness | null = null
  private readonly again: () => void

  constructor(net: Network, host: SimHost, fd: number, plan: EndPlan, stream: number, expected: number, seed: string) {
    this.host = host
    this.fd = fd
    this.plan = plan
    this.stream = stream
    this.expected = expected
    this.random = createSeededRandom(seed)
    if (plan.edge) {
      this.readiness = host.sockets.epoll()
      this.readiness.add(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)
      this.mayRead = this.mayWrite = false
    }
    const timer = net.clock.createTimer(() => this.act())
    this.again = () => timer.setAfter(1 + this.random.below(Math.min(plan.pause << this.idle, 100_000)))
    this.again()
  }

  describe(): string {
    const { sent, received, ended, closed, plan, expected } = this
    return `sent ${sent}/${plan.bytes} received ${received}/${expected} ended ${ended} closed ${closed}`
  }

  private act(): void {
    // A connection that is not there yet has nothing that could be ended.
    if (!this.connected) {
      this.connected = this.host.sockets.poll([{ fd: this.fd, events: POLLOUT, revents: 0 }]) > 0
      this.idle = this.connected ? 0 : Math.min(this.idle + 1, 14)
      this.again()
      return
    }
    for (const { events } of this.readiness?.poll() ?? []) {
      if ((events & (EPOLLIN | EPOLLRDHUP)) !== 0) this.mayRead = true
      if ((events & EPOLLOUT) !== 0) this.mayWrite = true
    }
    const { plan, random } = this
    if (plan.quickAck) this.host.sockets.setsockopt(this.fd, SOL_TCP, TCP_QUICKACK, random.below(2))
    const before = this.sent + this.received
    // Now the one first, now the other.
    if (random.below(2) === 0) this.read()
    this.write()
    this.read()
    this.finish()
    this.idle = this.sent + this.received === before ? Math.min(this.idle + 1, 14) : 0
    if (!this.closed) this.again()
  }

  private write(): void {
    const left = this.plan.bytes - this.sent
    if (left === 0 || !this.mayWrite) return
    const chunk = new Uint8Array(Math.min(left, 1 + this.random.below(this.plan.chunk)))
    for (let i = 0; i < chunk.length; i++) chunk[i] = byteAt(this.stream, this.sent + i)
    if (this.plan.cork) this.cork(1)
    const flags = this.plan.more && chunk.length < left && this.random.below(2) === 0 ? MSG_MORE : 0
    const taken = attempt(() => this.host.sockets.send(this.fd, chunk, flags))
    if (taken >= 0) this.sent += taken
    else if (this.readiness !== null) this.mayWrite = false
    if (this.plan.cork && (this.sent === this.plan.bytes || this.random.below(4) === 0)) this.cork(0)
  }

  private cork(on: number): void {
    this.host.sockets.setsockopt(this.fd, SOL_TCP, TCP_CORK, on)
  }

  private read(): void {
    if (this.ended || !this.mayRead) return
    const buffer = new Uint8Array(1 + this.random.below(this.plan.chunk))
    if (this.plan.peek) {
      const seen = attempt(() => this.host.sockets.recv(this.fd, buffer, MSG_PEEK))
      if (seen > 0) this.check(buffer, seen)
    }
    const length = attempt(() => this.host.sockets.recv(this.fd, buffer))
    if (length > 0) {
      this.check(buffer, length)
      this.received += length
    } else if (length === 0) {
      if (this.received !== this.expected) throw new Error(`the stream ends at ${this.received} of ${this.expected}`)
      this.ended = true
    } else if (this.readiness !== null) this.mayRead = false
  }

  private check(buffer: Uint8Array, length: number): void {
    for (let i = 0; i < length; i++) {
      const at = this.received + i
      if (at >= this.expected) throw new Error(`byte ${at} was never sent`)
      if (buffer[i] !== byteAt(1 - this.stream, at)) throw new Error(`byte ${at} is not the one sent`)
    }
  }

  private finish(): void {
    if (this.sent < this.plan.bytes || !this.isOpen()) return
    const { ending } = this.plan
    if (ending === 'shutdown' && !this.shut) {
      this.host.sockets.shutdown(this.fd, SHUT_WR)
      this.shut = true
    }
    if (ending !== 'leave' && !this.ended) return
    this.readiness?.close()
    this.host.sockets.close(this.fd)
    this.closed = true
  }

  /** What is closed before its SYN is answered is gone, with the data that waited for it. */
  private isOpen(): boolean {
    if (this.opened) return true
    try {
      this.host.sockets.getpeername(this.fd)
      this.opened = true
      return true
    } catch (error) {
      if (error instanceof SocketError && error.errno === ENOTCONN) return false
      throw error
    }
  }
}
