import { createAddressSlot } from '@jackfield/addr'
import type { Connection } from './connection.js'
import type { FastOpenPeer } from './listener/fast-open-cache.js'
import { fallbackRto } from './recovery/rtt.js'
import { shortestRto } from './timer-bounds.js'

const local = createAddressSlot()
const remote = createAddressSlot()

/** What is known of the connection's destination, or null. The table is that of Fast Open, which bounds it. */
function known(c: Connection): FastOpenPeer | null {
  if (c.tcp.fastOpenCache.size === 0) return null
  c.readLocal(local)
  c.readRemote(remote)
  return c.tcp.fastOpenCache.find(local, remote)
}

/**
 * A connection ends in order: its round trip and reordering are remembered for the next one to the same destination, unless
 * `tcp_no_metrics_save` says not to (Linux's `tcp_update_metrics`). A connection without a round trip says that the old one is wrong.
 */
export function saveMetrics(c: Connection): void {
  if (c.tcp.settings.noMetricsSave !== 0 || c.remotePort === 0) return
  if (c.backoff > 0 || c.srtt8 === 0) {
    const peer = known(c)
    if (peer !== null) peer.rtt8 = 0
    return
  }
  c.readLocal(local)
  c.readRemote(remote)
  const peer = c.tcp.fastOpenCache.obtain(local, remote)
  const longer = peer.rtt8 - c.srtt8
  peer.rtt8 = longer <= 0 ? c.srtt8 : peer.rtt8 - (longer >> 3)
  if (peer.reordering < c.reordering && c.reordering !== c.tcp.settings.reordering) peer.reordering = c.reordering
}

/** What was remembered of the destination, for a connection on which data may flow now (Linux's `tcp_init_metrics`). */
export function takeMetrics(c: Connection): void {
  const peer = known(c)
  if (peer !== null && peer.reordering > 0) c.reordering = peer.reordering
  if (peer === null || peer.rtt8 <= c.srtt8) {
    fallbackRto(c)
    return
  }
  // A handshake's round trip may be short for data's: the longer one counts for the first timeout.
  const rtt = peer.rtt8 >> 3
  c.rto = rtt + Math.max(2 * rtt, shortestRto(c))
}
