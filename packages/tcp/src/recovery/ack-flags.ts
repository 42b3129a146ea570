// What an acknowledgement was and did: bits that its processing gathers, with the values of Linux's `FLAG_*` in tcp_input.c.

/** The segment had data, SYN or FIN. */
export const ACK_HAS_DATA = 0x1
/** It updated the window. */
export const ACK_WINDOW_UPDATE = 0x2
/** It acknowledged new data. */
export const ACK_DATA_ACKED = 0x4
/** Some of that had been retransmitted. */
export const ACK_RETRANS_ACKED = 0x8
/** It acknowledged our SYN. */
export const ACK_SYN_ACKED = 0x10
/** It SACKed something new. */
export const ACK_DATA_SACKED = 0x20
/** It echoed congestion (RFC 3168). */
export const ACK_ECE = 0x40
/** A retransmission was found lost. */
export const ACK_LOST_RETRANS = 0x80
/** Given: look at the window, SACK and ECN; without it the segment is known to bring only an acknowledgement. */
export const ACK_SLOW_PATH = 0x100
/** Data below `highSeq` that was never retransmitted was acknowledged or SACKed. */
export const ACK_ORIGINAL_ACKED = 0x200
/** `sndUna` moved. */
export const ACK_UNA_ADVANCED = 0x400
/** It had a D-SACK (RFC 2883). */
export const ACK_DSACK = 0x800
/** The retransmission timer is to be set anew. */
export const ACK_SET_TIMER = 0x1000
/** It ends before data that was SACKed: the receiver threw that away. */
export const ACK_RENEGING = 0x2000
/** Given: the timestamp may be the one to echo. */
export const ACK_UPDATE_TS_RECENT = 0x4000
/** Given: the caller answers an acknowledgement that is too old itself. */
export const ACK_NO_CHALLENGE = 0x8000
/** It acknowledged one lone small segment: the peer may have waited with it. */
export const ACK_MAYBE_DELAYED = 0x1_0000
/** The D-SACK was for the loss probe. */
export const ACK_DSACK_OF_PROBE = 0x2_0000

export const ACK_ACKED: number = ACK_DATA_ACKED | ACK_SYN_ACKED
/** What tells it from a duplicate (RFC 5681 2). */
export const ACK_NOT_DUPLICATE: number = ACK_HAS_DATA | ACK_WINDOW_UPDATE | ACK_ACKED
/** What calls for a closer look. */
export const ACK_ALERT: number = ACK_DATA_SACKED | ACK_ECE | ACK_DSACK
export const ACK_PROGRESS: number = ACK_ACKED | ACK_DATA_SACKED
