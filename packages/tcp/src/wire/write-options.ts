import * as kind from './option-kinds.js'
import { TCP_MAX_OPTIONS_LENGTH } from './segment.js'

const NOP_NOP = (kind.TCPOPT_NOP << 24) | (kind.TCPOPT_NOP << 16)
const TIMESTAMP_HEAD = (kind.TCPOPT_TIMESTAMP << 8) | kind.TCPOLEN_TIMESTAMP
/** Bytes of the MD5 option with the two fillers before it. */
export const MD5_ALIGNED = 20
/** Bytes of the timestamps option with its fillers. */
export const TIMESTAMP_ALIGNED = 12
const SACK_BASE_ALIGNED = 4

/** What a SYN or SYN-ACK offers. Reuse one. */
export class SynOptions {
  /** Maximum segment size in bytes; 0: left out. */
  mss = 0
  timestamps = false
  tsval = 0
  tsecr = 0
  sackPermitted = false
  /** Shift of the window, 0 to 14; -1: left out. */
  windowScale = -1
  /** Room for an MD5 digest. Linux sends no timestamps beside one. */
  md5 = false
  /** Bytes of the Fast Open cookie, an even number from 4 to 16; 0: asks for one; -1: left out. */
  cookieLength = -1
  /** Holds the cookie at its start. */
  cookie: Uint8Array = new Uint8Array(kind.TCP_FASTOPEN_COOKIE_MAX)
  /** Whether to send it in the experimental form, kind 254. */
  cookieExperimental = false
}

/** Whether there is room for the Fast Open option; where there is none it is left out, as in Linux. */
export function synCookieFits(set: SynOptions): boolean {
  return set.cookieLength >= 0 && synBaseLength(set) + cookieAligned(set) <= TCP_MAX_OPTIONS_LENGTH
}

/** Bytes that `writeSynOptions` will write: a multiple of 4, at most 40. */
export function synOptionsLength(set: SynOptions): number {
  return synBaseLength(set) + (synCookieFits(set) ? cookieAligned(set) : 0)
}

/**
 * Writes the options of a SYN in Linux's order with its fillers: `mss, sackOK, TS, nop, wscale`; without timestamps
 * `mss, nop, nop, sackOK, nop, wscale`; without SACK `mss, nop, nop, TS, nop, wscale`; MD5 before and Fast Open behind
 * all. The digest is left zero; it begins at `at + 4`.
 * @returns where the options end
 */
export function writeSynOptions(view: DataView, at: number, set: SynOptions): number {
  let to = at
  if (set.md5) to = writeMd5(view, to)
  if (set.mss !== 0) {
    view.setUint32(to, (kind.TCPOPT_MSS << 24) | (kind.TCPOLEN_MSS << 16) | set.mss)
    to += kind.TCPOLEN_MSS
  }
  if (set.timestamps) {
    const before = set.sackPermitted ? (kind.TCPOPT_SACK_PERM << 24) | (kind.TCPOLEN_SACK_PERM << 16) : NOP_NOP
    view.setUint32(to, before | TIMESTAMP_HEAD)
    view.setInt32(to + 4, set.tsval)
    view.setInt32(to + 8, set.tsecr)
    to += TIMESTAMP_ALIGNED
  } else if (set.sackPermitted) {
    view.setUint32(to, NOP_NOP | (kind.TCPOPT_SACK_PERM << 8) | kind.TCPOLEN_SACK_PERM)
    to += 4
  }
  if (set.windowScale >= 0) {
    view.setUint32(
      to,
      (kind.TCPOPT_NOP << 24) | (kind.TCPOPT_WINDOW << 16) | (kind.TCPOLEN_WINDOW << 8) | set.windowScale,
    )
    to += 4
  }
  return synCookieFits(set) ? writeCookie(view, to, set) : to
}

function synBaseLength(set: SynOptions): number {
  let length = set.md5 ? MD5_ALIGNED : 0
  if (set.mss !== 0) length += kind.TCPOLEN_MSS
  if (set.timestamps) length += TIMESTAMP_ALIGNED
  else if (set.sackPermitted) length += 4
  if (set.windowScale >= 0) length += 4
  return length
}

function cookieAligned(set: SynOptions): number {
  const base = set.cookieExperimental ? kind.TCPOLEN_EXP_FASTOPEN_BASE : kind.TCPOLEN_FASTOPEN_BASE
  return (base + set.cookieLength + 3) & ~3
}

