import { Eui64, IPV6_LOOPBACK, IpAddress, Prefix } from '@jackfield/addr'
import type { NetworkInterface } from '@jackfield/interfaces'
import type { Addresses } from './addresses.js'
import type { Configurations } from './configuration.js'

/** The first half of a link-local address (RFC 4291 2.5.6). */
const LINK_LOCAL = 0xfe80_0000

/**
 * Gives an interface the addresses that it has by itself: `::1/128` on a loopback; on a medium with hardware addresses a link-local
 * one made from it (RFC 4291 appendix A), unless `addr_gen_mode` says otherwise. A medium without has none, and a stack on it gets
 * what it is given.
 */
export function addOwnAddresses(
  networkInterface: NetworkInterface,
  addresses: Addresses,
  configurations: Configurations,
): void {
  const { index, loopback, hardwareAddress } = networkInterface
  if (loopback) {
    if (addresses.find(networkInterface, IPV6_LOOPBACK) === undefined) {
      addresses.add(networkInterface, new Prefix(IPV6_LOOPBACK, 128), { noDad: true })
    }
    return
  }
  if (hardwareAddress === undefined || configurations.of(index).addr_gen_mode !== 0) return
  if (addresses.list().some((each) => each.interface === networkInterface && each.origin === 'link-local')) return
  const { high, low } = Eui64.fromMac(hardwareAddress).modified
  const prefix = new Prefix(IpAddress.v6(LINK_LOCAL, 0, high, low), 64)
  if (addresses.find(networkInterface, prefix.address) !== undefined) return
  addresses.add(networkInterface, prefix, { origin: 'link-local' })
}
