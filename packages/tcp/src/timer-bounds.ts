import type { Connection } from './connection.js'

/** The longest retransmission timeout, in microseconds: `TCP_RTO_MAX_MS`, else `net.ipv4.tcp_rto_max_ms`. */
export function longestRto(c: Connection): number {
  return c.rtoMax > 0 ? c.rtoMax : c.tcp.settings.rtoMax
}

/** The least variance term of a retransmission timeout, in microseconds: `TCP_RTO_MIN_US`, else `net.ipv4.tcp_rto_min_us`. */
export function shortestRto(c: Connection): number {
  return c.rtoMin > 0 ? c.rtoMin : c.tcp.settings.rtoMin
}

/** How long an acknowledgement waits at most, in microseconds: `TCP_DELACK_MAX_US`, and less than the peer's least timeout may be. */
export function longestAckDelay(c: Connection): number {
  const most = c.delackMax > 0 ? c.delackMax : c.tcp.settings.delackMax
  return Math.min(most, Math.max(shortestRto(c), 2000) - 1000)
}
