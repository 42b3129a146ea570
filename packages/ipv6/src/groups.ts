import { IpAddress } from '@jackfield/addr'

/** All nodes on the link, ff02::1 (RFC 4291 2.7.1). */
export const ALL_NODES: IpAddress = /* @__PURE__ */ IpAddress.v6(0xff02_0000, 0, 0, 1)
/** All nodes of this interface, ff01::1. */
export const INTERFACE_LOCAL_ALL_NODES: IpAddress = /* @__PURE__ */ IpAddress.v6(0xff01_0000, 0, 0, 1)
/** All routers on the link, ff02::2. */
export const ALL_ROUTERS: IpAddress = /* @__PURE__ */ IpAddress.v6(0xff02_0000, 0, 0, 2)
/** The groups that a router is in besides (RFC 4291 2.8): of the interface, the link and the site. */
export const ROUTER_GROUPS: readonly IpAddress[] = [
  /* @__PURE__ */ IpAddress.v6(0xff01_0000, 0, 0, 2),
  ALL_ROUTERS,
  /* @__PURE__ */ IpAddress.v6(0xff05_0000, 0, 0, 2),
]

/** The solicited-node group of a unicast address, ff02::1:ffXX:XXXX (RFC 4291 2.7.1). */
export function solicitedNode(address: IpAddress): IpAddress {
  return IpAddress.v6(0xff02_0000, 0, 1, 0xff00_0000 | (address.w3 & 0xff_ffff))
}
