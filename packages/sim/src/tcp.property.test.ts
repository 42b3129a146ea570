import { describe, test } from 'vitest'
import { runScenario, runSeeds } from './tcp.test-support.js'

describe('a connection over any way', () => {
  test('delivers the bytes sent, once, in order, and ends', () => runSeeds(200, runScenario), 14_400_000)
})
