export {
  ND_NEIGHBOR_ADVERT,
  ND_NEIGHBOR_SOLICIT,
  ND_REDIRECT,
  ND_ROUTER_ADVERT,
  ND_ROUTER_SOLICIT,
} from '../../wire/control-type.js'

// Options (RFC 4861 4.6, 3971 5.3.2, 4191 2.3, 8106 5.1).
export const ND_OPT_SOURCE_LINKADDR = 1
export const ND_OPT_TARGET_LINKADDR = 2
export const ND_OPT_PREFIX_INFORMATION = 3
export const ND_OPT_REDIRECTED_HEADER = 4
export const ND_OPT_MTU = 5
export const ND_OPT_NONCE = 14
export const ND_OPT_ROUTE_INFORMATION = 24
export const ND_OPT_RDNSS = 25

/** The hop limit that no forwarded packet can have (RFC 4861 6.1 and 7.1). */
export const ND_HOP_LIMIT = 255

/** Bytes before the options. */
export const ROUTER_SOLICIT_LENGTH = 8
export const ROUTER_ADVERT_LENGTH = 16
export const NEIGHBOR_MESSAGE_LENGTH = 24
export const REDIRECT_LENGTH = 40

// Flags of a neighbour advertisement (RFC 4861 4.4), in its fifth byte.
export const ADVERT_ROUTER = 0x80
export const ADVERT_SOLICITED = 0x40
export const ADVERT_OVERRIDE = 0x20

// Flags of a router advertisement (RFC 4861 4.2, 4191 2.2), in its sixth byte.
export const ROUTER_MANAGED = 0x80
export const ROUTER_OTHER = 0x40

// Flags of a prefix information option (RFC 4861 4.6.2).
export const PREFIX_ON_LINK = 0x80
export const PREFIX_AUTONOMOUS = 0x40
