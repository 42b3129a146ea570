import { createAddressSlot, type IpAddressSlot, setSlot } from '@jackfield/addr'
import {
  CAST_UNICAST,
  DELIVERED,
  type Delivery,
  ENOBUFS,
  type Forwarder,
  type Host,
  type IcmpReport,
  IPPROTO_TCP,
  type NetworkFlow,
  type NetworkHeader,
  type OffloadProtocol,
  type TransportLayer,
} from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import {
  type BufferLimit,
  createFlow,
  ForwardCounts,
  IpSocketOptions,
  type PortEntry,
  PortTable,
  Readiness,
  routeFlow,
} from '@jackfield/transport'
import type { TimerActions } from './actions.js'
import { segmentArrives } from './arrival.js'
import { ArrivingSegment } from './arriving-segment.js'
import { initBuffers } from './buffer-sizes.js'
import { destroy } from './close.js'
import type { CongestionControl } from './congestion/congestion-control.js'
import { CongestionRegistry } from './congestion/registry.js'
import { Connection } from './connection.js'
import { createTcpCounters, type TcpCounters } from './counters.js'
import { TcpForwarder } from './forwarder/tcp-forwarder.js'
import { icmpError } from './icmp-errors.js'
import { ChallengeLimit } from './listener/challenge.js'
import { FastOpenServer } from './listener/fast-open.js'
import { FastOpenCache } from './listener/fast-open-cache.js'
import { InitialSequence } from './listener/initial-sequence.js'
import { listenSegment } from './listener/listen.js'
import { Request } from './listener/request.js'
import { requestSegment } from './listener/request-segment.js'
import { SynCookies } from './listener/syn-cookies.js'
import { TimeWait, TimeWaitTable, timeWaitSegment } from './listener/time-wait.js'
import { md5Acceptable } from './md5/md5-check.js'
import { createTcpOffload } from './offload/offload.js'
import { QueuePool } from './queue-pool.js'
import type { InOrderQueue } from './receive/in-order.js'
import { OutOfOrderQueue } from './receive/out-of-order.js'
import { checkSegment, readSegment } from './segment-in.js'
import { Replies } from './send/replies.js'
import { resume } from './send/resume.js'
import { SendBlocks, type SendBuffer } from './send/send-buffer.js'
import type { SendQueue } from './send/send-queue.js'
import { replyReset } from './send/transmit.js'
import { TcpSettings } from './settings.js'
import { LISTEN } from './state.js'
import { TimerPool } from './timer-pool.js'
import { timerActions } from './timers/dispatch.js'
import { TcpOptions } from './wire/options.js'

/** What a connection is made of besides its control block. */
export interface ConnectionParts {
  readonly flow: NetworkFlow
  readonly wake: Readiness
  readonly options: IpSocketOptions
  readonly sendBuffer: SendBuffer
  readonly sendQueue: SendQueue
  readonly inOrder: InOrderQueue
  readonly outOfOrder: OutOfOrderQueue
  readonly congestion: CongestionControl
  readonly congestionState: object
}

/** TCP (RFC 9293): whose a segment is, and what all connections of a host share. */
export class TcpProtocol implements TransportLayer {
  readonly protocol: number = IPPROTO_TCP
  readonly believesMtu: boolean = true
  readonly offload: OffloadProtocol
  readonly host: Host
  readonly settings: TcpSettings = new TcpSettings()
  readonly actions: TimerActions = timerActions
  readonly timers: TimerPool
  readonly queues: QueuePool
  readonly counters: TcpCounters = createTcpCounters()
  readonly table: PortTable<PortEntry>
  /** Connections, requests, TIME-WAIT entries: everything that is not closed. */
  readonly connections: Set<Connection> = new Set()
  readonly registry: CongestionRegistry = new CongestionRegistry()
  readonly blocks: SendBlocks = new SendBlocks()
  readonly initialSequence: InitialSequence
  readonly challenges: ChallengeLimit
  readonly cookies: SynCookies
  readonly fastOpen: FastOpenServer
  readonly fastOpenCache: FastOpenCache
  readonly timeWaits: TimeWaitTable
  readonly replies: Replies
  /** Who is asked about SYNs that no socket is there for. */
  forwarder: TcpForwarder | null = null
  readonly forwards: ForwardCounts = new ForwardCounts()
  /** Bytes that all connections pin (`net.ipv4.tcp_mem`). */
  memory = 0
  /** That is more than is good: connections make do with less (see `underPressure`). */
  pressed = false
  /** Whether any socket ever had a key (RFC 2385). */
  usesMd5 = false
  /** Sockets that nobody holds. */
  orphans = 0
  /** The present time, refreshed at every entry: microseconds of the clock, and the same as int32. */
  clockNow = 0
  now = 0
  /** What connections have that received everything in order: always empty. */
  readonly nothingOutOfOrder: OutOfOrderQueue
  /** Where options set the sizes of buffers: the connection takes them from here at once. */
  private readonly receiveLimit: BufferLimit = { limit: 0 }
  private readonly sendLimit: BufferLimit = { limit: 0 }
  private readonly segment: ArrivingSegment
  /** Connections that try to send at the end of the burst. */
  private waiting: Connection | null = null
  private readonly source: IpAddressSlot = createAddressSlot()
  private readonly destination: IpAddressSlot = createAddressSlot()

