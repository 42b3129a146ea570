// Numbers of the pcapng format (draft-ietf-opsawg-pcapng).

/** Section header block. The same read in either byte order. */
export const BLOCK_SECTION = 0x0a0d0d0a
export const BLOCK_INTERFACE = 1
/** Packet block, obsolete. */
export const BLOCK_PACKET = 2
export const BLOCK_SIMPLE_PACKET = 3
export const BLOCK_STATISTICS = 5
export const BLOCK_ENHANCED_PACKET = 6

/** First word of a section's body; tells its byte order. */
export const BYTE_ORDER_MAGIC = 0x1a2b3c4d

export const OPT_END = 0
export const OPT_COMMENT = 1
export const SHB_HARDWARE = 2
export const SHB_OS = 3
export const SHB_USERAPPL = 4
export const IF_NAME = 2
export const IF_DESCRIPTION = 3
export const IF_MACADDR = 6
export const IF_TSRESOL = 9
export const IF_TSOFFSET = 14
export const EPB_FLAGS = 2
export const EPB_DROPCOUNT = 4
export const ISB_STARTTIME = 2
export const ISB_ENDTIME = 3
export const ISB_IFRECV = 4
export const ISB_IFDROP = 5
export const ISB_FILTERACCEPT = 6

/** Which way a packet went, as in the lowest bits of `epb_flags`. */
export const DIRECTION_UNKNOWN = 0
export const DIRECTION_INBOUND = 1
export const DIRECTION_OUTBOUND = 2

/** Most bytes kept of one packet: what Wireshark and tcpdump accept. */
export const MAX_SNAP_LENGTH = 262_144
/** Most bytes in one option. */
export const MAX_OPTION_LENGTH = 65_535
