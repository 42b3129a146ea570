import { Message } from '@jackfield/interfaces'
import { SEGMENT_TCP } from '@jackfield/packet'
import { transportSettings } from '@jackfield/transport'
import { ArrivingSegment } from '../arriving-segment.js'
import { CongestionRegistry } from '../congestion/registry.js'
import type { Connection } from '../connection.js'
import { HalfConnection } from '../half-connection.test-support.js'
import type { TcpSettings } from '../settings.js'
import { ESTABLISHED } from '../state.js'
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
export class Receiver extends HalfConnection {
  readonly c: Connection
  readonly first: number
  readonly woken: number[] = []
  private readonly s = new ArrivingSegment(new TcpOptions())
  private readonly options = new TcpOptions()

  constructor(options: ReceiverOptions = {}) {
    super(options.settings)
    const { sack = true, timestamps = false, scaling = true, first = 0x7fff_fff0 | 0 } = options
    this.first = first
    const { host, tcp } = this
    const registry = new CongestionRegistry()
    const timeWaits = { entered: 0, enter: () => timeWaits.entered++ }
    Object.assign(tcp, { registry, table: { remove() {}, refresh() {} }, connections: new Set(), timeWaits })
    const c = this.connectionOf({
      congestion: registry.defaultControl('reno'),
      congestionState: {},
      inOrder: new InOrderQueue(host.packets, tcp),
      outOfOrder: new OutOfOrderQueue(host.packets, tcp),
      options: optionsOf(transportSettings(host)),
      wake: { changed: (bits: number) => this.woken.push(bits) },
      packetReleased() {},
    })
    this.c = c
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
    forVersion() {
      return this
    },
    takeError() {
      const { error } = this
      this.error = 0
      return error
    },
  }
}
