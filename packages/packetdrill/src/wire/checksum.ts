import type { IpAddress } from '@jackfield/addr'

/** The Internet checksum (RFC 1071), word by word: this tool shares no arithmetic with what it tests. */
export function internetChecksum(bytes: Uint8Array, start: number, end: number, initial = 0): number {
  let sum = initial
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number
    sum += (at - start) % 2 === 0 ? byte << 8 : byte
    if (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  }
  return ~sum & 0xffff
}

/** What the pseudo header of TCP, UDP and ICMPv6 adds (RFC 9293 3.1, RFC 8200 8.1), not complemented. */
export function pseudoHeaderSum(source: IpAddress, destination: IpAddress, protocol: number, length: number): number {
  let sum = protocol + (length & 0xffff) + (length >>> 16)
  for (const address of [source, destination]) {
    const bytes = address.toBytes()
    for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return sum
}
