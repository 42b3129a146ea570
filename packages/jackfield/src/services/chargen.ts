const FIRST = 0x20
const COUNT = 95
const LINE = 72

/** One turn of the pattern: 95 lines of 72 printable characters, each one character further on, each ended by CR LF. */
const PATTERN: Uint8Array = makePattern()

function makePattern(): Uint8Array {
  const pattern = new Uint8Array(COUNT * (LINE + 2))
  let at = 0
  for (let line = 0; line < COUNT; line++) {
    for (let column = 0; column < LINE; column++) pattern[at++] = FIRST + ((line + column) % COUNT)
    pattern[at++] = 0x0d
    pattern[at++] = 0x0a
  }
  return pattern
}

/** The first `length` bytes of the character generator's pattern (RFC 864); at most 7,030. */
export function chargenLines(length: number): Uint8Array {
  return PATTERN.subarray(0, length)
}

/** Whole turns of the pattern, one behind the other. */
export function chargenTurns(count: number): Uint8Array {
  const turns = new Uint8Array(count * PATTERN.length)
  for (let turn = 0; turn < count; turn++) turns.set(PATTERN, turn * PATTERN.length)
  return turns
}
