import type { NetworkLayer, Route } from '@jackfield/interfaces'
import type { Connection } from '../connection.js'
import { TCP_HEADER_LENGTH } from '../wire/segment.js'
import { maxSackBlocks } from '../wire/write-options.js'

/** The segment size that every host takes, and that a peer has which names none (RFC 9293 3.7.1), in bytes. */
export const DEFAULT_MSS = 536

/** Largest packet handed down to be cut, in bytes, as far as the network layer allows. */
const LARGEST = 65_535

/** Room that Linux leaves for headers in a large packet. */
const HEADER_ROOM = 320

/** The least segment size that is advertised whatever the path (Linux's `min_adv_mss`), in bytes. */
const LEAST_ADVERTISED = 256

/**
 * The segment size that a SYN tells the peer (RFC 9293 3.7.1): what the route says, else what fits its MTU, as far as that is known
 * to be at present, as Linux's `ipv4_default_advmss`; at most what the user wants.
 * @param userMss `TCP_MAXSEG`, 0: none
 */
export function advertisableMss(network: NetworkLayer | null, route: Route | null, userMss: number): number {
  const fits = Math.max((route?.mtu ?? 1500) - (network?.headerLength ?? 20) - TCP_HEADER_LENGTH, LEAST_ADVERTISED)
  const mss = route?.advertisedMss ?? fits
  return userMss > 0 ? Math.min(mss, userMss) : mss
}

/** The payload of a segment in a packet of `mtu` bytes, options of every segment taken off (RFC 9293 3.7.1). */
export function mtuToMss(c: Connection, mtu: number): number {
  const network = c.network?.headerLength ?? 20
  const { settings } = c.tcp
  const largest = Math.min(mtu - network - TCP_HEADER_LENGTH, c.mssClamp)
  // RFC 6691: options are not part of the MSS option, but of the packet.
  return Math.max(largest, settings.minSndMss) - c.headerOptions
}

/** The opposite of `mtuToMss`. */
export function mssToMtu(c: Connection, mss: number): number {
  return mss + TCP_HEADER_LENGTH + c.headerOptions + (c.network?.headerLength ?? 20)
}

/** Takes a path MTU: sets `mss`, never over half of the largest window the peer ever had (Linux's `tcp_sync_mss`). */
export function syncMss(c: Connection, pathMtu: number): number {
  c.pathMtu = pathMtu
  let mss = boundToHalfWindow(c, mtuToMss(c, pathMtu))
  if (c.mtuProbing) {
    c.probeHigh = Math.min(c.probeHigh, pathMtu)
    // RFC 4821 7.2: no more than a probe has shown to pass.
    mss = Math.min(mss, mtuToMss(c, c.probeLow))
  }
  c.mss = mss
  return mss
}

/** The payload of a full segment sent now: SACK blocks and a changed route are taken in. */
export function currentMss(c: Connection): number {
  const { route } = c.flow
  if (route?.valid && route.mtu !== c.pathMtu) syncMss(c, route.mtu)
  const blocks = c.sackOk ? c.sackCount + (c.dsackWaiting ? 1 : 0) : 0
  if (blocks === 0) return c.mss
  const room = maxSackBlocks(c.timestampsOk, c.md5Key !== null)
  return room <= 0 ? c.mss : c.mss - 4 - 8 * Math.min(blocks, room)
}

/** Bytes gathered in one entry of the queue before another is begun (Linux's `tcp_xmit_size_goal`). */
export function sizeGoal(c: Connection, mss: number): number {
  // What is signed cannot be cut by the device.
  if (c.md5Key !== null) return mss
  const goal = boundToHalfWindow(c, largestSegment(c) - 1 - HEADER_ROOM)
  return Math.max(1, Math.floor(goal / mss)) * mss
}

/** The largest packet that may be handed down to be cut. */
export function largestSegment(c: Connection): number {
  return Math.min(c.flow.route?.maxSegment ?? LARGEST, LARGEST)
}

/** A sender must not fill more than half of a small window with one segment (RFC 9293 3.8.6.2.1, as Linux does). */
function boundToHalfWindow(c: Connection, length: number): number {
  const half = c.maxWindow > 536 ? c.maxWindow >>> 1 : c.maxWindow
  return half > 0 && length > half ? Math.max(half, 68 - TCP_HEADER_LENGTH - c.headerOptions) : length
}
