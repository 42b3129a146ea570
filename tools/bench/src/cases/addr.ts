import { IpAddress } from '@jackfield/addr'
import ipaddr from 'ipaddr.js'
import type { Case, Figure } from '../figure.js'
import { median, significant } from '../median.js'

const ADDRESSES = 1024
/** How long one measurement runs, in milliseconds. */
const SPAN = 60

/** 32 bits of a xorshift generator with a fixed seed: every run parses the same addresses. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state
  }
}

function ipv4Texts(): string[] {
  const next = generator(0x5eed)
  return Array.from({ length: ADDRESSES }, () => IpAddress.v4(next()).toString())
}

/** Full addresses, addresses with an interface identifier behind `::`, and short ones, a third each. */
function ipv6Texts(): string[] {
  const next = generator(0xface)
  return Array.from({ length: ADDRESSES }, (_, i) => {
    const shape = i % 3
    return IpAddress.v6(
      0x20010db8,
      shape === 2 ? 0 : next(),
      shape === 0 ? next() : 0,
      shape === 2 ? next() & 0xffff : next(),
    ).toString()
  })
}

/** Parses and formats each text. The sum makes use of what was formatted, so that no engine may leave the work out. */
function ours(texts: readonly string[]): number {
  let sum = 0
  for (const text of texts) sum += IpAddress.parse(text).toString().charCodeAt(0)
  return sum
}

function theirs(texts: readonly string[]): number {
  let sum = 0
  for (const text of texts) sum += ipaddr.parse(text).toString().charCodeAt(0)
  return sum
}

/** Addresses parsed and formatted per second, over one span. */
function measure(run: (texts: readonly string[]) => number, texts: readonly string[], expected: number): number {
  const start = performance.now()
  let passes = 0
  let elapsed = 0
  do {
    if (run(texts) !== expected) throw new Error('the two libraries format addresses differently')
    passes++
    elapsed = performance.now() - start
  } while (elapsed < SPAN)
  return (passes * texts.length * 1000) / elapsed
}

/** Both libraries in turn, round by round, so that whatever else the machine does meets both. */
function compare(texts: readonly string[], rounds: number): [number, number] {
  const own: number[] = []
  const other: number[] = []
  const expected = theirs(texts)
  // The first two rounds warm up.
  for (let round = 0; round < rounds + 2; round++) {
    const a = measure(ours, texts, expected)
    const b = measure(theirs, texts, expected)
    if (round < 2) continue
    own.push(a)
    other.push(b)
  }
  return [median(own), median(other)]
}

async function run(runs: number): Promise<{ figures: Figure[]; notes: string[] }> {
  const figures: Figure[] = []
  for (const [version, texts] of [
    ['IPv4', ipv4Texts()],
    ['IPv6', ipv6Texts()],
  ] as const) {
    // Spans are short, and more of them settle the medians.
    const [own, other] = compare(texts, runs * 3)
    figures.push({
      name: `${version} address, parsed and formatted`,
      value: significant(own),
      unit: 'per s',
      peer: { name: 'ipaddr.js', value: significant(other) },
      ratio: significant(own / other),
      aim: { text: '>= 3 times', met: own >= other * 3 },
    })
  }
  return { figures, notes: [] }
}

export const addresses: Case = {
  name: 'addr',
  title: 'addresses parsed and formatted, beside ipaddr.js',
  oneProcessor: true,
  namespace: false,
  run,
}
