/** An IP address as four 32-bit words, IPv4 in its mapped form. */
export interface AddressWords {
  readonly w0: number
  readonly w1: number
  readonly w2: number
  readonly w3: number
}

/**
 * The sum of the pseudo-header (RFC 768, RFC 8200 8.1) as `sumBytes` counts, for its `initial`. One form for both
 * versions: the ffff words of a mapped IPv4 address change nothing modulo 65535.
 * @param length bytes of transport header and payload
 */
export function pseudoHeaderSum(
  source: AddressWords,
  destination: AddressWords,
  protocol: number,
  length: number,
): number {
  let sum = addressSum(source) + addressSum(destination) + protocol + (length & 0xffff) + (length >>> 16)
  sum = (sum & 0xffff) + (sum >>> 16)
  sum = (sum & 0xffff) + (sum >>> 16)
  // Big-endian words were added; `sumBytes` counts them with their bytes swapped (RFC 1071 section 2 B).
  return ((sum & 0xff) << 8) | (sum >>> 8)
}

function addressSum(address: AddressWords): number {
  const { w0, w1, w2, w3 } = address
  return (
    (w0 >>> 16) +
    (w0 & 0xffff) +
    (w1 >>> 16) +
    (w1 & 0xffff) +
    (w2 >>> 16) +
    (w2 & 0xffff) +
    (w3 >>> 16) +
    (w3 & 0xffff)
  )
}
