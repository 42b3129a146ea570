let strict = false
let count = 0

/**
 * Makes a second `release` of a packet an error, and never uses a packet object again (tests do this). Without it a second
 * release is counted and has no effect, unless the object has become another packet meanwhile.
 */
export function setPacketChecks(on: boolean): void {
  strict = on
}

/** How many times a packet was released twice since the program began. */
export function doubleReleases(): number {
  return count
}

/** @internal */
export function packetChecks(): boolean {
  return strict
}

/** @internal */
export function releasedTwice(): void {
  count++
  if (strict) throw new Error('a packet was released twice: whoever passed it on no longer owns it')
}
