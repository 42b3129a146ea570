import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
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
} from './classify.js'
import { IpAddress } from './ip-address.js'
import { ip } from './ip-address.test-arbitraries.js'
import { Prefix } from './prefix.js'
import { type AddressClass, classify, isGlobal } from './special-purpose.js'

/** Each predicate and the blocks that it stands for; it must agree with them at, before and after both ends. */
const BLOCKS: [(address: IpAddress) => boolean, string[]][] = [
  [isLoopback, ['127.0.0.0/8', '::1/128']],
  [isPrivate, ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']],
  [isLinkLocal, ['169.254.0.0/16', 'fe80::/10']],
  [isSiteLocal, ['fec0::/10']],
  [isShared, ['100.64.0.0/10']],
  [isThisNetwork, ['0.0.0.0/8']],
  [isLimitedBroadcast, ['255.255.255.255/32']],
  [
    isDocumentation,
    ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '233.252.0.0/24', '2001:db8::/32', '3fff::/20'],
  ],
  [isBenchmark, ['198.18.0.0/15', '2001:2::/48']],
  [isSolicitedNode, ['ff02::1:ff00:0/104']],
]

function beside(address: IpAddress, step: 1 | -1): IpAddress {
  const bytes = address.toBytes()
  for (let i = bytes.length - 1; i >= 0; i--) {
    const sum = (bytes[i] as number) + step
    bytes[i] = sum & 0xff
    if (sum >= 0 && sum <= 255) break
  }
  return IpAddress.fromBytes(bytes, 0, address.version)
}

const EDGES = BLOCKS.flatMap(([, blocks]) => blocks).flatMap((text) => {
  const { first, last } = Prefix.parse(text)
  return [first, last, beside(first, -1), beside(last, 1)]
})

test.each(BLOCKS.map(([predicate, blocks]) => [predicate.name, predicate, blocks] as const))(
  '%s is exactly its blocks',
  (_, predicate, blocks) => {
    const prefixes = blocks.map((text) => Prefix.parse(text))
    for (const edge of EDGES) {
      expect([edge.toString(), predicate(edge)]).toEqual([edge.toString(), prefixes.some((p) => p.contains(edge))])
      expect(predicate(edge.toMapped())).toBe(edge.version === 6 && predicate(edge))
    }
    fc.assert(fc.property(ip, (address) => predicate(address) === prefixes.some((p) => p.contains(address))))
  },
)

test('class E is 240/4 without the limited broadcast address', () => {
  const of = (text: string): boolean => isReserved(IpAddress.parse(text))
  expect(of('240.0.0.0') && of('255.255.255.254')).toBe(true)
  expect(of('239.255.255.255') || of('255.255.255.255') || of('f000::')).toBe(false)
})

test.each([
  ['10.0.0.1/24', '10.0.0.255', true],
  ['10.0.0.1/24', '10.0.0.0', false],
  ['10.0.0.1/24', '10.0.1.255', false],
  ['10.0.0.1/30', '10.0.0.3', true],
  ['10.0.0.1/31', '10.0.0.1', false],
  ['10.0.0.1/32', '10.0.0.1', false],
  ['0.0.0.0/0', '255.255.255.255', true],
  ['128.0.0.0/1', '255.255.255.255', true],
  ['2001:db8::/64', '2001:db8::ffff:ffff:ffff:ffff', false],
])('in %s, is %s the broadcast address? %s', (prefix, address, expected) => {
  expect(isBroadcastOf(Prefix.parse(prefix), IpAddress.parse(address))).toBe(expected)
})

