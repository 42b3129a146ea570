import type { Connection } from '../connection.js'
import { countDelivered } from './congestion-state.js'

/*
 * Without SACK (RFC 6582) a duplicate acknowledgement says that one more packet has arrived, not which: `sackedOut` counts them.
 */

/** Duplicate acknowledgements came. */
export function addReno(c: Connection, duplicates: number, ece: boolean): void {
  if (duplicates === 0) return
  const before = c.sackedOut
  c.sackedOut += duplicates
  checkRenoReordering(c, 0)
  const delivered = c.sackedOut - before
  if (delivered > 0) countDelivered(c, delivered, ece)
}

/** `acked` packets were acknowledged: one filled the hole, the others are those that the duplicates told of. */
export function removeReno(c: Connection, acked: number, ece: boolean): void {
  if (acked > 0) {
    countDelivered(c, Math.max(acked - c.sackedOut, 1), ece)
    c.sackedOut = acked - 1 >= c.sackedOut ? 0 : c.sackedOut - (acked - 1)
  }
  checkRenoReordering(c, acked)
}

/** Forgets them. */
export function resetReno(c: Connection): void {
  c.sackedOut = 0
}

/**
 * More cannot have arrived than are out, less the hole that causes the duplicates.
 * @returns whether there were more
 */
export function limitReno(c: Connection): boolean {
  const holes = Math.min(Math.max(c.lostOut, 1), c.packetsOut)
  if (c.sackedOut + holes <= c.packetsOut) return false
  c.sackedOut = c.packetsOut - holes
  return true
}

/** As many duplicates as packets: nothing was lost, packets overtook each other. */
function checkRenoReordering(c: Connection, added: number): void {
  if (!limitReno(c)) return
  const { counters, settings } = c.tcp
  c.reordering = Math.min(c.packetsOut + added, settings.maxReordering)
  c.reorderSeen++
  counters.TcpExtTCPRenoReorder++
}
