import type { IpAddressSlot } from '@jackfield/addr'
import { IpAddress, setSlot } from '@jackfield/addr'
import { AF_INET, createRouteQuery } from '@jackfield/interfaces'
import { createFakeHost, createFakeNetwork, type FakeHost, type FakeNetwork } from '@jackfield/interfaces/compliance'
import { type Packet, setPacketChecks } from '@jackfield/packet'
import { createFlow } from '@jackfield/transport'
import { expect } from 'vitest'
import { ArrivingSegment } from '../arriving-segment.js'
import type { CongestionControl } from '../congestion/congestion-control.js'
import { newReno } from '../congestion/new-reno.js'
import type { Connection } from '../connection.js'
import { ConnectionState } from '../connection-state.js'
import { createTcpCounters, type TcpCounters } from '../counters.js'
import { QueuePool } from '../queue-pool.js'
import { SendBlocks, SendBuffer } from '../send/send-buffer.js'
import { SendQueue } from '../send/send-queue.js'
import { chargeSend, SEGMENT_OVERHEAD } from '../send/space.js'
import { push } from '../send/write.js'
import { MARK_LOST, MARK_RETRANSMITTED, MARK_SACKED } from '../send-segment.js'
import { TcpSettings } from '../settings.js'
import { ESTABLISHED } from '../state.js'
import { TimerPool } from '../timer-pool.js'
import { timerActions } from '../timers/dispatch.js'
import { TcpOptions } from '../wire/options.js'
import { FLAG_ACK, FLAG_ECE } from '../wire/segment.js'
import { processAck } from './ack.js'
import { ACK_SLOW_PATH, ACK_UPDATE_TS_RECENT } from './ack-flags.js'

setPacketChecks(true)

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
export class Sender {
  readonly network: FakeNetwork = createFakeNetwork()
  readonly host: FakeHost = createFakeHost([this.network])
  readonly settings: TcpSettings = new TcpSettings()
  readonly counters: TcpCounters = createTcpCounters()
  readonly c: Connection
  readonly first: number
  readonly challenges: number[] = []
  private readonly s = new ArrivingSegment(new TcpOptions())

  constructor(options: SenderOptions = {}) {
    const { sack = true, timestamps = false, cwnd = 10, congestion = newReno, first = 0x7fff_f000 | 0 } = options
    Object.assign(this.settings, options.settings)
    if (options.offload === true) this.network.maxSegment = 65_535
    this.first = first
    this.host.clock.advance(10_000_000)
    const { host, settings, counters, network } = this
    const tcp = {
      actions: timerActions,
      timers: new TimerPool(host.clock),
      host,
      settings,
      counters,
      memory: 0,
      pressed: false,
      now: 0,
      clockNow: 0,
      challenges: { sendChallengeAck: () => this.challenges.push(tcp.now) },
      refreshTime() {
        tcp.clockNow = host.clock.now()
        tcp.now = tcp.clockNow | 0
      },
      sendPacket: (c: Connection, packet: Packet) => network.send(packet, c.flow),
      blocked() {},
    }
    const flow = createFlow(6)
    Object.assign(tcp, { queues: new QueuePool(host.packets, tcp, new SendBlocks()) })
    const parts = {
      tcp,
      flow,
      network,
      congestion,
      sendQueue: new SendQueue(),
      sendBuffer: new SendBuffer(new SendBlocks()),
      options: { tos: 0, error: 0 },
      wake: { changed() {} },
      packetReleased: (charge: number) => {
        c.deviceQueued -= charge
      },
      retransmitTimer: null,
      ackTimer: null,
      keepAliveTimer: null,
      paceTimer: null,
      fastOpenRequest: null,
      passiveFastOpen: null,
    }
    // The parts of a connection that sending needs, and no others.
    const c = Object.assign(new ConnectionState(AF_INET), parts) as unknown as Connection
    this.c = c
    setSlot(flow.destination as IpAddressSlot, IpAddress.parse('10.0.0.2'))
    setSlot(flow.source as IpAddressSlot, IpAddress.parse('10.0.0.1'))
    const found = network.route({ ...createRouteQuery(flow.destination), source: flow.source })
    if (typeof found === 'number') throw new Error(`no route: ${found}`)
    flow.route = found
    tcp.refreshTime()
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

  /** Lets time pass, and timers expire. */
  wait(milliseconds: number): void {
    this.host.clock.advance(milliseconds * 1000)
    this.c.tcp.refreshTime()
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
