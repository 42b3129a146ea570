import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Endpoint } from './endpoint.test-support.js'
import { CALLS, type Row, SEGMENTS, SILENCE, type State, WAYS } from './rfc9293.test-support.js'
import { COMMANDS, step } from './steps.test-support.js'
import { createModel, type Model } from './variables.test-support.js'

const STATES = Object.keys(WAYS) as State[]
const ROWS: Readonly<Record<string, Row>> = { ...SEGMENTS, ...CALLS, silence: SILENCE }

/** An endpoint in a state, and the model with it. */
function at(state: State): { model: Model; real: Endpoint } {
  const model = createModel()
  const real = new Endpoint()
  for (const event of WAYS[state]) expect(step(model, real, event), `${event} on the way to ${state}`).toBe(true)
  expect(model.state).toBe(state)
  return { model, real }
}

/** The end of a run: nothing is kept, and no timer of a connection that is over is armed. */
function end(real: Endpoint): void {
  real.close()
  expect(real.lateTimers()).toBe(0)
  expect(real.tcp.orphans).toBe(0)
  expect(real.tcp.memory).toBe(0)
}

describe('the state machine', () => {
  test('does what every cell of the table of RFC 9293 says', () => {
    for (const [event, row] of Object.entries(ROWS)) {
      for (const state of Object.keys(row) as State[]) {
        const { model, real } = at(state)
        if (row[state]?.when === 'outstanding') step(model, real, 'send')
        expect(step(model, real, event), `${event} in ${state}`).toBe(true)
        end(real)
      }
    }
  })

  test('does so in any order of calls, segments and timeouts, from any state', () => {
    const commands = fc.commands(
      COMMANDS.map((command) => fc.constant(command)),
      { maxCommands: 80, size: 'max' },
    )
    fc.assert(
      fc.property(fc.constantFrom(...STATES), commands, (state, run) => {
        const setting = at(state)
        fc.modelRun(() => setting, run)
        end(setting.real)
      }),
      { numRuns: 500 },
    )
  })
})
