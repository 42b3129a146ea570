export {
  isBenchmark,
  isBroadcastOf,
  isDocumentation,
  isLimitedBroadcast,
  isLinkLocal,
  isLoopback,
  isPrivate,
  isReserved,
  isShared,
  isSiteLocal,
  isSolicitedNode,
  isThisNetwork,
  multicastScope,
  SCOPE_ADMIN_LOCAL,
  SCOPE_GLOBAL,
  SCOPE_INTERFACE_LOCAL,
  SCOPE_LINK_LOCAL,
  SCOPE_ORGANIZATION_LOCAL,
  SCOPE_REALM_LOCAL,
  SCOPE_SITE_LOCAL,
} from './classify.js'
export { Eui64 } from './eui64.js'
export { hashAddress, hashFlow } from './flow-hash.js'
export { FlowTable } from './flow-table.js'
export {
  createAddressSlot,
  IPV4_ANY,
  IPV4_BROADCAST,
  IPV4_LOOPBACK,
  IPV6_ANY,
  IPV6_LOOPBACK,
  IpAddress,
  type IpAddressSlot,
  setSlot,
  setSlotV4,
  setSlotV6,
} from './ip-address.js'
export { MAC_BROADCAST, MAC_ZERO, MacAddress } from './mac-address.js'
export { commonPrefixLength, maskWord, Prefix } from './prefix.js'
export { PrefixTable } from './prefix-table.js'
export { type ResolveZone, SocketAddress, type SocketAddressLike } from './socket-address.js'
export { type AddressClass, classify, isGlobal } from './special-purpose.js'
export { formatZoned, parseZoned, type ZonedAddress, type ZoneOptions } from './zone.js'
