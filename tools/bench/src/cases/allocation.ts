import { getHeapStatistics } from 'node:v8'
import type { Case, Figure } from '../figure.js'
import { median, significant } from '../median.js'
import { createStackPair } from '../stack-pair.js'

/** In one measurement: few enough for all that they allocate to fit into the young generation uncollected. */
const COUNT = 64 * 512
const WARM_UP = COUNT * 40
const AIM = 64

declare const gc: () => void

/** Bytes allocated so far, by V8 on its heap and outside of it, as long as nothing is collected. */
function allocated(): number {
  const { used_heap_size: heap, external_memory: outside, malloced_memory: malloced } = getHeapStatistics()
  return heap + outside + malloced
}

/** Bytes that `work` allocates; null where something was collected meanwhile. */
function measure(work: () => void): number | null {
  gc()
  const before = allocated()
  work()
  const after = allocated()
  // A collection would show as a number that fell, or as a heap that is smaller than what was there.
  return after < before ? null : after - before
}

async function run(runs: number): Promise<{ figures: Figure[]; notes: string[] }> {
  const figures: Figure[] = []
  for (const size of [64, 1_400]) {
    const pair = createStackPair(size, 64)
    pair.exchange(WARM_UP)
    const empty: number[] = []
    const busy: number[] = []
    for (let round = 0; round < runs * 2; round++) {
      const nothing = measure(() => {})
      const something = measure(() => pair.exchange(COUNT))
      if (nothing !== null) empty.push(nothing)
      if (something !== null) busy.push(something)
    }
    const bytes = (median(busy) - median(empty)) / COUNT
    figures.push({
      name: `${size}-byte datagram, sendto to recvfrom`,
      value: significant(Math.max(0, bytes)),
      unit: 'bytes',
      aim: { text: `< ${AIM}`, met: bytes < AIM },
    })
    await pair.close()
  }
  return {
    figures,
    notes: [
      `used heap, external and malloced memory before and after ${COUNT.toLocaleString('en-US')} datagrams between two forced collections, ` +
        'less what an empty measurement shows; a young generation of 64 MiB, so that none is collected between',
      'into one buffer and one address object of the caller, after a warm-up',
    ],
  }
}

export const allocation: Case = {
  name: 'allocation',
  title: 'bytes allocated for each datagram in steady state, sent and received',
  oneProcessor: true,
  namespace: false,
  run,
}
