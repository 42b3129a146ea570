import * as kind from './option-kinds.js'

/** `nop, nop, timestamps`: how almost every segment's options begin. */
const ALIGNED_TIMESTAMP = 0x0101080a

/**
 * What a segment's options say. Reuse one: `parseTcpOptions` overwrites it. MSS, window scale, SACK permitted and Fast
 * Open count in a SYN only; a receiver does not look at them elsewhere.
 */
export class TcpOptions {
  /** Maximum segment size in bytes, 1 to 65,535; 0: none. */
  mss = 0
  /** Shift of the window, 0 to 14 (a larger one counts as 14: RFC 7323 2.3); -1: none. */
  windowScale = -1
  sackPermitted = false
  /** Whether there are timestamps (RFC 7323 3); the two as int32. */
  timestamp = false
  tsval = 0
  tsecr = 0
  /** SACK blocks, 0 to 4; their edges as int32. */
  sackCount = 0
  readonly sackStart: Int32Array = new Int32Array(kind.TCP_MAX_SACK_BLOCKS)
  readonly sackEnd: Int32Array = new Int32Array(kind.TCP_MAX_SACK_BLOCKS)
  /**
   * Bytes of the Fast Open cookie (RFC 7413 4.1.1): 4 to 16; 0: one is asked for; -1: no such option, or a cookie of no
   * length that there is.
   */
  cookieLength = -1
  /** Where the cookie begins in the view. */
  cookieOffset = 0
  /** Whether it was the experimental form, kind 254. */
  cookieExperimental = false
  /** Where the 16 bytes of the MD5 digest begin in the view; -1: none. */
  md5Offset = -1
  /** Where the TCP-AO option begins in the view, at its kind; -1: none. */
  aoOffset = -1
  /** Whether authentication came twice or with a length that it cannot have: such a segment must be dropped. */
  authInvalid = false
  /** Options of other kinds, or of a known kind with a length that it cannot have. Multipath TCP and user timeout are among them. */
  ignored = 0
  /** Whether multipath TCP was among them. */
  mptcp = false

  /** Forgets everything. */
  clear(): void {
    this.mss = 0
    this.windowScale = -1
    this.sackPermitted = false
    this.timestamp = false
    this.sackCount = 0
    this.cookieLength = -1
    this.md5Offset = -1
    this.aoOffset = -1
    this.authInvalid = false
    this.ignored = 0
    this.mptcp = false
  }
}

/**
 * Reads the options in `[from, to)` as Linux's `tcp_parse_options` does: a length that cannot be ends the reading, not the
 * segment, and what was read before it counts; an option of a known kind and an unknown length is passed over; of two of
 * a kind the later one counts.
 * @returns false where a bad length ended it
 */
export function parseTcpOptions(view: DataView, from: number, to: number, into: TcpOptions): boolean {
  into.clear()
  let at = from
  if (to - at >= 12 && view.getUint32(at) === ALIGNED_TIMESTAMP) {
    readTimestamp(view, at + 4, into)
    at += 12
  }
  while (at < to) {
    const option = view.getUint8(at)
    if (option === kind.TCPOPT_EOL) return true
    if (option === kind.TCPOPT_NOP) {
      at++
      continue
    }
    if (at + 1 >= to) return false
    const length = view.getUint8(at + 1)
    if (length < 2 || at + length > to) return false
    readOption(view, at, option, length, into)
    at += length
  }
  return true
}

function readOption(view: DataView, at: number, option: number, length: number, into: TcpOptions): void {
  switch (option) {
    case kind.TCPOPT_TIMESTAMP:
      if (length === kind.TCPOLEN_TIMESTAMP) readTimestamp(view, at + 2, into)
      else into.ignored++
      return
    case kind.TCPOPT_SACK:
      readSack(view, at, length, into)
      return
    case kind.TCPOPT_MSS:
      if (length === kind.TCPOLEN_MSS) into.mss = view.getUint16(at + 2) || into.mss
      else into.ignored++
      return
    case kind.TCPOPT_WINDOW:
      if (length === kind.TCPOLEN_WINDOW) into.windowScale = Math.min(view.getUint8(at + 2), kind.TCP_MAX_WINDOW_SCALE)
      else into.ignored++
      return
    case kind.TCPOPT_SACK_PERM:
      if (length === kind.TCPOLEN_SACK_PERM) into.sackPermitted = true
      else into.ignored++
      return
    case kind.TCPOPT_MD5SIG:
      if (length !== kind.TCPOLEN_MD5SIG || into.md5Offset >= 0 || into.aoOffset >= 0) into.authInvalid = true
      else into.md5Offset = at + 2
      return
    case kind.TCPOPT_AO:
      if (length <= kind.TCPOLEN_AO_BASE || into.md5Offset >= 0 || into.aoOffset >= 0) into.authInvalid = true
      else into.aoOffset = at
      return
    case kind.TCPOPT_FASTOPEN:
      readCookie(at + kind.TCPOLEN_FASTOPEN_BASE, length - kind.TCPOLEN_FASTOPEN_BASE, false, into)
      return
    case kind.TCPOPT_EXP:
      if (length >= kind.TCPOLEN_EXP_FASTOPEN_BASE && view.getUint16(at + 2) === kind.TCPOPT_FASTOPEN_MAGIC) {
        readCookie(at + kind.TCPOLEN_EXP_FASTOPEN_BASE, length - kind.TCPOLEN_EXP_FASTOPEN_BASE, true, into)
      } else into.ignored++
      return
    case kind.TCPOPT_MPTCP:
      into.mptcp = true
      into.ignored++
      return
    default:
      into.ignored++
  }
}

function readTimestamp(view: DataView, at: number, into: TcpOptions): void {
  into.timestamp = true
  into.tsval = view.getInt32(at)
  into.tsecr = view.getInt32(at + 4)
}

function readSack(view: DataView, at: number, length: number, into: TcpOptions): void {
  const bytes = length - kind.TCPOLEN_SACK_BASE
  if (bytes === 0 || bytes % kind.TCPOLEN_SACK_PERBLOCK !== 0) {
    into.ignored++
    return
  }
  const count = Math.min(bytes / kind.TCPOLEN_SACK_PERBLOCK, kind.TCP_MAX_SACK_BLOCKS)
  for (let i = 0; i < count; i++) {
    const block = at + kind.TCPOLEN_SACK_BASE + i * kind.TCPOLEN_SACK_PERBLOCK
    into.sackStart[i] = view.getInt32(block)
    into.sackEnd[i] = view.getInt32(block + 4)
  }
  into.sackCount = count
}

/** RFC 7413 4.1.1; as Linux, an odd length is passed over and one out of range undoes a cookie that came before. */
function readCookie(at: number, length: number, experimental: boolean, into: TcpOptions): void {
  if ((length & 1) !== 0) {
    into.ignored++
    return
  }
  const fits = length >= kind.TCP_FASTOPEN_COOKIE_MIN && length <= kind.TCP_FASTOPEN_COOKIE_MAX
  into.cookieLength = fits || length === 0 ? length : -1
  into.cookieOffset = at
  into.cookieExperimental = experimental
}
