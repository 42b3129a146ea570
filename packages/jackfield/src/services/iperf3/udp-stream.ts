import type { Clock } from '@jackfield/clock'
import { EPOLLIN, EPOLLOUT, POLLIN, POLLOUT, SocketError, type Sockets } from '@jackfield/sockets'
import type { DataStream, Pacer } from './data-stream.js'

/** Datagrams read or sent before others get their turn. */
const BURST = 256

const scratch = new Uint8Array(65_535)
const header = new DataView(scratch.buffer)

/** Bytes of a datagram's time and number, narrow and wide. */
const NARROW = 12
const WIDE = 16

/** Counts datagrams by the numbers in them, which begin at 1. */
export class UdpReceiver implements DataStream {
  readonly fd: number
  readonly sends: boolean = false
  readonly retransmits: undefined
  bytes = 0
  lost = 0
  jitter = 0
  private readonly sockets: Sockets
  private readonly clock: Clock
  private readonly wide: boolean
  private readonly watched: { fd: number; events: number; revents: number }[]
  private highest = 0
  private highestBefore = 0
  private lastTransit = Number.NaN
  private stopped = false

  constructor(sockets: Sockets, fd: number, clock: Clock, wide: boolean) {
    this.sockets = sockets
    this.fd = fd
    this.clock = clock
    this.wide = wide
    this.watched = [{ fd, events: POLLIN, revents: 0 }]
  }

  get packets(): number {
    return this.highest - this.highestBefore
  }

  wants(): number {
    return EPOLLIN
  }

  ready(): boolean {
    for (let i = 0; i < BURST && this.sockets.poll(this.watched) > 0; i++) {
      try {
        this.count(this.sockets.recv(this.fd, scratch))
      } catch (error) {
        // An ICMP error: the test goes on.
        if (!(error instanceof SocketError)) throw error
      }
    }
    return true
  }

  stop(): void {
    this.stopped = true
  }

  restart(): void {
    this.bytes = 0
    this.lost = 0
    this.highestBefore = this.highest
  }

  private count(length: number): void {
    if (this.stopped || length < (this.wide ? WIDE : NARROW)) return
    this.bytes += length
    const number = this.wide ? header.getUint32(8) * 2 ** 32 + header.getUint32(12) : header.getUint32(8)
    if (number > this.highest) {
      this.lost += number - this.highest - 1
      this.highest = number
    } else if (this.lost > 0) {
      // Late, not lost.
      this.lost--
    }
    const transit = this.clock.wallTime() / 1e6 - header.getUint32(0) - header.getUint32(4) / 1e6
    if (!Number.isNaN(this.lastTransit)) this.jitter += (Math.abs(transit - this.lastTransit) - this.jitter) / 16
    this.lastTransit = transit
  }
}

/** Sends numbered datagrams at a rate. */
export class UdpSender implements DataStream {
  readonly fd: number
  readonly sends: boolean = true
  readonly retransmits: undefined
  readonly lost: number = 0
  readonly jitter: number = 0
  bytes = 0
  packets = 0
  private readonly sockets: Sockets
  private readonly clock: Clock
  private readonly block: Uint8Array
  private readonly view: DataView
  private readonly wide: boolean
  private readonly pacer: Pacer
  private readonly watched: { fd: number; events: number; revents: number }[]
  private number = 0

  constructor(sockets: Sockets, fd: number, clock: Clock, blockSize: number, wide: boolean, pacer: Pacer) {
    this.sockets = sockets
    this.fd = fd
    this.clock = clock
    this.block = new Uint8Array(blockSize)
    this.view = new DataView(this.block.buffer)
    this.wide = wide
    this.pacer = pacer
    this.watched = [{ fd, events: POLLOUT, revents: 0 }]
  }

  wants(): number {
    return this.pacer.allows() ? EPOLLOUT : 0
  }

  ready(): boolean {
    for (let i = 0; i < BURST && this.pacer.allows() && this.sockets.poll(this.watched) > 0; i++) {
      try {
        this.stamp()
        this.sockets.send(this.fd, this.block)
        this.packets++
        this.bytes += this.block.length
      } catch (error) {
        // A queue that is full, an ICMP error: that datagram is lost, the test goes on.
        if (!(error instanceof SocketError)) throw error
      }
      this.pacer.count(this.block.length)
    }
    this.pacer.rest()
    return true
  }

  stop(): void {
    this.pacer.stop()
  }

  restart(): void {
    this.bytes = 0
    this.packets = 0
  }

  released(): void {
    this.pacer.stop()
  }

  /** Puts the time and the next number in. */
  private stamp(): void {
    const { view } = this
    const now = this.clock.wallTime()
    this.number++
    view.setUint32(0, Math.floor(now / 1e6))
    view.setUint32(4, now % 1e6)
    if (this.wide) {
      view.setUint32(8, Math.floor(this.number / 2 ** 32))
      view.setUint32(12, this.number)
    } else {
      view.setUint32(8, this.number)
    }
  }
}
