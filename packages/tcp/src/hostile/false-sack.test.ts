import { SO_SNDBUF, SOL_SOCKET } from '@jackfield/interfaces'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TcpOption } from '../wire/plain-options.js'
import { Victim, type VictimOptions } from './victim.test-support.js'

const MSS = 1000

function sending(options: VictimOptions = {}, bytes = 60 * MSS): Victim {
  const victim = new Victim({ mss: MSS, window: 8000, ...options })
  victim.write(bytes)
  victim.took()
  return victim
}

/** Blocks, in bytes from the first that is not acknowledged. */
function sack(victim: Victim, ...blocks: [number, number][]): TcpOption[] {
  const from = victim.c.sndUna
  return [{ name: 'sack', blocks: blocks.map(([start, end]) => [(from + start) >>> 0, (from + end) >>> 0]) }]
}

function drain(victim: Victim): void {
  for (let i = 0; i < 500 && victim.c.sndUna !== victim.c.writeSeq; i++) {
    victim.acknowledge()
    victim.wait(30)
  }
  expect(victim.c.sndUna).toBe(victim.c.writeSeq)
  expect(victim.c).toMatchObject({ packetsOut: 0, sackedOut: 0, lostOut: 0, retransOut: 0 })
  victim.took()
}

describe('a receiver that lies by SACK', () => {
  test('blocks beyond what was sent, reversed, empty or below what is acknowledged are counted and ignored', () => {
    const victim = sending()
    const { c } = victim
    const out = (c.sndNxt - c.sndUna) | 0
    victim.honest({ options: sack(victim, [2 * MSS, out + 1], [out, out + MSS], [4 * MSS, 3 * MSS]) })
    victim.honest({ options: sack(victim, [5 * MSS, 5 * MSS], [0x4000_0000, 0x4000_1000], [0, MSS]) })
    expect(c.sackedOut).toBe(0)
    expect(c.cwnd).toBe(10)
    expect(victim.took()).toEqual([])
    expect(victim.tcp.counters.TcpExtTCPSACKDiscard).toBe(6)
    drain(victim)
    victim.expectAlive()
    victim.end()
  })

  test('a D-SACK for more than was ever sent again undoes nothing', () => {
    const victim = sending()
    const { c } = victim
    for (let i = 0; i < 100; i++) victim.honest({ options: sack(victim, [-(i + 1) * MSS, -i * MSS]) })
    expect(c.cwnd).toBe(10)
    expect(victim.tcp.counters.TcpExtTCPDSACKUndo).toBe(0)
    expect(victim.tcp.counters.TcpExtTCPDSACKIgnoredDubious).toBe(100)
    drain(victim)
    victim.expectAlive()
    victim.end()
  })

  test('what it takes back is sent again (reneging, RFC 2018 8)', () => {
    const victim = sending()
    const { c } = victim
    victim.honest({ options: sack(victim, [MSS, 10 * MSS]) })
    expect(c.sackedOut).toBe(9)
    victim.took()
    // It acknowledges the first, and nothing of what it had told of.
    victim.honest({ ack: victim.ack + MSS })
    const first = (victim.ack + MSS) >>> 0
    victim.wait(1000)
    expect(victim.tcp.counters.TcpExtTCPSACKReneging).toBe(1)
    expect(c.sackedOut).toBe(0)
    expect(victim.took().some(({ sequence, payload }) => sequence === first && payload.length === MSS)).toBe(true)
    drain(victim)
    victim.expectAlive()
    victim.end()
  })

  test('a hole in every second packet: as many entries as packets, and what it costs is bounded by them', () => {
    const victim = sending({ settings: { wmem: [4096, 4_194_304, 4_194_304] } }, 2_000_000)
    const { c } = victim
    // A large window first, by honest means.
    for (let i = 0; i < 12 && c.packetsOut < 500; i++) {
      victim.acknowledge()
      victim.wait(20)
    }
    victim.took()
    const packets = c.packetsOut
    expect(packets).toBeGreaterThan(200)
    for (let at = 1; at + 6 < packets; at += 8) {
      const blocks = [0, 2, 4].map((i): [number, number] => [(at + i) * MSS, (at + i + 1) * MSS])
      victim.honest({ options: sack(victim, ...blocks) })
      let entries = 0
      for (let each = c.sendQueue.head; each !== null && each !== c.sendQueue.sendHead; each = each.next) entries++
      expect(entries).toBeLessThanOrEqual(c.packetsOut)
      expect(c.sackedOut + c.lostOut).toBeLessThanOrEqual(c.packetsOut)
    }
    expect(victim.tcp.memory).toBeLessThan(2 * (c.sndBuf + 200_000))
    drain(victim)
    victim.expectAlive()
    victim.end()
  })

  test('a queue that was cut into too many pieces is cut no more', () => {
    // A device that takes large segments: entries of several packets.
    const victim = new Victim({
      mss: MSS,
      window: 8000,
      offload: true,
      settings: { wmem: [4096, 4_194_304, 4_194_304] },
    })
    const { c } = victim
    victim.write(400 * MSS)
    for (let i = 0; i < 3; i++) {
      victim.acknowledge()
      victim.wait(20)
    }
    // The user wants less than is queued: a third may be cut to pieces, and then no more.
    c.setOption(SOL_SOCKET, SO_SNDBUF, 2304)
    expect(c.writeQueued >>> 1).toBeGreaterThan(c.sndBuf + 133_632)
    const middle = c.sendQueue.head?.next
    if (!middle || middle === c.sendQueue.lastSent || middle.packets < 2) throw new Error('too little is out')
    const from = (middle.seq - c.sndUna) | 0
    victim.honest({ options: sack(victim, [from, from + MSS]) })
    expect(victim.tcp.counters.TcpExtTCPWqueueTooBig).toBe(1)
    expect(c.sackedOut).toBe(0)
    drain(victim)
    victim.expectAlive()
    victim.end()
  })

  test('whatever the blocks are, the counts of the scoreboard hold and everything arrives', () => {
    const edge = fc.oneof(fc.integer({ min: -20_000, max: 70_000 }), fc.integer())
    const ack = fc.record({
      blocks: fc.array(fc.tuple(edge, edge), { minLength: 1, maxLength: 4 }),
      advance: fc.nat(3),
      wait: fc.constantFrom(0, 0, 1, 50, 300),
    })
    fc.assert(
      fc.property(fc.array(ack, { maxLength: 40 }), (acks) => {
        const victim = sending()
        const { c } = victim
        for (const { blocks, advance, wait } of acks) {
          const out = (c.sndNxt - c.sndUna) | 0
          victim.ack = (c.sndUna + Math.min(advance * MSS, out)) >>> 0
          victim.honest({ options: sack(victim, ...blocks) })
          if (wait > 0) victim.wait(wait)
          expect(Math.min(c.packetsOut, c.sackedOut, c.lostOut, c.retransOut)).toBeGreaterThanOrEqual(0)
          expect(c.sackedOut + c.lostOut).toBeLessThanOrEqual(c.packetsOut)
          expect(c.cwnd).toBeLessThanOrEqual(200)
        }
        drain(victim)
        victim.expectAlive()
        victim.end()
      }),
      { numRuns: 100 },
    )
  })
})
