import type { Connection } from './connection.js'

/** The longest retransmission timeout, in microseconds: `TCP_RTO_MAX_MS`, else `net.ipv4.tcp_rto_max_ms`. */
export function longestRto(c: Connection): number {
  return c.rtoMax > 0 ? c.rtoMax : c.tcp.settings.rtoMax
}

/** The least variance term of a retransmission timeout, in microseconds: `TCP_RTO_MIN_US`, else `net.ipv4.tcp_rto_min_us`. */
export function shortestRto(c: Connection): number {
  return c.rtoMin > 0 ? c.rtoMin : c.tcp.settings.rtoMin
}

/** What bounds the wait of acknowledgements, in microseconds: `TCP_DELACK_MAX_US`, else what the host has. */
export function ackDelayBound(c: Connection): number {
  return c.delackMax > 0 ? c.delackMax : c.tcp.settings.delackMax
}

/** How long an acknowledgement waits at most, in microseconds: its bound, and less than the peer's least timeout may be. */
export function longestAckDelay(c: Connection): number {
  return Math.min(ackDelayBound(c), Math.max(shortestRto(c), 2000) - 1000)
}
