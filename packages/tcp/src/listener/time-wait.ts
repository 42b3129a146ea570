import { createAddressSlot, isLoopback } from '@jackfield/addr'
import type { Timer } from '@jackfield/clock'
import { PortEntry } from '@jackfield/transport'
import type { ArrivingSegment } from '../arriving-segment.js'
import { clockMilliseconds, clockSeconds } from '../clock-units.js'
import { destroy, TIME_WAIT_LENGTH } from '../close.js'
import { Connection } from '../connection.js'
import { saveMetrics } from '../metrics.js'
import type { TcpProtocol } from '../protocol.js'
import { receiveWindow } from '../receive/window.js'
import { seqGt, seqLt } from '../sequence.js'
import { FIN_WAIT_2, LISTEN, TIME_WAIT } from '../state.js'
import { FLAG_ACK, FLAG_FIN, FLAG_RST, FLAG_SYN } from '../wire/segment.js'
import type { RateLimited, SkippedCounter } from './challenge.js'
import { listenSegment } from './listen.js'
import { pawsRejects } from './paws.js'
import { inSequenceWindow } from './sequence-window.js'

const local = createAddressSlot()
const remote = createAddressSlot()

/** What is left of a connection in TIME-WAIT, or in FIN-WAIT-2 when nobody holds the socket. */
export class TimeWait extends PortEntry implements RateLimited {
  readonly tcp: TcpProtocol
  /** `TIME_WAIT` or `FIN_WAIT_2`. */
  state: number = TIME_WAIT
  sndNxt = 0
  rcvNxt = 0
  /** Bytes, and its shift. */
  rcvWnd = 0
  rcvScale = 0
  timestampsOk = false
  tsRecent = 0
  /** Seconds of the clock. */
  tsRecentStamp = 0
  tsOffset = 0
  outOfWindowAckTime = 0
  /** With which the connection signed. */
  readonly md5Key: Uint8Array | null
  /** When it came to be, milliseconds of the clock. */
  since = 0
  /** When it ends, microseconds of the clock. */
  deadline = 0
  /** Neighbours in the order of their ends, for those that last as long as TIME-WAIT does. */
  previous: TimeWait | null = null
  next: TimeWait | null = null
  /** Where another length was asked for. */
  timer: Timer | null = null

  constructor(c: Connection, state: number) {
    super(c.family)
    this.tcp = c.tcp
    this.state = state
    this.sndNxt = c.sndNxt
    this.rcvNxt = c.rcvNxt
    this.rcvWnd = receiveWindow(c)
    this.rcvScale = c.rcvScale
    this.timestampsOk = c.timestampsOk
    this.tsRecent = c.tsRecent
    this.tsRecentStamp = c.tsRecentStamp
    this.tsOffset = c.tsOffset
    this.md5Key = c.md5Key
    this.since = c.tcp.clockNow / 1000
    this.boundInterface = c.boundInterface
    this.v6only = c.v6only
    this.reuseAddress = c.reuseAddress
    this.reusePort = c.reusePort
    this.byConnection = c.byConnection
  }

  /** The sequence number that a new connection with the same addresses begins with: past all that was sent (RFC 6191 2). */
  get nextIss(): number {
    return (this.sndNxt + 65_535 + 2) | 0 || 1
  }
}

/** All of them: at most `tcp_max_tw_buckets`. */
export class TimeWaitTable {
  private readonly tcp: TcpProtocol
  private readonly timer: Timer
  private count = 0
  private first: TimeWait | null = null
  private last: TimeWait | null = null
  private readonly others: Set<TimeWait> = new Set()

  constructor(tcp: TcpProtocol) {
    this.tcp = tcp
    this.timer = tcp.host.clock.createTimer(() => this.expire(), { background: true })
    tcp.table.yields = (entry, wanted, chosen) => this.yieldTo(entry, wanted, chosen)
  }

  /** How many there are. */
  get size(): number {
    return this.count
  }

