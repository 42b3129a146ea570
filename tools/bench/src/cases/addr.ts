import { IpAddress } from '@jackfield/addr'
import ipaddr from 'ipaddr.js'

const ADDRESSES = 1024
const ROUNDS = 15
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

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] as number
}

/** Both libraries in turn, round by round, so that whatever else the machine does meets both. */
function compare(texts: readonly string[]): [number, number] {
  const own: number[] = []
  const other: number[] = []
  const expected = theirs(texts)
  // The first two rounds warm up.
  for (let round = 0; round < ROUNDS + 2; round++) {
    const a = measure(ours, texts, expected)
    const b = measure(theirs, texts, expected)
    if (round < 2) continue
    own.push(a)
    other.push(b)
  }
  return [median(own), median(other)]
}

/**
 * Parsing and formatting addresses, beside ipaddr.js: medians in addresses per second (one parsed and formatted), and how many
 * times as fast ours is. About four seconds.
 */
export async function run(): Promise<Record<string, number>> {
  const [ipv4, ipv4Peer] = compare(ipv4Texts())
  const [ipv6, ipv6Peer] = compare(ipv6Texts())
  return {
    'addr ipv4 parse+format, ops/s': Math.round(ipv4),
    'ipaddr.js ipv4 parse+format, ops/s': Math.round(ipv4Peer),
    'addr ipv4 ratio': Math.round((ipv4 / ipv4Peer) * 100) / 100,
    'addr ipv6 parse+format, ops/s': Math.round(ipv6),
    'ipaddr.js ipv6 parse+format, ops/s': Math.round(ipv6Peer),
    'addr ipv6 ratio': Math.round((ipv6 / ipv6Peer) * 100) / 100,
  }
}
