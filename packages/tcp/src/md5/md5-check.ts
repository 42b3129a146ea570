import type { PortEntry } from '@jackfield/transport'
import type { ArrivingSegment } from '../arriving-segment.js'
import { Connection } from '../connection.js'
import { Request } from '../listener/request.js'
import { TimeWait } from '../listener/time-wait.js'
import type { TcpProtocol } from '../protocol.js'
import { md5Matches } from './md5-digest.js'

/** The key with which a peer and whoever has an entry sign their segments; null where they do not. */
export function md5KeyOf(entry: PortEntry | null, s: ArrivingSegment): Uint8Array | null {
  if (s.source === null) return null
  if (entry instanceof Connection) return entry.md5Keys?.find(s.source) ?? null
  if (entry instanceof Request) return entry.listener.connection.md5Keys?.find(s.source) ?? null
  return entry instanceof TimeWait ? entry.md5Key : null
}

/**
 * Whether a segment is signed as RFC 2385 and whoever it is for want it (Linux's `tcp_inbound_hash`). One that is not is dropped without
 * a word, and counted.
 */
export function md5Acceptable(tcp: TcpProtocol, entry: PortEntry | null, s: ArrivingSegment): boolean {
  const { counters } = tcp
  const { md5Offset, authInvalid } = s.options
  if (authInvalid) {
    counters.TcpInErrs++
    return false
  }
  // Who has no entry is answered by what `reset` finds; TIME-WAIT is over but for its answers.
  if (entry === null || entry instanceof TimeWait) return true
  const key = md5KeyOf(entry, s)
  if (md5Offset < 0) {
    if (key === null) return true
    counters.TcpExtTCPMD5NotFound++
    return false
  }
  if (key === null) {
    counters.TcpExtTCPMD5Unexpected++
    return false
  }
  if (isSigned(key, s)) return true
  counters.TcpExtTCPMD5Failure++
  return false
}

/** Whether a segment's digest is good. */
export function isSigned(key: Uint8Array, s: ArrivingSegment): boolean {
  const { packet, source, destination } = s
  if (packet === null || source === null || destination === null) return false
  return md5Matches(key, source, destination, packet, s.options.md5Offset)
}
