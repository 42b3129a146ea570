import { type IpAddress, type IpAddressSlot, setSlot } from '@jackfield/addr'
import type { Timer } from '@jackfield/clock'
import {
  ERROR_HOST_UNREACHABLE,
  ERROR_NET_UNREACHABLE,
  ERROR_PARAMETER_PROBLEM,
  ERROR_TTL_EXCEEDED,
  type NetworkFlow,
} from '@jackfield/interfaces'
import { createFlow, PortEntry } from '@jackfield/transport'
import type { Connection } from '../connection.js'
import { longestRto } from '../timer-bounds.js'
import type { RateLimited } from './challenge.js'
import type { Listener } from './listener.js'

/** The first wait for the acknowledgement of a SYN-ACK, in microseconds (RFC 6298 2.1). */
const REQUEST_TIMEOUT = 1_000_000

/**
 * A connection in SYN-RECEIVED that has no control block yet: what its SYN said, and what the SYN-ACK promised (Linux's
 * `request_sock`). Listeners pool them. With Fast Open the connection exists (`child`), and this is what sends the SYN-ACK again.
 */
export class Request extends PortEntry implements RateLimited {
  readonly listener: Listener
  /** To the peer; its route goes over to the connection. */
  readonly flow: NetworkFlow = createFlow(6)
  /** Ports, ours and the peer's. */
  port = 0
  peerPort = 0
  /** Our initial sequence number and the peer's, and what the SYN-ACK acknowledges. */
  iss = 0
  irs = 0
  rcvNxt = 0
  /** What we advertise, and what the peer did, in bytes. */
  advertisedMss = 0
  mss = 536
  timestampsOk = false
  tsRecent = 0
  tsOffset = 0
  /** Timestamp that a SYN cookie is hidden in; used where `isCookie`. */
  cookieTimestamp = 0
  isCookie = false
  /** Timestamps of the first SYN-ACK and of the last. */
  firstStamp = 0
  lastStamp = 0
  sackOk = false
  windowScaleOk = false
  sndScale = 0
  rcvScale = 0
  ecnOk = false
  /** Window of the SYN-ACK in bytes, not scaled, and its bound. */
  window = 0
  windowClamp = 0
  /** `tos` of the SYN. */
  tos = 0
  /** When the SYN-ACK first left, microseconds of the clock; 0: not yet. */
  sentAt = 0
  /** Times that the timer expired, and that the SYN-ACK was sent again. */
  timeouts = 0
  retransmissions = 0
  /** A bare acknowledgement came, but the connection waits for data (`TCP_DEFER_ACCEPT`) or for room. */
  acknowledged = false
  outOfWindowAckTime = 0
  /** The Fast Open option of the SYN-ACK: bytes of cookie, -1 none. */
  cookieLength = -1
  cookieExperimental = false
  readonly cookie: Uint8Array = new Uint8Array(16)
  savedSyn: Uint8Array | null = null
  /** The connection, with Fast Open or where a forwarder accepted it. */
  child: Connection | null = null
  /** Fast Open: the child may send before the SYN-ACK is acknowledged. A forwarder's may not: the peer could be anybody. */
  early = true
  /** Neighbours among the listener's requests. */
  previous: Request | null = null
  next: Request | null = null
  private readonly timer: Timer

  constructor(listener: Listener) {
    super(listener.connection.family)
    this.listener = listener
    this.timer = listener.connection.tcp.host.clock.createTimer(() => this.expired())
  }

  /** The addresses of the SYN. */
  setAddresses(local: IpAddress, remote: IpAddress): void {
    setSlot(this.flow.source as IpAddressSlot, local)
    setSlot(this.flow.destination as IpAddressSlot, remote)
    this.flow.route = null
  }

  /** Arms the timer. */
  armTimer(): void {
    const { tcp } = this.listener.connection
    this.timer.set(tcp.clockNow + this.wait)
  }

  /** How long the present wait for the acknowledgement is, in microseconds: a second, doubled at each expiry, at most `tcp_rto_max`. */
  get wait(): number {
    const longest = longestRto(this.listener.connection)
    return Math.min(this.timeouts === 0 ? REQUEST_TIMEOUT : REQUEST_TIMEOUT * 2 ** this.timeouts, longest)
  }

  cancelTimer(): void {
    this.timer.cancel()
  }

  /** Forgets it without a word. */
  drop(): void {
    this.listener.release(this)
  }

  /** An ICMP error about its SYN-ACK, if `seq` is that of the SYN-ACK (RFC 9293 3.9.2.2, RFC 5927 4.1). */
  error(kind: number, seq: number): void {
    const { counters } = this.listener.connection.tcp
    if (seq !== this.iss) {
      counters.TcpExtOutOfWindowIcmps++
      return
    }
    if (!ENDING.includes(kind)) return
    counters.TcpExtListenDrops++
    this.drop()
  }

  private expired(): void {
    const { tcp } = this.listener.connection
    tcp.refreshTime()
    tcp.actions.requestTimer(this)
  }
}

/** Errors that say that the SYN came from nowhere. */
const ENDING = [ERROR_NET_UNREACHABLE, ERROR_HOST_UNREACHABLE, ERROR_PARAMETER_PROBLEM, ERROR_TTL_EXCEEDED]
