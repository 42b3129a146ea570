import type { ArrivingSegment } from '../arriving-segment.js'
import { clockSeconds } from '../clock-units.js'
import type { Connection } from '../connection.js'
import type { TcpCounters } from '../counters.js'
import type { TcpProtocol } from '../protocol.js'
import { sendAck } from '../send/transmit.js'
import { FLAG_SYN } from '../wire/segment.js'

/** Where an answer that was not sent is counted. */
export type SkippedCounter =
  | 'TcpExtTCPACKSkippedSynRecv'
  | 'TcpExtTCPACKSkippedPAWS'
  | 'TcpExtTCPACKSkippedSeq'
  | 'TcpExtTCPACKSkippedFinWait2'
  | 'TcpExtTCPACKSkippedTimeWait'
  | 'TcpExtTCPACKSkippedChallenge'

/** What remembers when it last answered a segment that was not acceptable. */
export interface RateLimited {
  /** Int32 microseconds, 0: never. */
  outOfWindowAckTime: number
}

const NO_LIMIT = 0x7fff_ffff

/**
 * How many acknowledgements go out to segments that are not acceptable: without a bound two confused peers, or a third who
 * sends in both names, would have them answer each other for ever (RFC 5961 7 and 10).
 */
export class ChallengeLimit {
  private readonly tcp: TcpProtocol
  private second = -1
  private left = 0

  constructor(tcp: TcpProtocol) {
    this.tcp = tcp
  }

  /** A challenge (RFC 5961 3.2, 4.2, 5.2), unless the connection or the whole stack has sent enough of them. */
  sendChallengeAck(c: Connection): void {
    const { counters, settings } = this.tcp
    if (this.limited(c, 'TcpExtTCPACKSkippedChallenge')) return
    if (settings.challengeAckLimit !== NO_LIMIT && !this.take(settings.challengeAckLimit)) return
    counters.TcpExtTCPChallengeACK++
    sendAck(c)
  }

  /** One of this second's. How many there are is drawn, so that nobody can count the challenges of others. */
  private take(limit: number): boolean {
    const second = clockSeconds(this.tcp)
    if (second !== this.second) {
      const half = (limit + 1) >>> 1
      this.second = second
      this.left = half + this.tcp.host.random.below(Math.max(1, limit))
    }
    if (this.left <= 0) return false
    this.left--
    return true
  }

  /**
   * Whether a segment outside of the window may be answered now: `tcp_invalid_ratelimit` milliseconds lie between two
   * answers. Data always is: it cannot be part of a loop of acknowledgements.
   */
  outOfWindowAllowed(of: RateLimited, s: ArrivingSegment, skipped: SkippedCounter = 'TcpExtTCPACKSkippedSeq'): boolean {
    if (s.seq !== s.endSeq && (s.flags & FLAG_SYN) === 0) return true
    return !this.limited(of, skipped)
  }

  private limited(of: RateLimited, skipped: keyof TcpCounters): boolean {
    const { counters, settings, now } = this.tcp
    if (of.outOfWindowAckTime !== 0) {
      const elapsed = (now - of.outOfWindowAckTime) >>> 0
      if (elapsed < settings.invalidRatelimit * 1000) {
        counters[skipped]++
        return true
      }
    }
    of.outOfWindowAckTime = now === 0 ? 1 : now
    return false
  }
}
