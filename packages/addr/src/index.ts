export {
  createAddressSlot,
  IpAddress,
  type IpAddressSlot,
  setSlot,
  setSlotV4,
  setSlotV6,
} from './ip-address.js'
export { MacAddress } from './mac-address.js'
export { Prefix } from './prefix.js'
export { SocketAddress } from './socket-address.js'
