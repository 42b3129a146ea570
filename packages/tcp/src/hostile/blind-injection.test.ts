import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { letters } from '../listener/peer.test-support.js'
import { receiveWindow } from '../receive/window.js'
import { CLOSED, ESTABLISHED } from '../state.js'
import { Victim } from './victim.test-support.js'

describe('somebody who guesses sequence numbers (RFC 5961)', () => {
  test('cannot reset a connection from within the window: challenges, two a second at most', () => {
    const victim = new Victim()
    const window = receiveWindow(victim.c)
    for (let at = 1; at < window; at += 100) victim.blind('R', at)
    const answers = victim.took()
    expect(answers.map(letters)).toEqual(['.'])
    expect(answers[0]).toMatchObject({ acknowledgment: victim.seq, sequence: victim.ack })
    const { counters } = victim.tcp
    expect(counters.TcpExtTCPChallengeACK).toBe(1)
    expect(counters.TcpExtTCPACKSkippedChallenge).toBe(Math.ceil((window - 1) / 100) - 1)
    victim.wait(500)
    victim.blind('R', 7)
    expect(victim.took()).toHaveLength(1)
    victim.expectAlive()
    victim.end()
  })

  test('a reset outside of the window is not even answered', () => {
    const victim = new Victim()
    for (const at of [-100, -2, receiveWindow(victim.c) + 1, 2 ** 31 - 1, -(2 ** 31)]) victim.blind('R', at)
    expect(victim.took()).toEqual([])
    expect(victim.tcp.counters.TcpExtTCPChallengeACK).toBe(0)
    victim.expectAlive()
    victim.end()
  })

  test('the one at the next number is the peer, whom a challenge lets prove itself', () => {
    const victim = new Victim()
    victim.blind('R', 1)
    // A peer that is really gone answers the challenge with the number that it names.
    const [challenge] = victim.took()
    victim.send({ flags: 'R', seq: challenge?.acknowledgment ?? 0 })
    expect(victim.c.state).toBe(CLOSED)
    victim.end()
  })

  test('the host as a whole sends about tcp_challenge_ack_limit challenges a second, not a number to count by', () => {
    const victim = new Victim({ settings: { challengeAckLimit: 8, invalidRatelimit: 0 } })
    for (let port = 1; port <= 30; port++) victim.handshake(5000, port)
    victim.took()
    const counts = new Set<number>()
    for (let second = 0; second < 12; second++) {
      for (let port = 1; port <= 30; port++) victim.send({ flags: 'R', seq: 5100, port })
      const sent = victim.took().length
      expect(sent).toBeGreaterThanOrEqual(4)
      expect(sent).toBeLessThanOrEqual(12)
      counts.add(sent)
      victim.wait(1000)
    }
    expect(counts.size).toBeGreaterThan(1)
    victim.expectAlive()
    victim.end()
  })

  test('a SYN does nothing, in the window or out of it', () => {
    const victim = new Victim()
    for (let i = 0; i < 100; i++) victim.blind('S', (i - 50) * 1000, { options: [{ name: 'mss', value: 1460 }] })
    for (let i = 0; i < 100; i++) victim.blind('S.', (i - 50) * 1000)
    expect(victim.took().map(letters)).toEqual(['.'])
    expect(victim.tcp.counters).toMatchObject({ TcpExtTCPSYNChallenge: 200, TcpExtTCPACKSkippedChallenge: 199 })
    victim.expectAlive()
    victim.end()
  })

  test('data with an acknowledgement that cannot be is not taken, nor is a FIN', () => {
    const victim = new Victim()
    victim.write(100)
    victim.acknowledge()
    victim.took()
    const { c } = victim
    for (const off of [1, 1000, 0x4000_0000, -200_000_000]) {
      const ack = (c.sndNxt + off) >>> 0
      victim.blind('P.', 0, { ack, payload: new Uint8Array(50) })
      victim.blind('F.', 0, { ack })
      victim.blind('R.', 5, { ack })
    }
    expect(c.inOrder.bytes + c.outOfOrder.charged).toBe(0)
    expect(c.shut).toBe(0)
    expect(victim.took().length).toBeLessThanOrEqual(1)
    // All of them are challenged, once in half a second.
    expect(victim.tcp.counters).toMatchObject({ TcpExtTCPChallengeACK: 1, TcpExtTCPACKSkippedChallenge: 11 })
    victim.expectAlive()
    victim.end()
  })

  test('segments without ACK are not looked at', () => {
    const victim = new Victim()
    for (const flags of ['', 'F', 'P', 'U', 'FPU']) victim.blind(flags, 0, { payload: new Uint8Array(30), urgent: 3 })
    expect(victim.took()).toEqual([])
    victim.expectAlive()
    victim.end()
  })

  test('any blind segments leave the stream and the state as they were', () => {
    const flags = fc.constantFrom('R', 'R.', 'S', 'S.', '.', 'P.', 'F.', 'FPU.', 'U.', 'SF', 'SR', 'FR', '')
    // Within the window, but never the next number; the acknowledgement outside of what RFC 5961 takes.
    const attack = fc.record({
      flags,
      at: fc.oneof(fc.integer({ min: 1, max: 60_000 }), fc.integer({ min: -(2 ** 31), max: -2 })),
      ack: fc.integer({ min: 1, max: 0x3fff_ffff }),
      length: fc.nat(100),
      wait: fc.constantFrom(0, 0, 0, 1, 600),
    })
    fc.assert(
      fc.property(fc.array(attack, { maxLength: 40 }), fc.boolean(), (attacks, timestamps) => {
        const victim = new Victim({ timestamps })
        for (const { flags, at, ack, length, wait } of attacks) {
          victim.blind(flags, at, {
            ack: (victim.c.sndNxt + ack) >>> 0,
            payload: new Uint8Array(length),
            urgent: length,
          })
          if (wait > 0) victim.wait(wait)
        }
        expect(victim.c.state).toBe(ESTABLISHED)
        expect(victim.c.inOrder.bytes + victim.c.outOfOrder.charged).toBe(0)
        victim.expectAlive()
        victim.end()
      }),
      { numRuns: 150 },
    )
  })
})
