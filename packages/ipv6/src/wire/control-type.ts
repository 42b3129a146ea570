// ICMPv6 types that are the network layer's own business (IANA).
/** RFC 2710, RFC 3810. */
export const MLD_LISTENER_QUERY = 130
export const MLD_LISTENER_REPORT = 131
export const MLD_LISTENER_DONE = 132
/** RFC 4861. */
export const ND_ROUTER_SOLICIT = 133
export const ND_ROUTER_ADVERT = 134
export const ND_NEIGHBOR_SOLICIT = 135
export const ND_NEIGHBOR_ADVERT = 136
export const ND_REDIRECT = 137
/** RFC 3810. */
export const MLDV2_LISTENER_REPORT = 143
