import { describe, expect, test } from 'vitest'
import { Victim } from './hostile/victim.test-support.js'

/** What is counted of the short way: data, acknowledgements. */
function short(victim: Victim): [number, number] {
  const { TcpExtTCPHPHits, TcpExtTCPHPAcks } = victim.tcp.counters
  return [TcpExtTCPHPHits, TcpExtTCPHPAcks]
}

describe('header prediction', () => {
  test.each([false, true])(
    'takes the next data and acknowledgements of a plain transfer (timestamps %s)',
    (timestamps) => {
      const victim = new Victim({ timestamps })
      // The first segment scales the window of the handshake.
      victim.honestData(100)
      const [data, acks] = short(victim)
      for (let i = 0; i < 5; i++) victim.honestData(100)
      expect(short(victim)).toEqual([data + 5, acks])
      expect(victim.write(1000)).toBe(1000)
      victim.acknowledge()
      expect(short(victim)).toEqual([data + 5, acks + 1])
      expect(victim.c.sndUna).toBe(victim.c.sndNxt)
      victim.expectRead(600)
      victim.expectAlive()
      victim.end()
    },
  )

  test('leaves alone what is not as expected', () => {
    const victim = new Victim({ timestamps: true })
    victim.honestData(100)
    const before = short(victim)
    // Another window, a gap, urgent data, a segment without the timestamp that was agreed on, one with an old one.
    victim.honest({ flags: 'P.', window: 60_000, payload: new Uint8Array(0) })
    victim.honest({ flags: '.', seq: victim.seq + 500, payload: new Uint8Array(10) })
    victim.blind('P.', 0, { payload: new Uint8Array(10) })
    expect(short(victim)).toEqual(before)
  })
})
