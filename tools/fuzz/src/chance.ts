import { createSeededRandom, type RandomSource } from '@jackfield/clock'

/** Numbers at which field decoders go wrong: the ends of their ranges and of signed ones. */
const EDGES = [0, 1, 2, 7, 8, 15, 16, 19, 20, 21, 24, 27, 28, 60, 63, 64, 127, 128, 255] as const
const EDGES_16 = [0, 1, 7, 8, 19, 20, 28, 0x1fff, 0x2000, 0x3fff, 0x4000, 0x7fff, 0x8000, 0xfff8, 0xffff] as const

/** Chance that repeats from a seed, in the forms that generators need. */
export class Chance {
  readonly random: RandomSource

  constructor(seed: string) {
    this.random = createSeededRandom(seed)
  }

  /** 0 to `bound` - 1. */
  below(bound: number): number {
    return this.random.below(bound)
  }

  /** Both ends included. */
  between(least: number, most: number): number {
    return least + this.random.below(most - least + 1)
  }

  /** True once in `count` times on average. */
  oneIn(count: number): boolean {
    return this.random.below(count) === 0
  }

  pick<T>(list: readonly T[]): T {
    const chosen = list[this.random.below(list.length)]
    if (chosen === undefined) throw new RangeError('there is nothing to pick from in an empty list')
    return chosen
  }

  byte(): number {
    return this.oneIn(2) ? this.pick(EDGES) : this.below(256)
  }

  /** 16 bits. */
  half(): number {
    return this.oneIn(2) ? this.pick(EDGES_16) : this.below(0x10000)
  }

  /** 32 bits, signed as addresses are kept. */
  word(): number {
    return this.random.uint32() | 0
  }

  /** A length: mostly short, at times up to `most`. */
  length(most: number): number {
    if (this.oneIn(8)) return this.below(most + 1)
    return this.below(Math.min(most, this.pick([1, 8, 16, 40, 64, 200])) + 1)
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    this.random.fill(bytes)
    return bytes
  }

  /** Bytes of one value or at random. */
  payload(most: number): Uint8Array {
    const length = this.length(most)
    return this.oneIn(3) ? new Uint8Array(length).fill(this.byte()) : this.bytes(length)
  }
}