  constructor(host: Host) {
    this.host = host
    this.table = new PortTable<PortEntry>(host, 'stream')
    this.timers = new TimerPool(host.clock)
    this.queues = new QueuePool(host.packets, this, this.blocks)
    this.offload = createTcpOffload(host)
    this.nothingOutOfOrder = new OutOfOrderQueue(host.packets, this)
    this.segment = new ArrivingSegment(new TcpOptions())
    this.initialSequence = new InitialSequence(host, this.settings)
    this.challenges = new ChallengeLimit(this)
    this.cookies = new SynCookies(this)
    this.fastOpen = new FastOpenServer(this)
    this.fastOpenCache = new FastOpenCache(this)
    this.timeWaits = new TimeWaitTable(this)
    this.replies = new Replies(this)
    this.refreshTime()
  }

  /** Takes the clock's time: at every packet, timer and call. */
  refreshTime(): void {
    this.clockNow = this.host.clock.now()
    this.now = this.clockNow | 0
  }

  /** @internal What a new connection stands on. */
  partsOf(connection: Connection): ConnectionParts {
    const { host, settings } = this
    const flow = createFlow(IPPROTO_TCP)
    const wake = new Readiness(host, connection)
    const { receiveLimit, sendLimit, queues } = this
    const options = new IpSocketOptions(host, connection, flow, receiveLimit, sendLimit, wake)
    const congestion = this.registry.defaultControl(settings.congestion)
    return {
      flow,
      wake,
      options,
      sendBuffer: queues.noSendBuffer,
      sendQueue: queues.noSendQueue,
      inOrder: queues.noInOrder,
      outOfOrder: this.nothingOutOfOrder,
      congestion,
      congestionState: NO_STATE,
    }
  }

  /** A socket, CLOSED. */
  createConnection(family: number): Connection {
    const connection = new Connection(this, family)
    initBuffers(connection)
    connection.reordering = this.settings.reordering
    connection.congestionState = connection.congestion.init(connection)
    this.connections.add(connection)
    return connection
  }

  receive(packet: Packet, header: NetworkHeader): Delivery {
    this.refreshTime()
    const { counters, segment } = this
    counters.TcpInSegs++
    // RFC 9293 3.9.2.3: nothing for a group or broadcast is TCP's.
    if (header.cast !== CAST_UNICAST) {
      packet.release()
      return DELIVERED
    }
    if (!checkSegment(packet, header, counters)) {
      packet.release()
      return DELIVERED
    }
    // The header's slots are the network layer's, and what we send meanwhile may overwrite them.
    setSlot(this.source, header.source)
    setSlot(this.destination, header.destination)
    segment.source = this.source
    segment.destination = this.destination
    segment.header = header
    readSegment(packet, header, segment)
    const { destination, source, destinationPort, sourcePort } = segment
    const entry = this.table.lookup(destination, destinationPort, source, sourcePort, header.interfaceIndex)
    const signed = segment.options.md5Offset >= 0 || segment.options.authInvalid
    if ((!signed && !this.usesMd5) || md5Acceptable(this, entry, segment)) this.deliver(entry, segment)
    // Whoever kept the packet has set this to null.
    if (segment.packet !== null) {
      segment.packet.release()
      segment.packet = null
    }
    return DELIVERED
  }

  /** Gives a segment to whoever it is for; one for nobody is answered with a reset (RFC 9293 3.10.7.1). */
  deliver(entry: PortEntry | null, segment: ArrivingSegment): void {
    if (entry instanceof Connection) {
      if (entry.state === LISTEN) listenSegment(entry, segment)
      else segmentArrives(entry, segment)
    } else if (entry instanceof Request) requestSegment(entry, segment)
    else if (entry instanceof TimeWait) timeWaitSegment(entry, segment)
    else if (this.forwarder === null || !this.forwarder.segment(entry, segment)) replyReset(this, segment)
  }

  burstEnd(): void {
    let waiting = this.waiting
    if (waiting === null) return
    this.waiting = null
    this.refreshTime()
    while (waiting !== null) {
      const next: Connection | null = waiting.nextWaiting
      waiting.nextWaiting = null
      waiting.waits = false
      if (!waiting.dead) resume(waiting)
      waiting = next
    }
  }

  /** The device's queue has room again: the connection tries once more at the end of the burst. */
  unblocked(connection: Connection): void {
    this.blocked(connection)
    this.host.needBurstEnd()
  }

  /** The device's queue was full: the connection tries once more at the end of a later burst, which the device ends when it has room. */
  blocked(connection: Connection): void {
    if (connection.waits) return
    connection.waits = true
    connection.nextWaiting = this.waiting
    this.waiting = connection
  }

  error(report: IcmpReport): void {
    this.refreshTime()
    icmpError(this, report)
  }

  /** Hands a segment to the network layer. Takes the packet. 0 or a positive error number. */
  sendPacket(connection: Connection, packet: Packet): number {
    const { network, flow } = connection
    if (network === null) {
      packet.release()
      return ENOBUFS
    }
    const unreachable = routeFlow(network, flow)
    if (unreachable !== 0) {
      packet.release()
      return unreachable
    }
    const error = network.send(packet, flow)
    // A device without room asks for the next try itself: one at once would find it as it is, again and again.
    if (error !== ENOBUFS) this.host.needBurstEnd()
    return error
  }

  /**
   * Sets who is asked about SYNs that no socket is there for; null for nobody. What the one before had deferred is forgotten.
   * @throws RangeError for limits out of range
   */
  setForwarder(forwarder: Forwarder | null): void {
    const next = forwarder === null ? null : new TcpForwarder(this, forwarder, this.forwards)
    this.forwarder?.close()
    this.forwarder = next
  }

  /** The stack closes: every connection ends without a word. */
  close(): void {
    this.setForwarder(null)
    for (const connection of [...this.connections]) {
      connection.close()
      // One that nobody holds and that still waits for its peer, too.
      destroy(connection)
    }
    this.timeWaits.close()
  }
}

const NO_STATE: object = {}