function writeCookie(view: DataView, at: number, set: SynOptions): number {
  const { cookie, cookieLength, cookieExperimental } = set
  const base = cookieExperimental ? kind.TCPOLEN_EXP_FASTOPEN_BASE : kind.TCPOLEN_FASTOPEN_BASE
  view.setUint8(at, cookieExperimental ? kind.TCPOPT_EXP : kind.TCPOPT_FASTOPEN)
  view.setUint8(at + 1, base + cookieLength)
  if (cookieExperimental) view.setUint16(at + 2, kind.TCPOPT_FASTOPEN_MAGIC)
  let to = at + base
  for (let i = 0; i < cookieLength; i++) view.setUint8(to++, cookie[i] as number)
  const end = at + cookieAligned(set)
  while (to < end) view.setUint8(to++, kind.TCPOPT_NOP)
  return end
}

/** What a segment of an established connection carries. Reuse one. */
export class EstablishedOptions {
  timestamps = false
  tsval = 0
  tsecr = 0
  /** Room for an MD5 digest. */
  md5 = false
  /** SACK blocks, 0 to 4, of which as many are written as fit; a D-SACK block comes first (RFC 2883 4). */
  sackCount = 0
  readonly sackStart: Int32Array = new Int32Array(kind.TCP_MAX_SACK_BLOCKS)
  readonly sackEnd: Int32Array = new Int32Array(kind.TCP_MAX_SACK_BLOCKS)
}

/** How many SACK blocks there is room for: 4, beside timestamps 3, beside a digest 2, beside both none. */
export function maxSackBlocks(timestamps: boolean, md5: boolean): number {
  const left = TCP_MAX_OPTIONS_LENGTH - (md5 ? MD5_ALIGNED : 0) - (timestamps ? TIMESTAMP_ALIGNED : 0)
  return Math.floor((left - SACK_BASE_ALIGNED) / kind.TCPOLEN_SACK_PERBLOCK)
}

/** Bytes that `writeEstablishedOptions` will write: a multiple of 4, at most 40. */
export function establishedOptionsLength(timestamps: boolean, sackBlocks: number, md5: boolean): number {
  const blocks = Math.min(sackBlocks, maxSackBlocks(timestamps, md5))
  return (
    (md5 ? MD5_ALIGNED : 0) +
    (timestamps ? TIMESTAMP_ALIGNED : 0) +
    (blocks > 0 ? SACK_BASE_ALIGNED + blocks * kind.TCPOLEN_SACK_PERBLOCK : 0)
  )
}

/**
 * Writes the options of an established connection as Linux does: `nop, nop, MD5, nop, nop, TS, nop, nop, SACK`, without
 * those that there are not. The digest is left zero; it begins at `at + 4`.
 * @returns where the options end
 */
export function writeEstablishedOptions(view: DataView, at: number, set: EstablishedOptions): number {
  let to = at
  if (set.md5) to = writeMd5(view, to)
  if (set.timestamps) to = writeAlignedTimestamps(view, to, set.tsval, set.tsecr)
  if (set.sackCount === 0) return to
  const count = Math.min(set.sackCount, maxSackBlocks(set.timestamps, set.md5))
  if (count === 0) return to
  const length = kind.TCPOLEN_SACK_BASE + count * kind.TCPOLEN_SACK_PERBLOCK
  view.setUint32(to, NOP_NOP | (kind.TCPOPT_SACK << 8) | length)
  to += SACK_BASE_ALIGNED
  for (let i = 0; i < count; i++) {
    view.setInt32(to, set.sackStart[i] as number)
    view.setInt32(to + 4, set.sackEnd[i] as number)
    to += kind.TCPOLEN_SACK_PERBLOCK
  }
  return to
}

/** Writes `nop, nop, TS`, 12 bytes: all the options that most segments have. Returns where they end. */
export function writeAlignedTimestamps(view: DataView, at: number, tsval: number, tsecr: number): number {
  view.setUint32(at, NOP_NOP | TIMESTAMP_HEAD)
  view.setInt32(at + 4, tsval)
  view.setInt32(at + 8, tsecr)
  return at + TIMESTAMP_ALIGNED
}

function writeMd5(view: DataView, at: number): number {
  view.setUint32(at, NOP_NOP | (kind.TCPOPT_MD5SIG << 8) | kind.TCPOLEN_MD5SIG)
  for (let i = 4; i < MD5_ALIGNED; i += 4) view.setUint32(at + i, 0)
  return at + MD5_ALIGNED
}
