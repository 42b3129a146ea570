import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clearScoreboard } from './scoreboard.js'
import { MSS, Sender } from './sender.test-support.js'

const BLOCK = fc.tuple(fc.nat(30), fc.integer({ min: 1, max: 8 }))

const STEP = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      packets: fc.integer({ min: 1, max: 12 }),
      size: fc.constantFrom(MSS, 300, 5000, 20_000),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('ack' as const),
      // Of what is out, in 1/16; blocks in packets from there.
      share: fc.nat(16),
      odd: fc.constantFrom(0, 0, 0, 1, 499, -700),
      blocks: fc.array(BLOCK, { maxLength: 4 }),
      dsack: fc.boolean(),
      shift: fc.constantFrom(0, 0, 0, 130),
      window: fc.constantFrom(1 << 20, 1 << 20, 20_000, 3000, 0),
      echo: fc.constantFrom(0, 1, 20, 500),
      ece: fc.constantFrom(false, false, false, true),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), milliseconds: fc.constantFrom(1, 10, 30, 250, 1200) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('mtu' as const), mss: fc.constantFrom(400, 700, 1000) }) },
)

describe('the scoreboard', () => {
  test('counts what the queue holds, under any acknowledgements, blocks, timeouts and sizes', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom(0, 1, 3, 5, 7),
        fc.constantFrom(0x7fff_f000 | 0, 0, -5000, 1_000_000),
        fc.array(STEP, { minLength: 5, maxLength: 60 }),
        (sack, timestamps, offload, recovery, first, steps) => {
          const sender = new Sender({ sack, timestamps, offload, first, settings: { recovery } })
          const { c } = sender
          c.ecn = 1
          for (const step of steps) {
            if (step.kind === 'write') sender.write(step.packets * step.size, step.size)
            else if (step.kind === 'wait') {
              sender.wait(step.milliseconds)
              sender.check()
            } else if (step.kind === 'mtu') c.mss = c.mssClamp = step.mss
            else {
              const una = (c.sndUna - sender.first) | 0
              const out = (c.sndNxt - c.sndUna) | 0
              const ack = una + Math.floor((out * step.share) / 16) + step.odd
              const blocks = step.blocks.map(([from, length]): [number, number] => [
                ack + from * MSS + step.shift,
                ack + (from + length) * MSS + step.shift,
              ])
              if (step.dsack) blocks.unshift([ack - 2 * MSS, ack - MSS])
              const echo = timestamps ? { echo: sender.ms - step.echo } : {}
              sender.ack(ack, {
                sack: sack ? blocks.slice(0, 4) : [],
                window: step.window,
                ece: step.ece,
                ...echo,
              })
            }
            expect(c.deviceQueued).toBe(0)
            expect(c.srtt8).toBeGreaterThanOrEqual(0)
            expect(Number.isFinite(c.cwnd)).toBe(true)
          }
          // A peer that has it all ends every recovery.
          for (let i = 0; i < 400 && c.sndUna !== c.writeSeq; i++) {
            sender.wait(50)
            sender.ack((c.sndNxt - sender.first) | 0, { window: 1 << 20 })
          }
          expect(c.sndUna).toBe(c.writeSeq)
          expect([c.packetsOut, c.lostOut, c.retransOut, c.writeQueued]).toEqual([0, 0, 0, 0])
          expect(sender.network.pool.outstanding).toBe(0)
        },
      ),
      { numRuns: 250 },
    )
  })

  test('is blank after it was cleared', () => {
    const sender = new Sender()
    const { c } = sender
    sender.write(20_000)
    sender.wait(100)
    sender.ack(0, { sack: [[1000, 5000]] })
    c.sendQueue.clear()
    clearScoreboard(c)
    expect([c.packetsOut, c.sackedOut, c.lostOut, c.retransOut]).toEqual([0, 0, 0, 0])
    expect([c.retransmitHint, c.sackHint]).toEqual([null, null])
  })

  test('keeps what is SACKed short to walk', () => {
    const sender = new Sender({ cwnd: 200 })
    sender.write(200_000)
    sender.wait(100)
    for (let end = 3000; end <= 200_000; end += 1000) sender.ack(0, { sack: [[2000, end]] })
    let entries = 0
    for (let each = sender.c.sendQueue.head; each !== null; each = each.next) entries++
    expect(entries).toBe(3)
    expect(sender.c.sackedOut).toBe(198)
  })
})
