/** The pieces one after the other. */
export function joined(...pieces: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const piece of pieces) length += piece.length
  const whole = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

/** Two bytes in network order, as far as they are inside. */
export function put16(bytes: Uint8Array, at: number, value: number): void {
  if (at < 0 || at + 2 > bytes.length) return
  bytes[at] = value >>> 8
  bytes[at + 1] = value
}

/** Four bytes in network order, as far as they are inside. */
export function put32(bytes: Uint8Array, at: number, value: number): void {
  put16(bytes, at, value >>> 16)
  put16(bytes, at + 2, value & 0xffff)
}

/** Two bytes in network order; 0 outside. */
export function get16(bytes: Uint8Array, at: number): number {
  return at < 0 || at + 2 > bytes.length ? 0 : ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
}

/** Four bytes in network order, signed; 0 outside. */
export function get32(bytes: Uint8Array, at: number): number {
  return (get16(bytes, at) << 16) | get16(bytes, at + 2)
}

export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

/** The Internet checksum of `[start, end)` with an initial sum; written apart from the stack's own. */
export function internetChecksum(bytes: Uint8Array, start: number, end: number, initial = 0): number {
  let sum = initial
  for (let at = start; at < end; at += 2) {
    sum += ((bytes[at] as number) << 8) | (at + 1 < end ? (bytes[at + 1] as number) : 0)
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000)
  return ~sum & 0xffff
}
