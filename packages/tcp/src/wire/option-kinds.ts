/** Kinds of options (IANA), under Linux's names. */
export const TCPOPT_EOL = 0
export const TCPOPT_NOP = 1
export const TCPOPT_MSS = 2
/** Window scale (RFC 7323 2). */
export const TCPOPT_WINDOW = 3
export const TCPOPT_SACK_PERM = 4
export const TCPOPT_SACK = 5
export const TCPOPT_TIMESTAMP = 8
/** RFC 2385. */
export const TCPOPT_MD5SIG = 19
/** User timeout (RFC 5482). */
export const TCPOPT_UTO = 28
/** RFC 5925. */
export const TCPOPT_AO = 29
/** RFC 8684. */
export const TCPOPT_MPTCP = 30
/** RFC 7413. */
export const TCPOPT_FASTOPEN = 34
/** Shared by experiments, told apart by a magic number (RFC 6994). */
export const TCPOPT_EXP = 254

/** Bytes of an option with its kind and length. */
export const TCPOLEN_MSS = 4
export const TCPOLEN_WINDOW = 3
export const TCPOLEN_SACK_PERM = 2
/** Before the blocks. */
export const TCPOLEN_SACK_BASE = 2
export const TCPOLEN_SACK_PERBLOCK = 8
export const TCPOLEN_TIMESTAMP = 10
export const TCPOLEN_MD5SIG = 18
/** Before the cookie. */
export const TCPOLEN_FASTOPEN_BASE = 2
export const TCPOLEN_EXP_FASTOPEN_BASE = 4
/** Kind, length and both key identifiers; the MAC follows. */
export const TCPOLEN_AO_BASE = 4

/** Fast Open's magic number among the experiments. */
export const TCPOPT_FASTOPEN_MAGIC = 0xf989

/** SACK blocks that one header holds at most (RFC 2018 3). */
export const TCP_MAX_SACK_BLOCKS = 4
/** The largest shift of a window (RFC 7323 2.3). */
export const TCP_MAX_WINDOW_SCALE = 14
/** Bytes of a Fast Open cookie (RFC 7413 4.1.1). */
export const TCP_FASTOPEN_COOKIE_MIN = 4
export const TCP_FASTOPEN_COOKIE_MAX = 16
