import { IPV6_LOOPBACK, IpAddress, Prefix } from '@jackfield/addr'
import type { NetworkInterface } from '@jackfield/interfaces'
import type { Addresses } from './addresses.js'
import type { Configurations } from './configuration.js'
import { addressWith, GENERATE_EUI64, GENERATE_NONE, type InterfaceIdentifiers } from './interface-identifier.js'

/** RFC 4291 2.5.6. */
const LINK_LOCAL = /* @__PURE__ */ IpAddress.v6(0xfe80_0000, 0, 0, 0)

/**
 * Gives an interface the addresses that it has by itself: `::1/128` on a loopback; else a link-local one, as `addr_gen_mode` says. A
 * medium without hardware addresses has none by default, and a stack on it gets what it is given.
 */
export function addOwnAddresses(
  networkInterface: NetworkInterface,
  addresses: Addresses,
  configurations: Configurations,
  identifiers: InterfaceIdentifiers,
): void {
  const { index, loopback, hardwareAddress } = networkInterface
  if (loopback) {
    if (addresses.find(networkInterface, IPV6_LOOPBACK) === undefined) {
      addresses.add(networkInterface, new Prefix(IPV6_LOOPBACK, 128), { noDad: true })
    }
    return
  }
  const mode = configurations.of(index).addr_gen_mode
  if (mode === GENERATE_NONE || (mode === GENERATE_EUI64 && hardwareAddress === undefined)) return
  if (addresses.list().some((each) => each.interface === networkInterface && each.origin === 'link-local')) return
  const identifier = identifiers.of(networkInterface, LINK_LOCAL, 0)
  if (identifier === null) return
  const prefix = new Prefix(addressWith(LINK_LOCAL, identifier), 64)
  if (addresses.find(networkInterface, prefix.address) !== undefined) return
  addresses.add(networkInterface, prefix, { origin: 'link-local' })
}
