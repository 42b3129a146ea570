import type { Connection } from '../connection.js'
import { LIMIT_BUFFER, LIMIT_BUSY, LIMIT_WINDOW, timeUnder } from '../limit-times.js'
import { deliveryRate } from '../tcp-info.js'

/** The netlink attributes of `SOF_TIMESTAMPING_OPT_STATS`, with their bytes, in Linux's order. */
const ATTRIBUTES = {
  busy: [1, 8],
  windowLimited: [2, 8],
  bufferLimited: [3, 8],
  dataSegsOut: [4, 8],
  totalRetrans: [5, 8],
  pacingRate: [6, 8],
  deliveryRate: [7, 8],
  cwnd: [8, 4],
  reordering: [9, 4],
  minRtt: [10, 4],
  retransmits: [11, 1],
  appLimited: [12, 1],
  ssthresh: [15, 4],
  delivered: [16, 4],
  deliveredCe: [17, 4],
  unacked: [13, 4],
  caState: [14, 1],
  bytesSent: [18, 8],
  bytesRetrans: [19, 8],
  dsackDups: [20, 4],
  reorderSeen: [21, 4],
  srtt: [22, 4],
  rehash: [23, 2],
  notSent: [24, 4],
  departure: [25, 8],
} as const satisfies Readonly<Record<string, readonly [number, 1 | 2 | 4 | 8]>>

/** What `SOF_TIMESTAMPING_OPT_STATS` tells with a time stamp: netlink attributes as Linux lays them out on a little-endian machine. */
export function timestampStatistics(c: Connection): Uint8Array {
  const windowLimited = timeUnder(c, LIMIT_WINDOW)
  const bufferLimited = timeUnder(c, LIMIT_BUFFER)
  const values: Record<keyof typeof ATTRIBUTES, number> = {
    busy: timeUnder(c, LIMIT_BUSY) + windowLimited + bufferLimited,
    windowLimited,
    bufferLimited,
    dataSegsOut: c.dataSegsOut >>> 0,
    totalRetrans: c.totalRetrans,
    pacingRate: c.pacingRate,
    deliveryRate: deliveryRate(c),
    cwnd: c.cwnd,
    reordering: c.reordering,
    minRtt: c.minRtt0 < 0 ? 0xffff_ffff : c.minRtt0,
    retransmits: c.retransmits,
    appLimited: Number(c.rateAppLimited),
    ssthresh: c.ssthresh,
    delivered: c.delivered >>> 0,
    deliveredCe: c.deliveredCe >>> 0,
    unacked: (c.writeSeq - c.sndUna) >>> 0,
    caState: c.caState,
    bytesSent: c.bytesSent,
    bytesRetrans: c.bytesRetrans,
    dsackDups: c.dsackDups,
    reorderSeen: c.reorderSeen,
    srtt: c.srtt8 >>> 3,
    rehash: 0,
    notSent: Math.max(0, (c.writeSeq - c.sndNxt) | 0),
    departure: Math.floor(c.tcp.clockNow * 1000),
  }
  return encode(values)
}

function encode(values: Readonly<Record<keyof typeof ATTRIBUTES, number>>): Uint8Array {
  const bytes = new Uint8Array(4 * 64)
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const [name, [type, size]] of Object.entries(ATTRIBUTES)) {
    const value = values[name as keyof typeof ATTRIBUTES]
    view.setUint16(at, 4 + size, true)
    view.setUint16(at + 2, type, true)
    if (size === 1) view.setUint8(at + 4, Math.min(value, 0xff))
    else if (size === 2) view.setUint16(at + 4, value, true)
    else if (size === 4) view.setUint32(at + 4, value, true)
    else view.setBigUint64(at + 4, Number.isFinite(value) ? BigInt(Math.floor(value)) : 2n ** 64n - 1n, true)
    at += (4 + size + 3) & ~3
  }
  return bytes.slice(0, at)
}
