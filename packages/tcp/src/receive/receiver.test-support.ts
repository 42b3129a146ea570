import { IpAddress, type IpAddressSlot, setSlot } from '@jackfield/addr'
import { AF_INET, Message } from '@jackfield/interfaces'
import { createFakeHost, createFakeNetwork, type FakeHost, type FakeNetwork } from '@jackfield/interfaces/compliance'
import { type Packet, SEGMENT_TCP, setPacketChecks } from '@jackfield/packet'
import { createFlow, transportSettings } from '@jackfield/transport'
import { ArrivingSegment } from '../arriving-segment.js'
import { CongestionRegistry } from '../congestion/registry.js'
import type { Connection } from '../connection.js'
import { ConnectionState } from '../connection-state.js'
import { createTcpCounters, type TcpCounters } from '../counters.js'
import { QueuePool } from '../queue-pool.js'
import { SendBlocks, SendBuffer } from '../send/send-buffer.js'
import { SendQueue } from '../send/send-queue.js'
import { TcpSettings } from '../settings.js'
import { ESTABLISHED } from '../state.js'
import { TimerPool } from '../timer-pool.js'
import { timerActions } from '../timers/dispatch.js'
import { parseTcpOptions, TcpOptions } from '../wire/options.js'
import { FLAG_ACK, FLAG_FIN } from '../wire/segment.js'
import { receiveData } from './data.js'
import { checkAck } from './delayed-ack.js'
import { InOrderQueue } from './in-order.js'
import { OutOfOrderQueue } from './out-of-order.js'
import { readData } from './read.js'
import { initReceiveBuffer } from './space.js'
import { checkUrgent } from './urgent.js'
import { initialWindow, initReceiveMss, initReceiveSpace, receiveWindow } from './window.js'

setPacketChecks(true)

/** How a receiver begins. */
export interface ReceiverOptions {
  sack?: boolean
  timestamps?: boolean
  scaling?: boolean
  settings?: Partial<TcpSettings>
  /** `SO_RCVBUF` as accounted. */
  buffer?: number
  /** Sequence number of the first byte. */
  first?: number
}

/** What a segment has besides its place. */
export interface SegmentOptions {
  flags?: number
  urgent?: number
  ecn?: number
  /** Bytes of the buffer that it comes in. */
  buffer?: number
  /** It was merged from packets of this size. */
  merged?: number
  /** Not read by the connection in the way of its state machine, only queued: no acknowledgement. */
  quiet?: boolean
}

/** An acknowledgement that left. Numbers from the first byte; the window in bytes. */
export interface SentAck {
  at: number
  ack: number
  window: number
  sack: [number, number][]
  flags: number
}

/** Payload of a full segment. */
export const MSS = 1460

/** The byte of the stream at an offset: neighbours and distant ones differ. */
export function byteAt(offset: number): number {
  return (offset * 31 + (offset >> 8) * 7) & 0xff
}

/** An established connection that only receives, from a peer that the test plays. Sequence numbers count from its first byte. */
export class Receiver {
  readonly network: FakeNetwork = createFakeNetwork()
  readonly host: FakeHost = createFakeHost([this.network])
  readonly settings: TcpSettings = new TcpSettings()
  readonly counters: TcpCounters = createTcpCounters()
  readonly c: Connection
  readonly first: number
  /** Bytes that all connections pin. */
  readonly tcp: { memory: number; now: number; clockNow: number }
  readonly woken: number[] = []
  private readonly s = new ArrivingSegment(new TcpOptions())
  private readonly options = new TcpOptions()

  constructor(options: ReceiverOptions = {}) {
    const { sack = true, timestamps = false, scaling = true, first = 0x7fff_fff0 | 0 } = options
    Object.assign(this.settings, options.settings)
    this.first = first
    this.host.clock.advance(10_000_000)
    const { host, settings, counters, network } = this
    const tcp = {
      actions: timerActions,
      timers: new TimerPool(host.clock),
      host,
      settings,
      counters,
      registry: new CongestionRegistry(),
      memory: 0,
      pressed: false,
      now: 0,
      clockNow: 0,
      refreshTime() {
        tcp.clockNow = host.clock.now()
        tcp.now = tcp.clockNow | 0
      },
      sendPacket: (c: Connection, packet: Packet) => network.send(packet, c.flow),
      blocked() {},
      table: { remove() {}, refresh() {} },
      connections: new Set(),
      timeWaits: { entered: 0, enter: () => tcp.timeWaits.entered++ },
    }
    Object.assign(tcp, { queues: new QueuePool(host.packets, tcp, new SendBlocks()) })
    this.tcp = tcp
    const flow = createFlow(6)
    const parts = {
      tcp,
      flow,
      network,
      listener: null,
      congestion: tcp.registry.defaultControl('reno'),
      congestionState: {},
      sendQueue: new SendQueue(),
      sendBuffer: new SendBuffer(new SendBlocks()),
      inOrder: new InOrderQueue(host.packets, tcp),
      outOfOrder: new OutOfOrderQueue(host.packets, tcp),
      options: optionsOf(transportSettings(host)),
      wake: { changed: (bits: number) => this.woken.push(bits) },
      packetReleased() {},
      retransmitTimer: null,
      ackTimer: null,
      keepAliveTimer: null,
      paceTimer: null,
      fastOpenRequest: null,
    }
    // The parts of a connection that receiving needs, and no others.
    const c = Object.assign(new ConnectionState(AF_INET), parts) as unknown as Connection
    this.c = c
    setSlot(flow.destination as IpAddressSlot, IpAddress.parse('10.0.0.2'))
    setSlot(flow.source as IpAddressSlot, IpAddress.parse('10.0.0.1'))
    tcp.refreshTime()
    initReceiveBuffer(c)
    if (options.buffer !== undefined) {
      c.rcvBuf = options.buffer
      c.rcvBufLocked = true
    }
    c.advertisedMss = c.mss = MSS - (timestamps ? 12 : 0)
    initialWindow(c, scaling)
    c.windowScaleOk = scaling
    c.sackOk = sack
    c.timestampsOk = timestamps
    c.headerOptions = timestamps ? 12 : 0
    c.state = ESTABLISHED
    c.iss = c.sndUna = c.sndNxt = c.writeSeq = 1
    c.sndWnd = c.maxWindow = 65_535
    c.rcvNxt = c.rcvWup = c.copiedSeq = first
    c.rto = 200_000
    initReceiveMss(c)
    initReceiveSpace(c)
  }

