import { IpAddress, MacAddress, Prefix, parseZoned, SocketAddress } from '@jackfield/addr'
import type { Chance } from '../chance.js'
import type { Step } from './stateless.js'

const TEXTS = [
  '10.0.0.1',
  '255.255.255.255',
  '::1',
  '2001:db8::1',
  '::ffff:10.0.0.1',
  'fe80::1%eth0',
  '10.0.0.0/8',
  '2001:db8::/32',
  '10.0.0.1:80',
  '[::1]:65535',
  '[fe80::1%eth0]:53',
  '02:00:00:00:00:01',
  '02-00-00-00-00-01',
  '0200.0000.0001',
] as const
const ALPHABET = '0123456789abcdefABCDEFxX.:/[]%- \0\u0661\u{1f600}'

function spoiltText(chance: Chance): string {
  let text: string = chance.oneIn(10) ? '' : chance.pick(TEXTS)
  for (let count = chance.below(4); count > 0; count--) {
    const at = chance.below(text.length + 1)
    const drop = chance.below(3)
    const add = chance.oneIn(2) ? ALPHABET.charAt(chance.below(ALPHABET.length)) : chance.pick(TEXTS)
    text = text.slice(0, at) + (chance.oneIn(3) ? '' : add) + text.slice(at + drop)
  }
  return text
}

/** Address texts: refused with an error that says why, or read so that what is written reads the same. */
export function addresses(): Step {
  const readers: ((text: string) => string)[] = [
    (text) => String(IpAddress.parse(text)),
    (text) => String(Prefix.parse(text)),
    (text) => String(MacAddress.parse(text)),
    (text) => String(SocketAddress.parse(text, () => 3)),
    (text) => String(parseZoned(text).address),
  ]
  return (chance, tell) => {
    const text = spoiltText(chance)
    tell(text)
    for (const read of readers) {
      let written: string
      try {
        written = read(text)
      } catch (error) {
        if ((error instanceof TypeError || error instanceof RangeError) && error.message.length > 10) continue
        throw error
      }
      if (read(written) !== written)
        throw new Error(`${JSON.stringify(text)} reads as ${written}, which reads otherwise`)
    }
  }
}
