import { createRouteQuery } from '@jackfield/interfaces'
import { expect } from 'vitest'
import { ArrivingSegment } from '../arriving-segment.js'
import type { CongestionControl } from '../congestion/congestion-control.js'
import { newReno } from '../congestion/new-reno.js'
import type { Connection } from '../connection.js'
import { HalfConnection } from '../half-connection.test-support.js'
import { chargeSend, SEGMENT_OVERHEAD } from '../send/space.js'
import { push } from '../send/write.js'
import { MARK_LOST, MARK_RETRANSMITTED, MARK_SACKED } from '../send-segment.js'
import type { TcpSettings } from '../settings.js'
import { ESTABLISHED } from '../state.js'
import { TcpOptions } from '../wire/options.js'
import { FLAG_ACK, FLAG_ECE } from '../wire/segment.js'
import { processAck } from './ack.js'
import { ACK_SLOW_PATH, ACK_UPDATE_TS_RECENT } from './ack-flags.js'

/** How a sender begins. */
export interface SenderOptions {
  sack?: boolean
  timestamps?: boolean
  cwnd?: number
  congestion?: CongestionControl
  /** Sequence number of the first byte. */
  first?: number
  settings?: Partial<TcpSettings>
  /** Whether the device takes large segments. */
  offload?: boolean
}

/** What an acknowledgement says besides its number. */
export interface AckOptions {
  /** Blocks, first to last as in the option; from the first byte, as all numbers here. */
  sack?: readonly (readonly [number, number])[]
  window?: number
  /** Echoed timestamp, in milliseconds of the clock. */
  echo?: number
  ece?: boolean
  flags?: number
}

/** One segment that was sent: numbers from the first byte of data. */
export interface Sent {
  at: number
  seq: number
  end: number
  flags: number
}

/** Payload of a full segment. */
export const MSS = 1000

/** An established connection that only sends, to a peer that the test plays. Sequence numbers count from its first byte. */
export class Sender extends HalfConnection {
  readonly c: Connection
  readonly first: number
  readonly challenges: number[] = []
  private readonly s = new ArrivingSegment(new TcpOptions())

  constructor(options: SenderOptions = {}) {
    super(options.settings)
    const { sack = true, timestamps = false, cwnd = 10, congestion = newReno, first = 0x7fff_f000 | 0 } = options
    this.first = first
    const { network, tcp, flow } = this
    if (options.offload === true) network.maxSegment = 65_535
    Object.assign(tcp, { challenges: { sendChallengeAck: () => this.challenges.push(tcp.now) } })
    const c = this.connectionOf({
      congestion,
      options: { error: 0, forVersion: () => ({ tos: 0 }) },
      wake: { changed() {} },
      packetReleased: (charge: number) => {
        c.deviceQueued -= charge
      },
    })
    this.c = c
    const found = network.route({ ...createRouteQuery(flow.destination), source: flow.source })
    if (typeof found === 'number') throw new Error(`no route: ${found}`)
    flow.route = found
    c.state = ESTABLISHED
    c.sackOk = sack
    c.timestampsOk = timestamps
    c.headerOptions = timestamps ? 12 : 0
    c.mssClamp = MSS + c.headerOptions
    c.mss = MSS
    c.pathMtu = found.mtu
    c.cwnd = cwnd
    c.iss = (first - 1) | 0
    c.bufferSeq = c.sndUna = c.sndNxt = c.writeSeq = c.pushedSeq = c.sndSml = c.sndUp = first
    c.highSeq = c.rttSeq = c.cwndUsageSeq = first
    c.sndWnd = c.maxWindow = 1 << 20
    c.sndBuf = 1 << 24
    c.rcvNxt = c.rcvWup = c.copiedSeq = c.sndWl1 = 1
    c.rcvWnd = 65_535
    c.mdev4 = 1_000_000
    c.delivered = 1
    c.lastSent = tcp.now
    c.nonagle = 1
    c.congestionState = congestion.init(c)
  }

  /** Milliseconds of the clock, as timestamps count. */
  get ms(): number {
    return Math.floor(this.host.clock.now() / 1000)
  }

