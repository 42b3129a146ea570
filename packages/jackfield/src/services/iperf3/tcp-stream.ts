import { EPOLLIN, EPOLLOUT, SOL_TCP, type Sockets, TCP_INFO } from '@jackfield/sockets'
import type { TcpInfo } from '@jackfield/tcp'
import { sendSome } from '../stream-loop.js'
import type { Allowance, DataStream, Pacer } from './data-stream.js'

/** What receivers read into: what came is counted, not looked at. */
const scratch = new Uint8Array(256 * 1024)

/** Reads and counts. */
export class TcpReceiver implements DataStream {
  readonly fd: number
  readonly sends: boolean = false
  readonly retransmits: undefined
  readonly packets: number = 0
  readonly lost: number = 0
  readonly jitter: number = 0
  bytes = 0
  private readonly sockets: Sockets
  private stopped = false

  constructor(sockets: Sockets, fd: number) {
    this.sockets = sockets
    this.fd = fd
  }

  wants(): number {
    return EPOLLIN
  }

  ready(): boolean {
    const length = this.sockets.recv(this.fd, scratch)
    if (!this.stopped) this.bytes += length
    return length > 0
  }

  stop(): void {
    this.stopped = true
  }

  restart(): void {
    this.bytes = 0
  }
}

/** Sends blocks as fast as they are taken, or at a rate. */
export class TcpSender implements DataStream {
  readonly fd: number
  readonly sends: boolean = true
  readonly packets: number = 0
  readonly lost: number = 0
  readonly jitter: number = 0
  bytes = 0
  private readonly sockets: Sockets
  private readonly block: Uint8Array
  private readonly pacer: Pacer
  private readonly allowance: Allowance | null
  private retransmitsBefore = 0
  private open = true

  constructor(sockets: Sockets, fd: number, block: Uint8Array, pacer: Pacer, allowance: Allowance | null) {
    this.sockets = sockets
    this.fd = fd
    this.block = block
    this.pacer = pacer
    this.allowance = allowance
  }

  get retransmits(): number {
    return this.open ? this.allRetransmits() - this.retransmitsBefore : 0
  }

  wants(): number {
    return this.allowance?.left === 0 || !this.pacer.allows() ? 0 : EPOLLOUT
  }

  ready(): boolean {
    const { allowance, block } = this
    const most = allowance === null ? block.length : Math.min(block.length, allowance.left)
    const sent = sendSome(this.sockets, this.fd, most === block.length ? block : block.subarray(0, most))
    this.bytes += sent
    this.pacer.count(sent)
    if (allowance !== null) allowance.left -= sent
    return true
  }

  stop(): void {
    this.pacer.stop()
  }

  restart(): void {
    this.bytes = 0
    this.retransmitsBefore = this.allRetransmits()
  }

  released(): void {
    this.open = false
    this.pacer.stop()
  }

  private allRetransmits(): number {
    return (this.sockets.getsockopt(this.fd, SOL_TCP, TCP_INFO) as unknown as TcpInfo).tcpi_total_retrans
  }
}
