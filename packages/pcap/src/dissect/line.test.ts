import { MAC_BROADCAST, MAC_ZERO } from '@jackfield/addr'
import { describe, expect, test } from 'vitest'
import { dissect } from './dissect.js'
import { formatLine } from './format.js'
import { arp, frame, HELLO, icmp, igmp, ipv4, join, MAC_TWO, patched, udp } from './packets.test-fixture.js'

/*
 * What tcpdump 4.99.3 prints of the same bytes with -n -t, as it was seen to. UDP-Lite, which tcpdump does not know, and
 * what this package leaves to others are apart.
 */

const datagram = ipv4(17, udp(5000, 7, HELLO))
const quote = ipv4(17, udp(4000, 9, new Uint8Array(8)))
const tcpQuote = ipv4(6, join([15, 160, 0, 80], 16))
const sctpQuote = ipv4(132, join([15, 160, 0, 81], 20))
const nothing = new Uint8Array(0)
const ADDRESSES = '10.0.0.1 > 10.0.0.2:'
const ICMP = `IP ${ADDRESSES} ICMP`

const packets: [Uint8Array, string][] = [
  [datagram, 'IP 10.0.0.1.5000 > 10.0.0.2.7: UDP, length 5'],
  [ipv4(17, udp(5000, 7, nothing)), 'IP 10.0.0.1.5000 > 10.0.0.2.7: UDP, length 0'],
  [ipv4(17, udp(5000, 7, HELLO, 5)), 'IP 10.0.0.1.5000 > 10.0.0.2.7: truncated-udplength 5'],
  [ipv4(17, udp(5000, 7, HELLO, 0)), 'IP 10.0.0.1.5000 > 10.0.0.2.7: truncated-udplength 0'],
  [ipv4(17, udp(5000, 7, HELLO, 100)), 'IP 10.0.0.1.5000 > 10.0.0.2.7: UDP, bad length 92 > 5'],
  [ipv4(17, udp(5000, 7, HELLO, 10)), 'IP 10.0.0.1.5000 > 10.0.0.2.7: UDP, length 2'],
  [ipv4(17, nothing), `IP ${ADDRESSES}  [|udp]`],
  [ipv4(17, Uint8Array.of(0, 1, 0)), `IP ${ADDRESSES}  [|udp]`],
  [ipv4(17, Uint8Array.of(0, 1, 0, 2)), 'IP 10.0.0.1.1 > 10.0.0.2.2: truncated-udp 4'],
  [ipv4(17, Uint8Array.of(0, 1, 0, 2, 0, 7)), 'IP 10.0.0.1.1 > 10.0.0.2.2: truncated-udp 6'],
  [ipv4(17, udp(5000, 7, new Uint8Array(1472), 3000), 0x2000), 'IP 10.0.0.1.5000 > 10.0.0.2.7: UDP, length 2992'],
  [ipv4(17, new Uint8Array(1480), 0x2000 | 185), `IP ${ADDRESSES} ip-proto-17`],
  [ipv4(1, new Uint8Array(20), 370), `IP ${ADDRESSES} ip-proto-1`],
  [ipv4(253, new Uint8Array(20)), `IP ${ADDRESSES}  ip-proto-253 20`],
  [ipv4(253, nothing), `IP ${ADDRESSES}  ip-proto-253 0`],
  [ipv4(4, quote), `IP ${ADDRESSES} IP 10.0.0.1.4000 > 10.0.0.2.9: UDP, length 8`],
  [patched(datagram, [2, 200]), 'IP truncated-ip - 167 bytes missing! 10.0.0.1.5000 > 10.0.0.2.7: UDP, length 5'],
  [patched(datagram, [2, 10]), 'IP bad-len 10'],
  [patched(datagram, [2, 0]), 'IP bad-len 0'],
  [patched(datagram, [0, 0x4300]), 'IP bad-hlen 12'],
  [patched(datagram, [0, 0x4f00]), 'IP bad-len 33'],
  [patched(datagram, [0, 0x5500]), 'unknown ip 5'],
  [datagram.slice(0, 15), 'IP  [|ip]'],
  [join(datagram, 9), 'IP 10.0.0.1.5000 > 10.0.0.2.7: UDP, length 5'],

  [ipv4(1, icmp(8, 0, 0x10002, new Uint8Array(56))), `${ICMP} echo request, id 1, seq 2, length 64`],
  [ipv4(1, icmp(0, 0, 0x10002, new Uint8Array(56))), `${ICMP} echo reply, id 1, seq 2, length 64`],
  [ipv4(1, icmp(8, 0, 0x10002, new Uint8Array(1472)), 0x2000), `${ICMP} echo request, id 1, seq 2, length 1480`],
  [ipv4(1, icmp(8, 0, 1).slice(0, 6)), `IP ${ADDRESSES}  [|icmp]`],
  [ipv4(1, nothing), `IP ${ADDRESSES}  [|icmp]`],
  [ipv4(1, icmp(3, 0, 0, quote)), `${ICMP} net 10.0.0.2 unreachable, length 44`],
  [ipv4(1, icmp(3, 1, 0, quote)), `${ICMP} host 10.0.0.2 unreachable, length 44`],
  [ipv4(1, icmp(3, 2, 0, quote)), `${ICMP} 10.0.0.2 protocol 17 unreachable, length 44`],
  [ipv4(1, icmp(3, 3, 0, quote)), `${ICMP} 10.0.0.2 udp port 9 unreachable, length 44`],
  [ipv4(1, icmp(3, 3, 0, tcpQuote)), `${ICMP} 10.0.0.2 tcp port 80 unreachable, length 48`],
  [ipv4(1, icmp(3, 3, 0, sctpQuote)), `${ICMP} 10.0.0.2 protocol 132 port 81 unreachable, length 52`],
  [ipv4(1, icmp(3, 4, 0, quote)), `${ICMP} 10.0.0.2 unreachable - need to frag, length 44`],
  [ipv4(1, icmp(3, 4, 1500, quote)), `${ICMP} 10.0.0.2 unreachable - need to frag (mtu 1500), length 44`],
  [ipv4(1, icmp(3, 5, 0, quote)), `${ICMP} 10.0.0.2 unreachable - source route failed, length 44`],
  [ipv4(1, icmp(3, 6, 0, quote)), `${ICMP} net 10.0.0.2 unreachable - unknown, length 44`],
  [ipv4(1, icmp(3, 7, 0, quote)), `${ICMP} host 10.0.0.2 unreachable - unknown, length 44`],
  [ipv4(1, icmp(3, 8, 0, quote)), `${ICMP} 10.0.0.2 unreachable - source host isolated, length 44`],
  [ipv4(1, icmp(3, 9, 0, quote)), `${ICMP} net 10.0.0.2 unreachable - admin prohibited, length 44`],
  [ipv4(1, icmp(3, 10, 0, quote)), `${ICMP} host 10.0.0.2 unreachable - admin prohibited, length 44`],
  [ipv4(1, icmp(3, 11, 0, quote)), `${ICMP} net 10.0.0.2 unreachable - tos prohibited, length 44`],
  [ipv4(1, icmp(3, 12, 0, quote)), `${ICMP} host 10.0.0.2 unreachable - tos prohibited, length 44`],
  [ipv4(1, icmp(3, 13, 0, quote)), `${ICMP} host 10.0.0.2 unreachable - admin prohibited filter, length 44`],
  [ipv4(1, icmp(3, 14, 0, quote)), `${ICMP} host 10.0.0.2 unreachable - host precedence violation, length 44`],
  [ipv4(1, icmp(3, 15, 0, quote)), `${ICMP} host 10.0.0.2 unreachable - precedence cutoff, length 44`],
  [ipv4(1, icmp(3, 16, 0, quote)), `${ICMP} 10.0.0.2 unreachable - #16, length 44`],
  [ipv4(1, icmp(3, 3, 0, quote.slice(0, 22))), `IP ${ADDRESSES}  [|icmp]`],
  [ipv4(1, icmp(3, 1, 0, quote.slice(0, 12))), `IP ${ADDRESSES}  [|icmp]`],
  [ipv4(1, icmp(4, 0, 0, quote)), `${ICMP} source quench, length 44`],
  [ipv4(1, icmp(5, 0, 0x0a000009, quote)), `${ICMP} redirect 10.0.0.2 to net 10.0.0.9, length 44`],
  [ipv4(1, icmp(5, 1, 0x0a000009, quote)), `${ICMP} redirect 10.0.0.2 to host 10.0.0.9, length 44`],
  [ipv4(1, icmp(5, 2, 0x0a000009, quote)), `${ICMP} redirect-tos 10.0.0.2 to net 10.0.0.9, length 44`],
  [ipv4(1, icmp(5, 3, 0x0a000009, quote)), `${ICMP} redirect-tos 10.0.0.2 to host 10.0.0.9, length 44`],
  [ipv4(1, icmp(5, 4, 0x0a000009, quote)), `${ICMP} redirect-#4 10.0.0.2 to 10.0.0.9, length 44`],
  [ipv4(1, icmp(11, 0, 0, quote)), `${ICMP} time exceeded in-transit, length 44`],
  [ipv4(1, icmp(11, 1, 0, quote)), `${ICMP} ip reassembly time exceeded, length 44`],
  [ipv4(1, icmp(11, 2, 0, quote)), `${ICMP} time exceeded-#2, length 44`],
  [ipv4(1, icmp(12, 0, 0x14000000, quote)), `${ICMP} parameter problem - octet 20, length 44`],
  [ipv4(1, icmp(12, 1, 0, quote)), `${ICMP} parameter problem - code 1, length 44`],
  [
    ipv4(1, icmp(9, 0, 0x01020708, Uint8Array.of(10, 0, 0, 3, 0, 0, 0, 5))),
    `${ICMP} router advertisement lifetime 30:00 1: {10.0.0.3 5}, length 16`,
  ],
  [
    ipv4(1, icmp(9, 16, 0x02021c20, Uint8Array.of(10, 0, 0, 3, 0, 0, 0, 5, 10, 0, 0, 4, 128, 0, 0, 0))),
    `${ICMP} router advertisement lifetime 2:00:00 2: {10.0.0.3 5} {10.0.0.4 2147483648}, length 24`,
  ],
  [ipv4(1, icmp(10, 0, 0)), `${ICMP} router solicitation, length 8`],
  [ipv4(1, icmp(13, 0, 0x10002, join([0, 0, 3, 232], 8))), `${ICMP} time stamp query id 1 seq 2, length 20`],
  [
    ipv4(1, icmp(14, 0, 0x10002, Uint8Array.of(0, 0, 3, 232, 2, 179, 44, 149, 128, 0, 0, 1))),
    `${ICMP} time stamp reply id 1 seq 2: org 00:00:01.000, recv 12:34:56.789, xmit 596:31:23.649, length 20`,
  ],
  [ipv4(1, icmp(15, 0, 0)), `${ICMP} information request, length 8`],
  [ipv4(1, icmp(16, 0, 0)), `${ICMP} information reply, length 8`],
  [ipv4(1, icmp(17, 0, 0, join(4))), `${ICMP} address mask request, length 12`],
  [ipv4(1, icmp(18, 0, 0, Uint8Array.of(255, 255, 255, 0))), `${ICMP} address mask is 0xffffff00, length 12`],
  [ipv4(1, icmp(42, 1, 0)), `${ICMP} type-#42, length 8`],
]

