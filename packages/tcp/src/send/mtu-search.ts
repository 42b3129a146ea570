import { clockSeconds } from '../clock-units.js'
import type { Connection } from '../connection.js'
import { TCP_HEADER_LENGTH } from '../wire/segment.js'
import { currentMss, mssToMtu, mtuToMss, syncMss } from './mss.js'

/** The largest packet worth a try: what the peer takes, as far as the path is known to let it. */
function largest(c: Connection): number {
  const whole = c.mssClamp + TCP_HEADER_LENGTH + (c.network?.headerLength ?? 20)
  return c.pathMtu > 0 ? Math.min(whole, c.pathMtu) : whole
}

/**
 * The bounds between which the path MTU is looked for by probes (RFC 4821 7.2): begun with the connection, or after the first
 * signs of a black hole (`net.ipv4.tcp_mtu_probing` 2 or 1). Linux's `tcp_mtup_init`.
 */
export function beginMtuSearch(c: Connection): void {
  c.mtuProbeSize = 0
  c.mtuProbing = c.tcp.settings.mtuProbing > 1
  if (c.mtuProbing) setBounds(c, c.tcp.settings.baseMss)
}

/** Between the segment size that is taken to pass and the largest that may. */
function setBounds(c: Connection, mss: number): void {
  c.probeHigh = largest(c)
  c.probeLow = mssToMtu(c, mss)
  c.mtuSearchTime = clockSeconds(c.tcp)
}

/** Between known bounds nothing is left to find: after `tcp_probe_interval` it is looked again, for paths change (RFC 4821 7.3). */
export function searchMtuAgain(c: Connection): void {
  const { probeInterval } = c.tcp.settings
  if ((clockSeconds(c.tcp) - c.mtuSearchTime) >>> 0 < probeInterval) return
  const mss = currentMss(c)
  c.mtuProbeSize = 0
  setBounds(c, mss)
}

/**
 * Several retransmissions went without an answer: the path may swallow large packets and tell nobody (RFC 4821 7.7, RFC 2923
 * 2.1). Segments become small at once, smaller each time. Linux's `tcp_mtu_probing`.
 */
export function suspectMtuBlackHole(c: Connection): void {
  const { settings } = c.tcp
  if (settings.mtuProbing === 0) return
  if (!c.mtuProbing) {
    c.mtuProbing = true
    setBounds(c, settings.baseMss)
  } else {
    const half = mtuToMss(c, c.probeLow) >> 1
    const mss = Math.max(Math.min(settings.baseMss, half), settings.mtuProbeFloor, settings.minSndMss)
    c.probeLow = mssToMtu(c, mss)
  }
  syncMss(c, c.pathMtu)
}
