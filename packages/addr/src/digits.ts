/** @internal The value of a hexadecimal digit, -1 for any other character code. */
export function hexDigit(code: number): number {
  const digit = code - 0x30
  if (digit >= 0 && digit <= 9) return digit
  const letter = (code | 0x20) - 0x61
  return letter >= 0 && letter <= 5 ? letter + 10 : -1
}

/**
 * @internal The number that `text` has from `at` to its end: decimal digits without sign or leading zeros, at most `most`.
 * -1 for anything else.
 */
export function parseDecimal(text: string, at: number, most: number): number {
  const digits = text.length - at
  if (digits < 1 || digits > 10 || (digits > 1 && text.charCodeAt(at) === 0x30)) return -1
  let value = 0
  for (let i = at; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value <= most ? value : -1
}