  /**
   * A connection ends, and lives on here. Where there is no room it is closed at once.
   * @param state `TIME_WAIT` or `FIN_WAIT_2`
   * @param length microseconds; TIME-WAIT always lasts 60 s
   */
  enter(c: Connection, state: number, length: number): void {
    const { counters, settings, table, clockNow } = this.tcp
    if (this.count >= settings.maxTwBuckets || c.localPort === 0) {
      counters.TcpExtTCPTimeWaitOverflow++
      destroy(c)
      return
    }
    saveMetrics(c)
    const entry = new TimeWait(c, state)
    const { localPort, remotePort } = c
    c.readLocal(local)
    c.readRemote(remote)
    // No less than the peer takes to send its FIN again a few times.
    const least = c.rto * 4 - c.rto / 2
    destroy(c)
    if (table.adopt(entry, local, localPort, remote, remotePort) !== 0) return
    this.count++
    const wait = state === TIME_WAIT ? TIME_WAIT_LENGTH : Math.max(length, least)
    if (wait <= 4_000_000) counters.TcpExtTWKilled++
    else counters.TcpExtTW++
    this.schedule(entry, clockNow, wait)
  }

  /** Begins the full time anew (RFC 9293 3.10.7.4: "restart the 2 MSL timeout"). */
  restart(entry: TimeWait): void {
    this.unschedule(entry)
    this.schedule(entry, this.tcp.clockNow, TIME_WAIT_LENGTH)
  }

  /** Ends one: its addresses are free. */
  remove(entry: TimeWait): void {
    this.unschedule(entry)
    this.tcp.table.remove(entry)
    this.count--
  }

  /** The stack closes. */
  close(): void {
    this.timer.cancel()
    while (this.first !== null) this.remove(this.first)
    for (const entry of [...this.others]) this.remove(entry)
  }

  /**
   * Whether an entry makes room for a connection that is opened here to the same peer from the same port: with timestamps old
   * segments are told from new ones (RFC 6191), so after `tcp_tw_reuse_delay` it may.
   * @param chosen whether the port is one of many that would do; one that was asked for is not waited for
   */
  private yieldTo(entry: PortEntry, wanted: PortEntry, chosen: boolean): boolean {
    if (!(entry instanceof TimeWait) || !(wanted instanceof Connection)) return false
    if (!entry.timestampsOk) return false
    if (chosen) {
      const { settings, clockNow } = this.tcp
      if (settings.twReuse === 0 || (settings.twReuse === 2 && !isLocal(entry))) return false
      if (clockNow / 1000 <= entry.since + settings.twReuseDelay) return false
    }
    wanted.reusedIss = entry.nextIss
    wanted.tsRecent = entry.tsRecent
    wanted.tsRecentStamp = entry.tsRecentStamp
    this.tcp.counters.TcpExtTWRecycled++
    this.remove(entry)
    return true
  }

  private schedule(entry: TimeWait, now: number, length: number): void {
    entry.deadline = now + length
    if (length !== TIME_WAIT_LENGTH) {
      entry.timer ??= this.tcp.host.clock.createTimer(() => this.remove(entry), { background: true })
      entry.timer.set(entry.deadline)
      this.others.add(entry)
      return
    }
    entry.previous = this.last
    entry.next = null
    if (this.last === null) this.first = entry
    else this.last.next = entry
    this.last = entry
    if (this.first === entry) this.timer.set(entry.deadline)
  }

  private unschedule(entry: TimeWait): void {
    if (this.others.delete(entry)) {
      entry.timer?.cancel()
      return
    }
    const { previous, next } = entry
    if (previous === null) this.first = next
    else previous.next = next
    if (next === null) this.last = previous
    else next.previous = previous
    entry.previous = null
    entry.next = null
  }

  private expire(): void {
    this.tcp.refreshTime()
    for (let entry = this.first; entry !== null && entry.deadline <= this.tcp.clockNow; entry = this.first) {
      this.remove(entry)
    }
    if (this.first !== null) this.timer.set(this.first.deadline)
  }
}

/** Whether the peer is this host. */
function isLocal(entry: PortEntry): boolean {
  entry.readLocal(local)
  entry.readRemote(remote)
  return isLoopback(local) || isLoopback(remote)
}

const TO_ACK = 0
const TO_RESET = 1
const TO_OPEN = 2
const DONE = 3

/** A segment for an entry (RFC 9293 3.10.7.4, TIME-WAIT; RFC 6191; RFC 1337). */
export function timeWaitSegment(entry: TimeWait, s: ArrivingSegment): void {
  const { tcp } = entry
  const seconds = clockSeconds(tcp)
  const stamped = s.options.timestamp && entry.timestampsOk
  const old = stamped && pawsRejects(s, entry.tsRecent, entry.tsRecentStamp, seconds)
  if (old) tcp.counters.TcpExtPAWSTimewait++
  const what = entry.state === FIN_WAIT_2 ? inFinWait2(entry, s, stamped, old) : inTimeWait(entry, s, stamped, old)
  if (what === TO_OPEN && reopen(entry, s)) return
  if (what === TO_RESET) {
    tcp.replies.reset(s)
    tcp.timeWaits.remove(entry)
  } else if (what !== DONE) acknowledge(entry, s)
}