test.each(packets.map(([bytes, line]) => [line, bytes] as const))('%s', (line, bytes) => {
  expect(formatLine(dissect(bytes, 'ip'))).toBe(line)
  // In a frame it is the same, but for a version that contradicts the type.
  if (line !== 'unknown ip 5') expect(formatLine(dissect(frame(0x0800, bytes), 'ethernet'))).toBe(line)
})

const GROUP = [239, 1, 1, 1]
const memberships: [Uint8Array, string][] = [
  [igmp(0x11, 0, '0.0.0.0'), 'igmp query v1'],
  [igmp(0x11, 100, '0.0.0.0'), 'igmp query v2'],
  [igmp(0x11, 100, '239.1.1.1'), 'igmp query v2 [gaddr 239.1.1.1]'],
  [igmp(0x11, 10, '239.1.1.1'), 'igmp query v2 [max resp time 10] [gaddr 239.1.1.1]'],
  [igmp(0x11, 100, '0.0.0.0', [2, 125]), 'igmp query v2 [len 10]'],
  [igmp(0x12, 0, '239.1.1.1'), 'igmp v1 report 239.1.1.1'],
  [igmp(0x16, 0, '239.1.1.1'), 'igmp v2 report 239.1.1.1'],
  [igmp(0x17, 0, '239.1.1.1'), 'igmp leave 239.1.1.1'],
  [igmp(0x11, 100, '0.0.0.0', [2, 125, 0, 0]), 'igmp query v3'],
  [igmp(0x11, 100, '239.1.1.1', [10, 125, 0, 0]), 'igmp query v3 [gaddr 239.1.1.1]'],
  [igmp(0x11, 100, '239.1.1.1', [2, 125, 0, 1, 10, 0, 0, 5]), 'igmp query v3 [gaddr 239.1.1.1, 1 source(s)]'],
  [igmp(0x11, 20, '239.1.1.1', [2, 125, 0, 0]), 'igmp query v3 [max resp time 2.0s] [gaddr 239.1.1.1]'],
  [igmp(0x11, 200, '239.1.1.1', [2, 125, 0, 0]), 'igmp query v3 [max resp time 5m7s] [gaddr 239.1.1.1]'],
  [igmp(0x22, 0, '0.0.0.1', [4, 0, 0, 0, ...GROUP]), 'igmp v3 report, 1 group record(s)'],
  [igmp(0x22, 0, '0.0.0.2', [4, 0, 0, 0, ...GROUP]), 'igmp v3 report, 2 group record(s)'],
  [igmp(0x22, 0, '0.0.0.2').slice(0, 6), 'igmp v3 report [invalid len 6]'],
  [igmp(0x50, 0, '0.0.0.2'), 'igmp-80'],
  [igmp(0x11, 100, '0.0.0.0').slice(0, 6), 'igmp query v2 [|igmp]'],
  [igmp(0x16, 100, '0.0.0.0').slice(0, 4), ' [|igmp]'],
  [nothing, ' [|igmp]'],
]

