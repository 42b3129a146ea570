/** Tables of text for an octet, so that formatting is only lookups and concatenation. */
const DECIMAL: readonly string[] = /* @__PURE__ */ octets((value) => String(value))
const HEX: readonly string[] = /* @__PURE__ */ octets((value) => value.toString(16))
const HEX_PADDED: readonly string[] = /* @__PURE__ */ octets((value) => value.toString(16).padStart(2, '0'))

function octets(text: (value: number) => string): string[] {
  const table: string[] = []
  for (let value = 0; value < 256; value++) table.push(text(value))
  return table
}

/** @internal Two hexadecimal digits for the low octet of `value`. */
export function hexOctet(value: number): string {
  return HEX_PADDED[value & 0xff] as string
}

/** @internal Dotted decimal. */
export function formatV4(word: number): string {
  return `${DECIMAL[word >>> 24]}.${DECIMAL[(word >>> 16) & 0xff]}.${DECIMAL[(word >>> 8) & 0xff]}.${DECIMAL[word & 0xff]}`
}

function group(value: number): string {
  return value < 256 ? (HEX[value] as string) : (HEX[value >>> 8] as string) + (HEX_PADDED[value & 0xff] as string)
}

const groups = new Uint16Array(8)

/**
 * @internal The canonical text of RFC 5952: lower case, no leading zeros, `::` for the longest run of two or more
 * zero groups (the first of equals). Mixed notation (RFC 5952 5) is for mapped addresses alone, whose /96 says by itself
 * that an IPv4 address follows: as glibc does, but for the deprecated IPv4-compatible form.
 */
export function formatV6(w0: number, w1: number, w2: number, w3: number): string {
  if (w0 === 0 && w1 === 0 && w2 === 0xffff) return `::ffff:${formatV4(w3)}`
  groups[0] = w0 >>> 16
  groups[1] = w0
  groups[2] = w1 >>> 16
  groups[3] = w1
  groups[4] = w2 >>> 16
  groups[5] = w2
  groups[6] = w3 >>> 16
  groups[7] = w3
  let best = 8
  let bestLength = 1
  let run = 0
  for (let i = 0; i < 8; i++) {
    if (groups[i] !== 0) run = 0
    else if (++run > bestLength) {
      bestLength = run
      best = i + 1 - run
    }
  }
  let text = best === 0 ? '' : group(groups[0] as number)
  for (let i = best === 0 ? 0 : 1; i < best; i++) text += `:${group(groups[i] as number)}`
  if (best === 8) return text
  const after = best + bestLength
  if (after === 8) return `${text}::`
  text += ':'
  for (let i = after; i < 8; i++) text += `:${group(groups[i] as number)}`
  return text
}
