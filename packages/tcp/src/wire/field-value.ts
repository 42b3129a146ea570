/** @internal The value, if it fits in a field of so many bits; else throws. */
export function fieldValue(value: number, bits: number, what: string): number {
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** bits) {
    throw new RangeError(`${what} is an integer from 0 to ${2 ** bits - 1}, not ${value}`)
  }
  return value
}
