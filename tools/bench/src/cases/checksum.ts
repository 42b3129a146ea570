import { checksum } from '@jackfield/packet'
import type { Case, Figure } from '../figure.js'
import { alternate, rate, significant } from '../median.js'

const SIZES = [64, 1_460, 65_536]
/** How long one measurement runs, in milliseconds. */
const SPAN = 60

/** The checksum as RFC 1071 section 4.1 writes it, word by word. */
function naive(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0
  let at = start
  for (; at + 1 < end; at += 2) {
    sum += ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
    if (sum > 0xffff) sum = (sum & 0xffff) + 1
  }
  if (at < end) sum += (bytes[at] as number) << 8
  return ~((sum & 0xffff) + (sum >>> 16)) & 0xffff
}

async function run(runs: number): Promise<{ figures: Figure[]; notes: string[] }> {
  const figures: Figure[] = []
  for (const size of SIZES) {
    // Packets begin where their headers leave them: at no alignment in particular.
    const bytes = new Uint8Array(size + 2).map((_, i) => (i * 31 + 7) & 0xff)
    const view = new DataView(bytes.buffer)
    const repeat = Math.ceil(65_536 / size)
    const expected = naive(bytes, 2, size + 2)
    let wrong = 0
    const ours = (): void => {
      for (let i = 0; i < repeat; i++) if (checksum(view, 2, size + 2) !== expected) wrong++
    }
    const theirs = (): void => {
      for (let i = 0; i < repeat; i++) if (naive(bytes, 2, size + 2) !== expected) wrong++
    }
    const [own = 0, other = 0] = await alternate(runs, [
      () => rate(ours, repeat * size, SPAN) / 1e9,
      () => rate(theirs, repeat * size, SPAN) / 1e9,
    ])
    if (wrong > 0) throw new Error('the two checksums differ')
    figures.push({
      name: `Internet checksum of ${size.toLocaleString('en-US')} bytes`,
      value: significant(own),
      unit: 'GB/s',
      peer: { name: 'word by word', value: significant(other) },
      ratio: significant(own / other),
    })
  }
  return { figures, notes: [] }
}

export const checksums: Case = {
  name: 'checksum',
  title: 'the Internet checksum, beside the loop of RFC 1071',
  oneProcessor: true,
  namespace: false,
  run,
}
