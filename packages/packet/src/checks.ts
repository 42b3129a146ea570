let strict = false
let count = 0

/** Makes a second `release` of a packet an error (tests do this); without it the fault is counted and has no effect. */
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
