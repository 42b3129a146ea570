import { describe, expect, test } from 'vitest'
import { dissect } from './dissect.js'
import { formatLine, formatTree } from './format.js'
import { findField } from './layer.js'

const FROM = 'fe800000000000000000000000000001'
const TO = 'ff0200000000000000000001ff000002'
const TARGET = 'fd000000000000000000000000000002'

function bytes(hex: string): Uint8Array {
  const text = hex.replaceAll(/\s/g, '')
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16))
}

/** A packet from fe80::1 to ff02::1:ff00:2 with this after the fixed header. */
function packet(next: number, rest: string): Uint8Array {
  const body = bytes(rest)
  const length = body.length.toString(16).padStart(4, '0')
  return bytes(`60000000${length}${next.toString(16).padStart(2, '0')}ff${FROM}${TO}${rest.replaceAll(/\s/g, '')}`)
}

function line(next: number, rest: string): string {
  return formatLine(dissect(packet(next, rest), 'ip'))
}

describe('IPv6 in a line', () => {
  test.each<[string, number, string]>([
    ['ICMP6, echo request, id 7, seq 1, length 10', 58, '80000000 00070001 0102'],
    ['ICMP6, neighbor solicitation, who has fd00::2, length 32', 58, `87000000 00000000 ${TARGET} 0101020000000001`],
    ['ICMP6, neighbor advertisement, tgt is fd00::2, length 24', 58, `88000000 e0000000 ${TARGET}`],
    ['ICMP6, router solicitation, length 8', 58, '85000000 00000000'],
    ['ICMP6, router advertisement, length 24', 58, '86000000 40000708 00000000 00000000 0501000000000578'],
    ['ICMP6, redirect, ff02::1:ff00:2 to fd00::2, length 40', 58, `89000000 00000000 ${TARGET} ${TO}`],
    ['ICMP6, packet too big, mtu 1400, length 8', 58, '02000000 00000578'],
    ['ICMP6, parameter problem, next header - octet 6, length 8', 58, '04010000 00000006'],
    [
      'ICMP6, destination unreachable, unreachable port, fd00::2 udp port 9, length 56',
      58,
      `01040000 00000000 60000000 0008 11 40 ${FROM} ${TARGET} 1388 0009 0008 0000`,
    ],
    [
      'ICMP6, time exceeded in-transit for fd00::2, length 48',
      58,
      `03000000 00000000 60000000 0000 3b 40 ${FROM} ${TARGET}`,
    ],
    [
      'HBH ICMP6, multicast listener report v2, 1 group record(s), length 28',
      0,
      `3a00050200000100 8f000000 00000001 04000000 ${TO}`,
    ],
    [
      'ICMP6, multicast listener query max resp delay: 1000 addr: ::, length 24',
      58,
      `82000000 03e80000 ${'0'.repeat(32)}`,
    ],
    ['frag (1448|4)', 44, '110005a8 00000001 01020304'],
    ['srcrt (len=0, type=3, segleft=1) DSTOPT no next header', 43, '3c000301 00000000 3b00010400000000'],
    ['ip-proto-200 4', 200, '01020304'],
  ])('%s', (text, next, rest) => {
    expect(line(next, rest)).toContain(`IP6 fe80::1 > ff02::1:ff00:2: ${text}`.replace('IP6 ', ''))
    expect(line(next, rest)).not.toContain('[|')
  })

  test('UDP has its ports behind the addresses', () => {
    expect(line(17, '1388 0009 000a 0000 0102')).toContain('fe80::1.5000 > ff02::1:ff00:2.9: UDP, ')
  })

  test('what is cut short is told of, wherever it is cut', () => {
    const whole = packet(0, `3a00050200000100 87000000 00000000 ${TARGET} 0101020000000001`)
    for (let length = 0; length < whole.length; length++) {
      const cut = dissect(whole.slice(0, length), 'ip', { originalLength: whole.length })
      expect(formatLine(cut)).not.toBe('')
      expect(formatTree(cut)).not.toBe('')
    }
    expect(formatLine(dissect(whole.slice(0, 20), 'ip'))).toContain('[|ip6]')
  })
})

describe('IPv6 as a tree', () => {
  test('has the fields of headers and options under their names', () => {
    const advertised = '0304 40c0 00000e10 00000708 00000000 fd000000000000000000000000000000'
    const tree = dissect(packet(58, `86000000 40000708 00000000 00000000 0101020000000001 ${advertised}`), 'ip')
    expect(findField(tree, 'ipv6.hlim')?.value).toBe(255)
    expect(findField(tree, 'icmpv6.nd.ra.router_lifetime')?.value).toBe(1800)
    expect(findField(tree, 'icmpv6.checksum')?.status).toBe('bad')
    const text = formatTree(tree)
    expect(text).toContain('source link-address 02:00:00:00:00:01')
    expect(text).toContain('prefix info fd00::/64, valid 3600 s, preferred 1800 s')
  })
})
