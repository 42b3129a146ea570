import { IpAddress, MacAddress } from '@jackfield/addr'
import { ArpPacket, writeArp } from '@jackfield/ethernet/wire'
import { writeIcmpv4 } from '@jackfield/icmp/wire'
import { formatIpv4Header, IP_DF, IP_MF, Ipv4Header } from '@jackfield/ipv4/wire'
import { checksum } from '@jackfield/packet'

/** Bytes one after the other; a number is so many zeros. */
export function join(...parts: (Uint8Array | readonly number[] | number)[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => (typeof part === 'number' ? Array<number>(part).fill(0) : [...part])))
}

/** An IPv4 packet from 10.0.0.1; `fragment` is the word of flags and offset. */
export function ipv4(
  protocol: number,
  payload: Uint8Array,
  fragment = 0,
  to = '10.0.0.2',
  options: number[] = [],
): Uint8Array {
  const header = Object.assign(new Ipv4Header(), {
    protocol,
    identification: 1,
    dontFragment: (fragment & IP_DF) !== 0,
    moreFragments: (fragment & IP_MF) !== 0,
    fragmentOffset: (fragment & 0x1fff) * 8,
    source: IpAddress.parse('10.0.0.1'),
    destination: IpAddress.parse(to),
    options: Uint8Array.from(options),
    totalLength: 20 + options.length + payload.length,
  })
  const bytes = join(20 + options.length, payload)
  formatIpv4Header(new DataView(bytes.buffer), 0, header)
  return bytes
}

/** The packet with 16-bit words of it overwritten, its header checksum left alone. */
export function patched(bytes: Uint8Array, ...words: [at: number, value: number][]): Uint8Array {
  const copy = bytes.slice()
  for (const [at, value] of words) new DataView(copy.buffer).setUint16(at, value)
  return copy
}

/** A UDP datagram without a checksum. */
export function udp(from: number, to: number, payload: Uint8Array, length: number = 8 + payload.length): Uint8Array {
  return join([from >> 8, from & 255, to >> 8, to & 255, length >> 8, length & 255, 0, 0], payload)
}

export function icmp(type: number, code: number, rest: number, body: Uint8Array = new Uint8Array(0)): Uint8Array {
  const bytes = join(8, body)
  writeIcmpv4(new DataView(bytes.buffer), 0, bytes.length, type, code, rest)
  return bytes
}

/** An IGMP message of a group with its checksum. */
export function igmp(type: number, code: number, group: string, more: readonly number[] = []): Uint8Array {
  const bytes = join([type, code, 0, 0], IpAddress.parse(group).toBytes(), more)
  const view = new DataView(bytes.buffer)
  view.setUint16(2, checksum(view, 0, bytes.length))
  return bytes
}

export const MAC_ONE: MacAddress = MacAddress.parse('02:00:00:00:00:01')
export const MAC_TWO: MacAddress = MacAddress.parse('02:00:00:00:00:02')

/** A frame from 02:00:00:00:00:01. */
export function frame(etherType: number, payload: Uint8Array, to: MacAddress = MAC_TWO): Uint8Array {
  return join(to.toBytes(), MAC_ONE.toBytes(), [etherType >> 8, etherType & 255], payload)
}

/** An ARP packet from 10.0.0.1 on the first address, or as given. */
export function arp(operation: number, target: string, targetMac: MacAddress, sender = '10.0.0.1'): Uint8Array {
  const packet = Object.assign(new ArpPacket(), {
    operation,
    senderHigh: MAC_ONE.high,
    senderLow: MAC_ONE.low,
    sender: IpAddress.parse(sender).w3,
    targetHigh: targetMac.high,
    targetLow: targetMac.low,
    target: IpAddress.parse(target).w3,
  })
  const bytes = new Uint8Array(28)
  writeArp(new DataView(bytes.buffer), 0, packet)
  return bytes
}

export const HELLO: Uint8Array = Uint8Array.of(104, 101, 108, 108, 111)