  /** Writes bytes as entries of `size`, and sends what may go. */
  write(bytes: number, size = MSS): void {
    const { c } = this
    c.tcp.refreshTime()
    for (let left = bytes; left > 0; left -= size) {
      const length = Math.min(left, size)
      const segment = c.sendQueue.create(c.writeSeq, (c.writeSeq + length) | 0, 0)
      segment.truesize = SEGMENT_OVERHEAD + length
      chargeSend(c, segment.truesize)
      c.sendBuffer.append(new Uint8Array(length), 0, length)
      c.sendQueue.append(segment)
      c.writeSeq = segment.endSeq
    }
    push(c)
    this.check()
  }

  /** An acknowledgement of the bytes before `ack`; then what may go is sent. Returns what `processAck` does. */
  ack(ack: number, options: AckOptions = {}): number {
    const { c, s, first } = this
    c.tcp.refreshTime()
    s.packet = null
    s.seq = s.endSeq = c.rcvNxt
    s.ack = (first + ack) | 0
    s.flags = FLAG_ACK | (options.ece === true ? FLAG_ECE : 0)
    s.window = options.window ?? c.sndWnd
    s.length = 0
    s.packets = 1
    s.options.clear()
    for (const [start, end] of options.sack ?? []) {
      s.options.sackStart[s.options.sackCount] = (first + start) | 0
      s.options.sackEnd[s.options.sackCount] = (first + end) | 0
      s.options.sackCount++
    }
    c.sawTimestamp = options.echo !== undefined
    c.rcvTsecr = (options.echo ?? 0) | 0
    const result = processAck(c, s, options.flags ?? ACK_SLOW_PATH | ACK_UPDATE_TS_RECENT)
    push(c)
    this.check()
    return result
  }

  /** Segments sent since the last call, as `[seq, end]`. */
  took(): [number, number][] {
    return this.sent().map(({ seq, end }) => [seq, end])
  }

  /** Segments sent since the last call. */
  sent(): Sent[] {
    const sent = this.network.sent.map(({ bytes }) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset)
      const seq = (view.getInt32(4) - this.first) | 0
      const header = (view.getUint8(12) >>> 4) * 4
      return { at: this.ms, seq, end: seq + bytes.length - header, flags: view.getUint8(13) }
    })
    this.network.clear()
    return sent
  }

  /** Counts the scoreboard anew: it must be what the connection says, and possible. */
  check(): void {
    const { c } = this
    let packets = 0
    let sacked = 0
    let lost = 0
    let retransmitted = 0
    let previous: number | null = null
    for (let each = c.sendQueue.head; each !== null && each !== c.sendQueue.sendHead; each = each.next) {
      packets += each.packets
      if ((each.marks & MARK_SACKED) !== 0) sacked += each.packets
      if ((each.marks & MARK_LOST) !== 0) lost += each.packets
      if ((each.marks & MARK_RETRANSMITTED) !== 0) retransmitted += each.packets
      if (previous !== null) expect(each.seq).toBe(previous)
      previous = each.endSeq
      // SACKed and lost exclude each other.
      expect(each.marks & (MARK_SACKED | MARK_LOST)).not.toBe(MARK_SACKED | MARK_LOST)
      expect(each.timed && (each.marks & MARK_SACKED) !== 0).toBe(false)
    }
    expect({ packets, lost, retransmitted }).toEqual({
      packets: c.packetsOut,
      lost: c.lostOut,
      retransmitted: c.retransOut,
    })
    if (c.sackOk) expect(c.sackedOut).toBe(sacked)
    expect(c.sackedOut).toBeGreaterThanOrEqual(0)
    expect(c.sackedOut + c.lostOut).toBeLessThanOrEqual(c.packetsOut)
    expect(c.cwnd).toBeGreaterThanOrEqual(0)
    expect(c.sendBuffer.length).toBe((c.writeSeq - c.sndUna) | 0)
    expect(c.bufferSeq).toBe(c.sndUna)
    let charged = 0
    for (let each = c.sendQueue.head; each !== null; each = each.next) charged += each.truesize
    expect(c.writeQueued).toBe(charged)
  }
}

/** Ten packets out, 100 ms of round trip. */
export function flying(options: SenderOptions = {}, extra = 20_000): Sender {
  const sender = new Sender(options)
  sender.write(10_000 + extra)
  expect(sender.took()).toHaveLength(10)
  sender.wait(100)
  return sender
}
