import type { IpAddress } from '@jackfield/addr'
import type { PortEntry } from './port-entry.js'

/** What `SO_REUSEADDR` allows: any sharing (UDP), or sharing with sockets that do not listen (TCP). */
export type ReuseRule = 'datagram' | 'stream'

/**
 * Whether two local addresses meet (`inet_rcv_saddr_equal` with wildcards): equal, or one of them takes the other in.
 * `::` takes in IPv4 unless it is of a socket with `IPV6_V6ONLY`.
 */
function addressesMeet(a: PortEntry, b: PortEntry): boolean {
  const aIs4 = a.local0 === 0 && a.local1 === 0 && a.local2 === 0xffff
  const bIs4 = b.local0 === 0 && b.local1 === 0 && b.local2 === 0xffff
  const aAny = a.localAny
  const bAny = b.localAny
  if (aIs4 === bIs4) {
    if (aAny || bAny) return true
    return a.local3 === b.local3 && a.local2 === b.local2 && a.local1 === b.local1 && a.local0 === b.local0
  }
  return aIs4 ? bAny && !b.v6only : aAny && !a.v6only
}

/** Whether both could get a packet of the same interface and address. */
export function entriesMeet(a: PortEntry, b: PortEntry): boolean {
  if (a.boundInterface !== 0 && b.boundInterface !== 0 && a.boundInterface !== b.boundInterface) return false
  return addressesMeet(a, b)
}

/** Whether `entry` may not have the local port that `other` has (`udp_lib_lport_inuse`, `inet_csk_bind_conflict`). */
export function conflicts(entry: PortEntry, other: PortEntry, rule: ReuseRule): boolean {
  if (entry === other || !entriesMeet(entry, other)) return false
  if (entry.reuseAddress && other.reuseAddress && (rule === 'datagram' || !other.listening)) return false
  return !(entry.reusePort && other.reusePort)
}

/**
 * How well a socket fits a packet (`compute_score`): -1 not at all; a peer counts more than a local address, that more
 * than an interface, that more than the family.
 */
export function scoreOf(
  entry: PortEntry,
  local: IpAddress,
  remote: IpAddress,
  remotePort: number,
  interfaceIndex: number,
): number {
  let score = entry.family === 2 ? 1 : 0
  if (
    entry.local3 === local.w3 &&
    entry.local2 === local.w2 &&
    entry.local1 === local.w1 &&
    entry.local0 === local.w0
  ) {
    score += 8
  } else {
    if (entry.local3 !== 0 || entry.local0 !== 0 || entry.local1 !== 0) return -1
    const packetIs4 = local.w0 === 0 && local.w1 === 0 && local.w2 === 0xffff
    if (entry.local2 === 0xffff) {
      if (!packetIs4) return -1
    } else if (entry.local2 !== 0 || (packetIs4 && entry.v6only)) return -1
  }
  if (entry.connected) {
    if (!isPeer(entry, remote)) return -1
    score += 16
    if (entry.remotePort !== 0) {
      if (entry.remotePort !== remotePort) return -1
      score += 16
    }
  }
  if (entry.boundInterface !== 0) {
    if (entry.boundInterface !== interfaceIndex) return -1
    score += 4
  }
  return score
}

function isPeer(entry: PortEntry, remote: IpAddress): boolean {
  return (
    entry.remote3 === remote.w3 &&
    entry.remote2 === remote.w2 &&
    entry.remote1 === remote.w1 &&
    entry.remote0 === remote.w0
  )
}