test.each([
  ['224.0.0.1', 2],
  ['224.0.0.255', 2],
  ['224.0.1.0', 14],
  ['238.255.255.255', 14],
  ['239.192.0.0', 8],
  ['239.0.0.1', 8],
  ['239.252.255.255', 8],
  ['239.253.0.0', 3],
  ['239.255.255.255', 3],
  ['ff01::1', 1],
  ['ff02::1', 2],
  ['ff33::1', 3],
  ['ff04::1', 4],
  ['ff05::2', 5],
  ['ff18::1', 8],
  ['ff0e::1', 14],
  ['ff00::', 0],
  ['ff0f::', 15],
  ['10.0.0.1', -1],
  ['fe80::1', -1],
])('the scope of %s is %d', (text, scope) => {
  expect(multicastScope(IpAddress.parse(text))).toBe(scope)
})

const CLASSES: [string, AddressClass, boolean][] = [
  ['0.0.0.0', 'unspecified', false],
  ['0.1.2.3', 'this-network', false],
  ['8.8.8.8', 'global', true],
  ['10.0.0.1', 'private', false],
  ['100.127.255.255', 'shared', false],
  ['100.128.0.0', 'global', true],
  ['127.0.0.1', 'loopback', false],
  ['169.254.1.1', 'link-local', false],
  ['172.32.0.0', 'global', true],
  ['192.0.0.8', 'protocol', false],
  ['192.0.0.9', 'protocol', true],
  ['192.0.2.255', 'documentation', false],
  ['192.31.196.1', 'global', true],
  ['192.88.99.1', 'tunnel', false],
  ['198.19.0.1', 'benchmark', false],
  ['224.0.0.1', 'multicast', false],
  ['224.0.1.1', 'multicast', true],
  ['233.252.0.1', 'documentation', false],
  ['239.1.1.1', 'multicast', false],
  ['250.0.0.1', 'reserved', false],
  ['255.255.255.255', 'broadcast', false],
  ['::', 'unspecified', false],
  ['::1', 'loopback', false],
  ['::2', 'reserved', false],
  ['::ffff:8.8.8.8', 'mapped', false],
  ['64:ff9b::808:808', 'translation', true],
  ['64:ff9b:1::1', 'translation', false],
  ['100::1', 'discard', false],
  ['2001::1', 'tunnel', false],
  ['2001:1::1', 'protocol', true],
  ['2001:1::4', 'protocol', false],
  ['2001:2::1', 'benchmark', false],
  ['2001:20::1', 'identifier', true],
  ['2001:db8::1', 'documentation', false],
  ['2001:200::1', 'global', true],
  ['2002::1', 'tunnel', false],
  ['2a00:1450::1', 'global', true],
  ['3fff:fff::', 'documentation', false],
  ['3fff:1000::', 'global', true],
  ['4000::', 'reserved', false],
  ['5f00::1', 'protocol', false],
  ['fd00::1', 'private', false],
  ['fe80::1', 'link-local', false],
  ['fec0::1', 'site-local', false],
  ['ff02::1', 'multicast', false],
  ['ff0e::1', 'multicast', true],
]

test.each(CLASSES)('%s is %s, global: %s', (text, kind, global) => {
  expect([classify(IpAddress.parse(text)), isGlobal(IpAddress.parse(text))]).toEqual([kind, global])
})

test('classify and the predicates agree', () => {
  const predicates: [AddressClass, (address: IpAddress) => boolean][] = [
    ['loopback', isLoopback],
    ['private', isPrivate],
    ['link-local', isLinkLocal],
    ['site-local', isSiteLocal],
    ['shared', isShared],
    ['documentation', isDocumentation],
    ['benchmark', isBenchmark],
    ['broadcast', isLimitedBroadcast],
    ['unspecified', (address) => address.isUnspecified],
    ['mapped', (address) => address.isMapped],
  ]
  const near = fc.constantFrom(...EDGES)
  fc.assert(
    fc.property(fc.oneof(ip, near), (address) => {
      for (const [kind, predicate] of predicates) expect(classify(address) === kind).toBe(predicate(address))
      if (address.isMulticast) expect(['multicast', 'documentation']).toContain(classify(address))
    }),
  )
})