test.each(memberships.map(([bytes, line]) => [line, bytes] as const))('%s', (line, bytes) => {
  const packet = ipv4(2, bytes, 0, '224.0.0.1', [0x94, 4, 0, 0])
  expect(formatLine(dissect(packet, 'ip'))).toBe(`IP 10.0.0.1 > 224.0.0.1: ${line}`)
})

const ONE_TWO = '02:00:00:00:00:01 > 02:00:00:00:00:02'
const frames: [Uint8Array, string, string][] = [
  [
    frame(0x0800, datagram),
    'IP 10.0.0.1.5000 > 10.0.0.2.7: UDP, length 5',
    `${ONE_TWO}, ethertype IPv4 (0x0800), length 47: 10.0.0.1.5000 > 10.0.0.2.7: UDP, length 5`,
  ],
  [
    frame(0x0806, arp(1, '10.0.0.2', MAC_ZERO), MAC_BROADCAST),
    'ARP, Request who-has 10.0.0.2 tell 10.0.0.1, length 28',
    '02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff, ethertype ARP (0x0806), length 42: ' +
      'Request who-has 10.0.0.2 tell 10.0.0.1, length 28',
  ],
  [
    frame(0x0806, arp(2, '10.0.0.2', MAC_TWO)),
    'ARP, Reply 10.0.0.1 is-at 02:00:00:00:00:01, length 28',
    `${ONE_TWO}, ethertype ARP (0x0806), length 42: Reply 10.0.0.1 is-at 02:00:00:00:00:01, length 28`,
  ],
  [
    frame(0x0806, join(arp(1, '10.0.0.2', MAC_TWO), 18)),
    'ARP, Request who-has 10.0.0.2 (02:00:00:00:00:02) tell 10.0.0.1, length 46',
    `${ONE_TWO}, ethertype ARP (0x0806), length 60: ` +
      'Request who-has 10.0.0.2 (02:00:00:00:00:02) tell 10.0.0.1, length 46',
  ],
  [
    frame(0x8100, join([0x70, 5, 8, 0], datagram)),
    'IP 10.0.0.1.5000 > 10.0.0.2.7: UDP, length 5',
    `${ONE_TWO}, ethertype 802.1Q (0x8100), length 51: vlan 5, p 3, DEI, ethertype IPv4 (0x0800), ` +
      '10.0.0.1.5000 > 10.0.0.2.7: UDP, length 5',
  ],
  [
    frame(0x88a8, join([0, 5, 0x81, 0, 0, 6, 8, 0], datagram)),
    'IP 10.0.0.1.5000 > 10.0.0.2.7: UDP, length 5',
    `${ONE_TWO}, ethertype 802.1Q-QinQ (0x88a8), length 55: vlan 5, p 0, ethertype 802.1Q (0x8100), ` +
      'vlan 6, p 0, ethertype IPv4 (0x0800), 10.0.0.1.5000 > 10.0.0.2.7: UDP, length 5',
  ],
  [frame(0x0800, nothing), ' [|ip]', `${ONE_TWO}, ethertype IPv4 (0x0800), length 14:  [|ip]`],
  [frame(0x0806, nothing), ' [|arp]', `${ONE_TWO}, ethertype ARP (0x0806), length 14:  [|arp]`],
  [
    frame(0x0800, patched(datagram, [0, 0x6500])),
    'IP6, wrong link-layer encapsulation (invalid)',
    `${ONE_TWO}, ethertype IPv4 (0x0800), length 47: IP6, wrong link-layer encapsulation (invalid)`,
  ],
  [MAC_TWO.toBytes(), ' [|ether]', ' [|ether]'],
]