  /** Milliseconds of the clock. */
  get ms(): number {
    return this.host.clock.now() / 1000
  }

  /** Lets time pass, and timers expire. */
  wait(milliseconds: number): void {
    this.host.clock.advance(milliseconds * 1000)
    this.c.tcp.refreshTime()
  }

  /** The peer's segment with the bytes from `from` up to `to`. */
  arrive(from: number, to: number, more: SegmentOptions = {}): void {
    const { c, s, host } = this
    c.tcp.refreshTime()
    const length = to - from
    const tail = Math.max(0, (more.buffer ?? 0) - length - 168)
    const packet = host.packets.allocate(length + 40, 128, tail)
    packet.transportHeader = packet.start + 20
    packet.start += 40
    for (let i = 0; i < length; i++) packet.view.setUint8(packet.start + i, byteAt(from + i))
    if (more.merged !== undefined) {
      packet.segmentType = SEGMENT_TCP
      packet.segmentSize = more.merged
      packet.segmentCount = Math.ceil(length / more.merged)
    }
    const flags = FLAG_ACK | (more.flags ?? 0)
    s.packet = packet
    s.seq = (this.first + from) | 0
    s.length = length
    s.endSeq = (s.seq + length + ((flags & FLAG_FIN) !== 0 ? 1 : 0)) | 0
    s.flags = flags
    s.urgentPointer = more.urgent ?? 0
    s.ecn = more.ecn ?? 0
    s.packets = Math.max(1, packet.segmentCount)
    checkUrgent(c, s)
    receiveData(c, s)
    if (more.quiet !== true && !c.dead) checkAck(c)
    s.packet?.release()
    s.packet = null
  }

  /** Reads up to `length` bytes: what the call gives, and the bytes. */
  read(length: number, flags = 0): { result: number; bytes: Uint8Array; flags: number } {
    const { c } = this
    c.tcp.refreshTime()
    const message = new Message(new Uint8Array(length))
    message.flags = flags
    const result = readData(c, message)
    return { result, bytes: message.buffer.slice(0, Math.max(0, result)), flags: message.flags }
  }

  /** What left since the last call. */
  sent(): SentAck[] {
    const sent = this.network.sent.map(({ bytes }) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset)
      const { options } = this
      parseTcpOptions(view, 20, (view.getUint8(12) >>> 4) * 4, options)
      const sack: [number, number][] = []
      for (let i = 0; i < options.sackCount; i++) {
        sack.push([this.offset(options.sackStart[i] ?? 0), this.offset(options.sackEnd[i] ?? 0)])
      }
      return {
        at: this.ms,
        ack: this.offset(view.getInt32(8)),
        window: view.getUint16(14) << this.c.rcvScale,
        sack,
        flags: view.getUint8(13),
      }
    })
    this.network.clear()
    return sent
  }

  /** The numbers acknowledged since the last call. */
  acks(): number[] {
    return this.sent().map(({ ack }) => ack)
  }

  /** Ends the connection, and gives the packets that nobody released. */
  leaks(): number {
    this.c.inOrder.clear()
    this.c.outOfOrder.clear()
    this.c.ackTimer?.cancel()
    this.network.clear()
    return this.host.packets.outstanding + this.tcp.memory
  }

  private offset(seq: number): number {
    return (seq - this.first) | 0
  }
}

/** Sends what the window takes until it is closed; gives the bytes sent. The acknowledgements are forgotten. */
export function fill(r: Receiver): number {
  let at = (r.c.rcvNxt - r.first) | 0
  for (let turn = 0; turn < 1000; turn++) {
    const room = receiveWindow(r.c)
    if (room === 0) {
      r.wait(50)
      if (r.sent().at(-1)?.window === 0) return at
      continue
    }
    const end = at + Math.min(MSS, room)
    r.arrive(at, end)
    at = end
  }
  throw new Error('the window does not close')
}

function optionsOf(settings: ReturnType<typeof transportSettings>) {
  return {
    settings,
    tos: 0,
    error: 0,
    receiveLowWater: 1,
    oobInline: false,
    takeError() {
      const { error } = this
      this.error = 0
      return error
    },
  }
}