/** Nobody reads any more: the peer's FIN is waited for, data is refused. */
function inFinWait2(entry: TimeWait, s: ArrivingSegment, stamped: boolean, old: boolean): number {
  const { rcvNxt } = entry
  if (old || !inSequenceWindow(s.seq, s.endSeq, rcvNxt, (rcvNxt + entry.rcvWnd) | 0)) {
    return answerTo(entry, s, 'TcpExtTCPACKSkippedFinWait2')
  }
  const { timeWaits } = entry.tcp
  if ((s.flags & FLAG_RST) !== 0) {
    timeWaits.remove(entry)
    return DONE
  }
  if ((s.flags & FLAG_SYN) !== 0 && !seqLt(s.seq, rcvNxt)) return TO_RESET
  if ((s.flags & FLAG_ACK) === 0 || !seqGt(s.endSeq, rcvNxt) || s.seq === s.endSeq) return DONE
  if ((s.flags & FLAG_FIN) === 0 || s.endSeq !== ((rcvNxt + 1) | 0)) return TO_RESET
  entry.state = TIME_WAIT
  entry.since = entry.tcp.clockNow / 1000
  entry.rcvNxt = s.endSeq
  if (stamped) takeTimestamp(entry, s)
  timeWaits.restart(entry)
  return TO_ACK
}

function inTimeWait(entry: TimeWait, s: ArrivingSegment, stamped: boolean, old: boolean): number {
  const { tcp, rcvNxt } = entry
  const isReset = (s.flags & FLAG_RST) !== 0
  if (!old && s.seq === rcvNxt && (s.seq === s.endSeq || isReset)) {
    if (isReset) {
      // RFC 1337: an old reset could end it early.
      if (tcp.settings.rfc1337 === 0) {
        tcp.timeWaits.remove(entry)
        return DONE
      }
    } else tcp.timeWaits.restart(entry)
    if (stamped) takeTimestamp(entry, s)
    return DONE
  }
  // RFC 6191 2: a SYN that is newer than all there was opens the connection anew.
  const isOpening = (s.flags & (FLAG_SYN | FLAG_RST | FLAG_ACK)) === FLAG_SYN
  if (isOpening && !old) {
    if (seqGt(s.seq, rcvNxt) || (stamped && ((entry.tsRecent - s.options.tsval) | 0) < 0)) return TO_OPEN
  }
  if (isReset) return DONE
  // A SYN without ACK may be of a new connection: it does not keep this one here.
  if (old || (s.flags & FLAG_ACK) !== 0) tcp.timeWaits.restart(entry)
  return answerTo(entry, s, 'TcpExtTCPACKSkippedTimeWait')
}

function answerTo(entry: TimeWait, s: ArrivingSegment, skipped: SkippedCounter): number {
  return entry.tcp.challenges.outOfWindowAllowed(entry, s, skipped) ? TO_ACK : DONE
}

function takeTimestamp(entry: TimeWait, s: ArrivingSegment): void {
  entry.tsRecent = s.options.tsval
  entry.tsRecentStamp = clockSeconds(entry.tcp)
}

function acknowledge(entry: TimeWait, s: ArrivingSegment): void {
  const { tcp, tsRecent } = entry
  const tsval = (clockMilliseconds(tcp) + entry.tsOffset) | 0
  const window = Math.min(entry.rcvWnd >>> entry.rcvScale, 65_535)
  tcp.replies.acknowledge(s, entry.sndNxt, entry.rcvNxt, window, tsRecent !== 0, tsval, tsRecent)
}

/** Gives a SYN to who listens on the port, or to the forwarder. False where there is neither: then it is like any other segment. */
function reopen(entry: TimeWait, s: ArrivingSegment): boolean {
  const { tcp } = entry
  const { source, destination, header } = s
  if (source === null || destination === null || header === null) return false
  const found = tcp.table.lookupBound(destination, s.destinationPort, source, s.sourcePort, header.interfaceIndex)
  const listening = found instanceof Connection && found.state === LISTEN
  if (!listening && tcp.forwarder === null) return false
  const iss = entry.nextIss
  tcp.timeWaits.remove(entry)
  if (listening) listenSegment(found, s, iss)
  else if (tcp.forwarder?.segment(null, s, iss) !== true) tcp.replies.reset(s)
  return true
}