test.each(frames.map(([bytes, plain, link]) => [plain, link, bytes] as const))(
  '%s, and with -e',
  (plain, link, bytes) => {
    const read = dissect(bytes, 'ethernet')
    expect([formatLine(read), formatLine(read, { link: true })]).toEqual([plain, link])
  },
)

test('a tag that is cut short', () => {
  expect(formatLine(dissect(frame(0x8100, Uint8Array.of(0, 5, 8)), 'ethernet'))).toBe(' [|vlan]')
})

describe('what is captured in part', () => {
  const cut = (bytes: Uint8Array, length: number): string =>
    formatLine(dissect(bytes.slice(0, length), 'ip', { originalLength: bytes.length }))

  test.each<[Uint8Array, number, string]>([
    [datagram, 19, 'IP  [|ip]'],
    [datagram, 20, `IP ${ADDRESSES}  [|udp]`],
    [datagram, 24, 'IP 10.0.0.1.5000 > 10.0.0.2.7:  [|udp]'],
    [datagram, 28, 'IP 10.0.0.1.5000 > 10.0.0.2.7: UDP, length 5'],
    [ipv4(1, icmp(8, 0, 2, new Uint8Array(56))), 27, `IP ${ADDRESSES}  [|icmp]`],
    [ipv4(1, icmp(8, 0, 2, new Uint8Array(56))), 28, `${ICMP} echo request, id 0, seq 2, length 64`],
    [ipv4(1, icmp(3, 3, 0, quote)), 51, `IP ${ADDRESSES}  [|icmp]`],
    [ipv4(1, icmp(3, 3, 0, quote)), 52, `${ICMP} 10.0.0.2 udp port 9 unreachable, length 44`],
    [
      ipv4(2, igmp(0x16, 0, '239.1.1.1'), 0, '10.0.0.2', [0x94, 4, 0, 0]),
      22,
      `IP ${ADDRESSES}  [remaining caplen(22) < header length(24)] [|ip]`,
    ],
    [ipv4(2, igmp(0x22, 0, '0.0.0.1', [4, 0, 0, 0, ...GROUP])), 21, `IP ${ADDRESSES} igmp v3 report [|igmp]`],
    [ipv4(2, igmp(0x11, 0, '0.0.0.1')), 21, `IP ${ADDRESSES} igmp query [|igmp]`],
  ])('%#', (bytes, length, line) => {
    expect(cut(bytes, length)).toBe(line)
  })
})

