import { describe, test } from 'vitest'
import { firstSeed, runScenario, runsWanted } from './tcp.test-support.js'

describe('a connection over any way', () => {
  test('delivers the bytes sent, once, in order, and ends', async () => {
    const first = firstSeed()
    const last = first + runsWanted(200)
    for (let seed = first; seed < last; seed++) await runScenario(seed)
  }, 3_600_000)
})
