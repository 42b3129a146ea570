/** The middle value; of an even number the higher of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted[Math.floor(sorted.length / 2)]
  if (middle === undefined) throw new RangeError('a median needs values')
  return middle
}

/** Three digits that count. */
export function significant(value: number): number {
  return Number(value.toPrecision(3))
}

/**
 * Calls each in turn, round after round, so that whatever else the machine does meets all of them. The first round is for
 * warming up and does not count. Returns the median of each.
 */
export async function alternate(
  rounds: number,
  measures: readonly (() => number | Promise<number>)[],
): Promise<number[]> {
  const values: number[][] = measures.map(() => [])
  for (let round = 0; round <= rounds; round++) {
    for (const [index, measure] of measures.entries()) {
      const value = await measure()
      if (round > 0) values[index]?.push(value)
    }
  }
  return values.map(median)
}

/** How often `batch` (which does `size` operations) can be done, in operations per second, over at least `span` milliseconds. */
export function rate(batch: () => void, size: number, span: number): number {
  const start = performance.now()
  let done = 0
  let elapsed = 0
  do {
    batch()
    done += size
    elapsed = performance.now() - start
  } while (elapsed < span)
  return (done * 1000) / elapsed
}
