/** The UTF-8 bytes of a text; lone surrogates become U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  const out: number[] = []
  for (const character of text) {
    let code = character.codePointAt(0) as number
    if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd
    if (code < 0x80) out.push(code)
    else if (code < 0x800) out.push(0xc0 | (code >>> 6), 0x80 | (code & 63))
    else if (code < 0x10000) out.push(0xe0 | (code >>> 12), 0x80 | ((code >>> 6) & 63), 0x80 | (code & 63))
    else {
      out.push(0xf0 | (code >>> 18), 0x80 | ((code >>> 12) & 63), 0x80 | ((code >>> 6) & 63), 0x80 | (code & 63))
    }
  }
  return Uint8Array.from(out)
}

/** The text of UTF-8 bytes `[start, end)`. Each byte that is part of no character becomes U+FFFD. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  let at = start
  while (at < end) {
    const first = bytes[at] as number
    const more = first < 0x80 ? 0 : first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1
    let code = first < 0x80 ? first : first & (0x3f >> more)
    let good = (first < 0x80 || (first >= 0xc2 && first <= 0xf4)) && at + more < end
    for (let i = 1; good && i <= more; i++) {
      const next = bytes[at + i] as number
      good = next >>> 6 === 2
      code = (code << 6) | (next & 63)
    }
    // Overlong forms, surrogates and what lies past U+10FFFF are no characters (RFC 3629 3).
    if (more === 2 && (code < 0x800 || (code >= 0xd800 && code <= 0xdfff))) good = false
    if (more === 3 && (code < 0x10000 || code > 0x10ffff)) good = false
    text += good ? String.fromCodePoint(code) : '\ufffd'
    at += good ? more + 1 : 1
  }
  return text
}
