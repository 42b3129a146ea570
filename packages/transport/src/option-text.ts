import type { OptionValue } from '@jackfield/interfaces'

/** The text in an option's value (a string, or bytes of one), up to a NUL; null where there is none. */
export function optionText(value: OptionValue): string | null {
  let text = ''
  if (typeof value === 'string') text = value
  else if (value instanceof Uint8Array) for (const byte of value) text += String.fromCharCode(byte)
  else return null
  const nul = text.indexOf('\0')
  return nul < 0 ? text : text.slice(0, nul)
}
