/** All ones are for ever (RFC 4861 4.6.2, RFC 4191 2.3). */
const FOREVER = 0xffff_ffff

/** The longest lifetime that ends, in seconds. */
export const LONGEST_LIFETIME: number = FOREVER - 1

/** A lifetime in seconds, Infinity for ever, of what an option says. */
export function lifetimeFromWire(seconds: number): number {
  return seconds === FOREVER ? Infinity : seconds
}

/** What an option says of a lifetime in seconds, Infinity for ever. */
export function lifetimeToWire(lifetime: number): number {
  return lifetime === Infinity ? FOREVER : lifetime
}
