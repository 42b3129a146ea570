import { describe, expect, it } from 'vitest'
import { describeFinding, run } from './run.js'
import type { Subject, Target } from './subject.js'
import { TARGETS } from './targets/index.js'

/** Over all targets. */
const INPUTS = 60_000

const shares = TARGETS.reduce((sum, { share }) => sum + share, 0)

describe('nothing that comes in does harm', () => {
  for (const target of TARGETS) {
    it(`to ${target.name}`, async () => {
      const inputs = Math.ceil((INPUTS * target.share) / shares)
      const results = await run({ seed: 'short', targets: [target], inputs, round: 2500, now: () => 0 })
      expect(results.map(({ finding }) => (finding === null ? '' : describeFinding(finding)))).toEqual([''])
      expect(results[0]?.inputs).toBe(inputs)
    })
  }
})

describe('a run', () => {
  const target = (wrong: Partial<Subject>): Target => ({
    name: 'wrong',
    share: 1,
    create: () => ({
      input() {},
      check() {},
      settle() {},
      close: async () => {},
      counters: () => ({}),
      lastInput: () => 'c0ffee',
      ...wrong,
    }),
  })

  it('stops at a finding, and tells how to see it again', async () => {
    let fed = 0
    const subject = target({
      input() {
        if (fed++ === 42) throw new Error('harm')
      },
    })
    const [result] = await run({ seed: 's', targets: [subject], inputs: 100, round: 100, now: () => 0 })
    expect(result?.inputs).toBe(43)
    const text = result?.finding ? describeFinding(result.finding) : ''
    expect(text).toContain('harm')
    expect(text).toContain('c0ffee')
    expect(text).toContain('pnpm fuzz --seed s --target wrong --round 100 --replay 42')
  })

  it('finds inputs that take too long, and heaps that grow', async () => {
    let time = 0
    const slow = target({
      input() {
        time += 5000
      },
    })
    const [first] = await run({ seed: 's', targets: [slow], inputs: 1, round: 1, now: () => time })
    expect(first?.finding?.error.message).toContain('5000 ms')
    let heap = 0
    const growing = target({
      input() {
        heap += 1e6
      },
    })
    const collected = { collect() {}, heapUsed: () => heap }
    const [second] = await run({ seed: 's', targets: [growing], inputs: 100, round: 100, now: () => 0, ...collected })
    expect(second?.finding?.error.message).toContain('heap grew')
  })

  it('is the same for the same seed', async () => {
    const [ip] = TARGETS
    const inputs: string[][] = []
    for (let i = 0; i < 2; i++) {
      const seen: string[] = []
      const recording: Target = {
        name: 'ip',
        share: 1,
        create(chance) {
          const subject = (ip as Target).create(chance)
          return {
            input(given) {
              subject.input(given)
              seen.push(subject.lastInput())
            },
            check: () => subject.check(),
            settle: () => subject.settle(),
            close: () => subject.close(),
            counters: () => subject.counters(),
            lastInput: () => subject.lastInput(),
          }
        },
      }
      await run({ seed: 'same', targets: [recording], inputs: 300, round: 300, now: () => 0 })
      inputs.push(seen)
    }
    expect(inputs[0]).toHaveLength(300)
    expect(inputs[1]).toEqual(inputs[0])
  })
})
