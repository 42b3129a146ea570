import { toHex } from '../bytes.js'
import type { Chance } from '../chance.js'
import type { Subject, Target } from '../subject.js'

/** One input, of which it tells what it is before it does anything with it. */
export type Step = (chance: Chance, tell: (input: Uint8Array | string) => void) => void

/** A function without a state: each input stands alone. */
export function statelessTarget(name: string, share: number, create: () => Step): Target {
  return {
    name,
    share,
    create(): Subject {
      const step = create()
      let last: Uint8Array | string = ''
      const tell = (input: Uint8Array | string) => {
        last = input
      }
      return {
        input: (chance) => step(chance, tell),
        check() {},
        settle() {},
        close: async () => {},
        counters: () => ({}),
        lastInput: () => (typeof last === 'string' ? JSON.stringify(last) : toHex(last)),
      }
    },
  }
}
