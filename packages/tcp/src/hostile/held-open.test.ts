import { Message, SO_LINGER, SOL_SOCKET } from '@jackfield/interfaces'
import { describe, expect, test } from 'vitest'
import type { Connection } from '../connection.js'
import { PAGE } from '../settings.js'
import { CLOSED, ESTABLISHED } from '../state.js'
import { stream, Victim } from './victim.test-support.js'

/** Connections of one attacker, from ports of their own, accepted. */
function hold(victim: Victim, count: number, window = 0): { c: Connection; iss: number; port: number }[] {
  return Array.from({ length: count }, (_, i) => {
    const port = 1000 + i
    victim.send({ flags: 'S', seq: 5000, port, options: [{ name: 'mss', value: 1460 }] })
    const iss = victim.one().sequence
    victim.send({ flags: '.', seq: 5001, ack: iss + 1, port, window })
    return { c: victim.accept(victim.server), iss, port }
  })
}

describe('connections that are only held (sockstress)', () => {
  test('with a closed window, when the user left: tcp_max_orphans of them, the others are reset', () => {
    const victim = new Victim({ settings: { maxOrphans: 10 } })
    const held = hold(victim, 50)
    for (const { c } of held) {
      c.send(new Message(stream(0, 3000)))
      c.close()
      expect(victim.tcp.orphans).toBeLessThanOrEqual(10)
    }
    expect(victim.tcp.counters.TcpExtTCPAbortOnMemory).toBe(40)
    expect(victim.took().filter(({ flags }) => (flags & 4) !== 0)).toHaveLength(40)
    victim.expectAlive()
    // They are let go in the end, though the attacker answers every probe.
    for (let second = 0; second < 1200 && victim.tcp.orphans > 0; second++) {
      for (const { destinationPort, sequence } of victim.took()) {
        victim.send({ flags: '.', seq: 5001, ack: sequence + 1, port: destinationPort, window: 0 })
      }
      victim.wait(1000)
    }
    expect(victim.tcp.orphans).toBe(0)
    expect(victim.tcp.connections.size).toBe(2)
    victim.expectAlive()
    victim.end()
  })

  test('orphans whose peers are silent go first, at their next timeout, once there are many', () => {
    const victim = new Victim({ settings: { maxOrphans: 20 } })
    for (const { c } of hold(victim, 15, 60_000)) {
      c.send(new Message(stream(0, 3000)))
      c.close()
    }
    expect(victim.tcp.orphans).toBe(15)
    victim.tcp.settings.maxOrphans = 5
    victim.took()
    victim.wait(2000)
    expect(victim.tcp.orphans).toBeLessThanOrEqual(5)
    expect(victim.tcp.counters.TcpExtTCPAbortOnMemory).toBe(15 - victim.tcp.orphans)
    victim.expectAlive()
    victim.wait(1_000_000)
    victim.end()
  })

  test('in FIN-WAIT-2 for ever: a small object each, tcp_max_tw_buckets of them, and a minute', () => {
    const victim = new Victim({ settings: { maxTwBuckets: 10 } })
    for (const { c, iss, port } of hold(victim, 30, 60_000)) {
      c.close()
      victim.send({ flags: '.', seq: 5001, ack: iss + 2, port, window: 60_000 })
      expect(victim.tcp.timeWaits.size).toBeLessThanOrEqual(10)
    }
    expect(victim.tcp.counters.TcpExtTCPTimeWaitOverflow).toBe(20)
    expect(victim.tcp.orphans).toBe(0)
    expect(victim.tcp.connections.size).toBe(2)
    victim.wait(61_000)
    expect(victim.tcp.timeWaits.size).toBe(0)
    victim.expectAlive()
    victim.end()
  })

  test('a flood of FINs: CLOSE-WAIT waits for the user, and costs no timer', () => {
    const victim = new Victim()
    const held = hold(victim, 30)
    for (const { iss, port } of held) {
      for (let i = 0; i < 10; i++) victim.send({ flags: 'F.', seq: 5001, ack: iss + 1, port })
    }
    victim.wait(1000)
    for (const { c } of held) {
      expect(c.finReceived).toBe(true)
      expect(c.retransmitTimer?.armed ?? false).toBe(false)
      c.close()
    }
    victim.expectAlive()
    for (const { iss, port } of held) victim.send({ flags: '.', seq: 5002, ack: iss + 2, port })
    expect(victim.tcp.connections.size).toBe(2)
    victim.end()
  })
})

describe('memory of all connections (net.ipv4.tcp_mem)', () => {
  test('what nobody reads is taken up to the limit, and the others still get through', () => {
    // 64 pages: 256 KB.
    const victim = new Victim({ settings: { mem: [32, 48, 64], moderateRcvbuf: 0 } })
    const held = hold(victim, 40, 60_000)
    const limit = 64 * PAGE
    for (let round = 0; round < 20; round++) {
      for (const { iss, port, c } of held) {
        const seq = (5001 + c.bytesReceived) >>> 0
        victim.send({ flags: '.', seq, ack: iss + 1, port, payload: new Uint8Array(1460) })
      }
      // Each may have the least of tcp_rmem, and a packet over it.
      expect(victim.tcp.memory).toBeLessThan(limit + 40 * (4096 + 4096))
      victim.took()
    }
    const { counters } = victim.tcp
    expect(counters.TcpExtTCPRcvQDrop).toBeGreaterThan(0)
    expect(counters.TcpExtTCPMemoryPressures).toBe(1)
    victim.expectAlive()
    for (const { c } of held) c.close()
    victim.expectAlive()
    expect(victim.tcp.memory).toBeLessThan(4096)
    victim.end()
  })

  test('what nobody acknowledges is taken from writers up to the limit; then they wait', () => {
    const victim = new Victim({ settings: { mem: [32, 48, 64] } })
    const held = hold(victim, 40, 60_000)
    for (const { c } of held) c.send(new Message(stream(0, 60_000)))
    expect(victim.tcp.memory).toBeLessThan(64 * PAGE + 40 * (4096 + 65_536 / 16))
    victim.took()
    victim.expectAlive()
    for (const { c } of held) c.setOption(SOL_SOCKET, SO_LINGER, { onoff: true, linger: 0 })
    for (const { c } of held) {
      c.close()
      expect(c.state).toBe(CLOSED)
    }
    expect(victim.c.state).toBe(ESTABLISHED)
    victim.expectAlive()
    victim.end()
  })
})
