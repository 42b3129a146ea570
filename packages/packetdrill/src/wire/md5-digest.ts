// RFC 2385 is made of MD5, which the web's own cryptography does not offer.
import { md5 } from '@noble/hashes/legacy.js'

const MD5 = 19

/** Where the pieces of an IP packet with a TCP segment are. */
function layout(bytes: Uint8Array): { tcp: number; data: number } {
  const tcp = (bytes[0] as number) >>> 4 === 4 ? ((bytes[0] as number) & 15) * 4 : 40
  return { tcp, data: tcp + ((bytes[tcp + 12] as number) >>> 4) * 4 }
}

/** The digest that a segment should have (RFC 2385 2.0). */
function digestOf(bytes: Uint8Array, key: Uint8Array): Uint8Array {
  const { tcp, data } = layout(bytes)
  const isIpv4 = tcp < 40 || (bytes[0] as number) >>> 4 === 4
  const size = bytes.length - tcp
  const addresses = isIpv4 ? bytes.slice(12, 20) : bytes.slice(8, 40)
  const rest = isIpv4 ? [0, 6, size >>> 8, size & 0xff] : [0, 0, size >>> 8, size & 0xff, 0, 0, 0, 6]
  const header = bytes.slice(tcp, tcp + 20)
  header[16] = 0
  header[17] = 0
  return md5
    .create()
    .update(addresses)
    .update(Uint8Array.from(rest))
    .update(header)
    .update(bytes.slice(data))
    .update(key)
    .digest()
}

/** Where the digest of a segment's MD5 option begins; -1 where it has none. */
function digestAt(bytes: Uint8Array): number {
  const { tcp, data } = layout(bytes)
  for (let at = tcp + 20; at + 1 < data; ) {
    const kind = bytes[at] as number
    if (kind === 0) return -1
    if (kind === MD5) return at + 2
    at += kind === 1 ? 1 : Math.max(2, bytes[at + 1] as number)
  }
  return -1
}

/** Puts a good digest into a packet of the script. Its TCP checksum is to be made anew. */
export function signMd5(bytes: Uint8Array, key: Uint8Array): void {
  const at = digestAt(bytes)
  if (at >= 0) bytes.set(digestOf(bytes, key), at)
}

/** Whether the digest of a packet of the stack is good. */
export function isMd5Good(bytes: Uint8Array, key: Uint8Array): boolean {
  const at = digestAt(bytes)
  return at >= 0 && digestOf(bytes, key).every((byte, index) => byte === bytes[at + index])
}