test('what tcpdump has no line for', () => {
  expect(formatLine(dissect(ipv4(136, udp(5000, 7, HELLO)), 'ip'))).toBe(
    'IP 10.0.0.1.5000 > 10.0.0.2.7: UDP-Lite, length 5',
  )
  expect(formatLine(dissect(ipv4(136, udp(5000, 7, HELLO, 90)), 'ip'))).toBe(
    'IP 10.0.0.1.5000 > 10.0.0.2.7: UDP-Lite, bad coverage 90, length 5',
  )
  expect(formatLine(dissect(frame(0x1234, HELLO), 'ethernet'))).toBe(
    `${ONE_TWO}, ethertype Unknown (0x1234), length 19`,
  )
  expect(formatLine(dissect(frame(5, HELLO), 'ethernet'))).toBe(`${ONE_TWO}, 802.3, length 5`)
  expect(formatLine(dissect(HELLO, 147))).toBe('link type 147, length 5')
})

test('a loopback header tells the family in either byte order', () => {
  for (const family of [
    [2, 0, 0, 0],
    [0, 0, 0, 2],
  ]) {
    const read = dissect(join(family, datagram), 0)
    expect(formatLine(read)).toBe('IP 10.0.0.1.5000 > 10.0.0.2.7: UDP, length 5')
    expect(formatLine(read, { link: true })).toMatch(/^AF 2, length 37: 10/)
  }
})

test('times, as tcpdump prints them in UTC', () => {
  const read = dissect(datagram, 'ip')
  const timestamp = 1_700_000_001_000_123 + 0.25
  const line = (options: object): string => formatLine(read, { timestamp, ...options }).replace(/ IP .*/, '')
  expect(line({})).toBe('22:13:21.000123')
  expect(line({ nanoseconds: true })).toBe('22:13:21.000123250')
  expect(line({ time: 'none' })).toMatch(/^IP/)
  expect(line({ time: 'seconds' })).toBe('1700000001.000123')
  expect(line({ time: 'date' })).toBe('2023-11-14 22:13:21.000123')
  expect(line({ time: 'delta' })).toBe(' 00:00:00.000000')
  expect(line({ time: 'delta', reference: 1_699_900_000_000_000 })).toBe(' 27:46:41.000123')
  expect(line({ time: 'delta', reference: timestamp + 5 })).toBe('-00:00:00.000005')
  expect(line({ timestamp: Number.MAX_VALUE, time: 'date' })).toBeTypeOf('string')
})
