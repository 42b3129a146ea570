import type { OptionValue } from '@jackfield/interfaces'

/** The integer in an option's value (a number, or 1 to 4 bytes, the lowest first); NaN where there is none. */
export function optionInteger(value: OptionValue): number {
  if (typeof value === 'number') return Number.isInteger(value) ? value | 0 : Number.NaN
  if (!(value instanceof Uint8Array) || value.length === 0) return Number.NaN
  let result = 0
  for (let i = 0; i < Math.min(4, value.length); i++) result |= (value[i] as number) << (8 * i)
  return result
}
