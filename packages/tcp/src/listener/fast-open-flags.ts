// Bits of `net.ipv4.tcp_fastopen`.
/** Active opens may carry data. */
export const FASTOPEN_CLIENT = 1
/** Listeners with `TCP_FASTOPEN` take it. */
export const FASTOPEN_SERVER = 2
/** Data is sent without a cookie. */
export const FASTOPEN_CLIENT_NO_COOKIE = 4
/** And taken without one. */
export const FASTOPEN_SERVER_NO_COOKIE = 0x200
/** Every listener takes it. */
export const FASTOPEN_EVERY_LISTENER = 0x400
