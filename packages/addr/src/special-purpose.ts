import { multicastScope, SCOPE_GLOBAL } from './classify.js'
import type { IpAddress } from './ip-address.js'
import { Prefix } from './prefix.js'
import { PrefixTable } from './prefix-table.js'

/** What `classify` answers. */
export type AddressClass =
  | 'unspecified'
  | 'this-network'
  | 'loopback'
  | 'private'
  | 'shared'
  | 'link-local'
  | 'site-local'
  | 'documentation'
  | 'benchmark'
  | 'mapped'
  | 'translation'
  | 'tunnel'
  | 'protocol'
  | 'discard'
  | 'identifier'
  | 'reserved'
  | 'broadcast'
  | 'multicast'
  | 'global'

/**
 * The IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890), with the multicast blocks: prefix, class, and 1 where
 * the registry says "globally reachable". The longest prefix decides. Where it says "N/A" (6to4, Teredo) the answer is no.
 */
const REGISTRY: readonly (readonly [string, AddressClass, 0 | 1])[] = [
  ['0.0.0.0/0', 'global', 1],
  ['0.0.0.0/8', 'this-network', 0],
  ['0.0.0.0/32', 'unspecified', 0],
  ['10.0.0.0/8', 'private', 0],
  ['100.64.0.0/10', 'shared', 0],
  ['127.0.0.0/8', 'loopback', 0],
  ['169.254.0.0/16', 'link-local', 0],
  ['172.16.0.0/12', 'private', 0],
  ['192.0.0.0/24', 'protocol', 0],
  ['192.0.0.9/32', 'protocol', 1],
  ['192.0.0.10/32', 'protocol', 1],
  ['192.0.2.0/24', 'documentation', 0],
  ['192.88.99.0/24', 'tunnel', 0],
  ['192.168.0.0/16', 'private', 0],
  ['198.18.0.0/15', 'benchmark', 0],
  ['198.51.100.0/24', 'documentation', 0],
  ['203.0.113.0/24', 'documentation', 0],
  ['224.0.0.0/4', 'multicast', 1],
  ['233.252.0.0/24', 'documentation', 0],
  ['240.0.0.0/4', 'reserved', 0],
  ['255.255.255.255/32', 'broadcast', 0],
  ['::/0', 'reserved', 0],
  ['::/128', 'unspecified', 0],
  ['::1/128', 'loopback', 0],
  ['::ffff:0:0/96', 'mapped', 0],
  ['64:ff9b::/96', 'translation', 1],
  ['64:ff9b:1::/48', 'translation', 0],
  ['100::/64', 'discard', 0],
  ['100:0:0:1::/64', 'discard', 0],
  ['2000::/3', 'global', 1],
  ['2001::/23', 'protocol', 0],
  ['2001::/32', 'tunnel', 0],
  ['2001:1::1/128', 'protocol', 1],
  ['2001:1::2/128', 'protocol', 1],
  ['2001:1::3/128', 'protocol', 1],
  ['2001:2::/48', 'benchmark', 0],
  ['2001:3::/32', 'protocol', 1],
  ['2001:4:112::/48', 'protocol', 1],
  ['2001:10::/28', 'identifier', 0],
  ['2001:20::/28', 'identifier', 1],
  ['2001:30::/28', 'identifier', 1],
  ['2001:db8::/32', 'documentation', 0],
  ['2002::/16', 'tunnel', 0],
  ['3fff::/20', 'documentation', 0],
  ['5f00::/16', 'protocol', 0],
  ['fc00::/7', 'private', 0],
  ['fe80::/10', 'link-local', 0],
  ['fec0::/10', 'site-local', 0],
  ['ff00::/8', 'multicast', 1],
]

interface Entry {
  readonly kind: AddressClass
  readonly reachable: boolean
}

let table: PrefixTable<Entry> | undefined

function entryOf(address: IpAddress): Entry {
  if (table === undefined) {
    table = new PrefixTable()
    for (const [prefix, kind, reachable] of REGISTRY)
      table.set(Prefix.parse(prefix), { kind, reachable: reachable === 1 })
  }
  return table.lookup(address) as Entry
}

/**
 * The one class of an address, the most specific that the registries give it: 192.0.2.1 is `documentation`, `::1` is `loopback`.
 * IPv6 space outside 2000::/3 that nobody was given is `reserved`. A mapped address is `mapped`; see also `unmapped()`.
 */
export function classify(address: IpAddress): AddressClass {
  return entryOf(address).kind
}

/**
 * Whether the address is of use on the Internet at large: "globally reachable" in the special-purpose registries, or in no
 * special block; of groups those of global scope.
 */
export function isGlobal(address: IpAddress): boolean {
  return entryOf(address).reachable && (!address.isMulticast || multicastScope(address) === SCOPE_GLOBAL)
}
