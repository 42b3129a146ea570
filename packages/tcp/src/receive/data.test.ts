import { POLLIN } from '@jackfield/interfaces'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CLOSE_WAIT, CLOSING, FIN_WAIT_1 } from '../state.js'
import { FLAG_FIN } from '../wire/segment.js'
import { byteAt, fill, MSS, Receiver } from './receiver.test-support.js'
import { receiveCharge } from './space.js'

function expectStream(bytes: Uint8Array, from: number): void {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== byteAt(from + i)) throw new Error(`byte ${from + i} is wrong`)
}

describe('data that arrives', () => {
  it('is queued in order and wakes the reader', () => {
    const r = new Receiver()
    r.arrive(0, 100)
    r.arrive(100, 250)
    expect(r.c.inOrder.bytes).toBe(250)
    expect(r.woken).toContain(POLLIN)
    expect(r.c.bytesReceived).toBe(250)
    const { result, bytes } = r.read(1000)
    expect(result).toBe(250)
    expectStream(bytes, 0)
    expect(r.leaks()).toBe(0)
  })

  it('delivers every byte once and in order, whatever overlaps and in whatever order it comes', () => {
    const segment = fc.record({ from: fc.nat(4000), length: fc.integer({ min: 1, max: 900 }) })
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 60 }), fc.boolean(), (segments, sack) => {
        const r = new Receiver({ sack })
        for (const { from, length } of segments) {
          r.arrive(from, from + length)
          expect(r.c.outOfOrder.charged + r.c.inOrder.charged).toBe(r.tcp.memory)
          // No block is told that is here in order, or not here.
          for (let i = 0; i < r.c.sackCount; i++) {
            expect(((r.c.sackStart[i] ?? 0) - r.c.rcvNxt) | 0).toBeGreaterThan(0)
          }
        }
        let end = 0
        const got = new Set<number>()
        for (const { from, length } of segments) for (let i = from; i < from + length; i++) got.add(i)
        while (got.has(end)) end++
        expect(r.c.inOrder.bytes).toBe(end)
        const { bytes } = r.read(10_000)
        expect(bytes.length).toBe(end)
        expectStream(bytes, 0)
        expect(r.leaks()).toBe(0)
      }),
      { numRuns: 80 },
    )
  })

  it('that came before is told as D-SACK, at once (RFC 2883 4.1)', () => {
    const r = new Receiver()
    r.arrive(0, 500)
    r.sent()
    r.arrive(100, 300)
    expect(r.sent()).toMatchObject([{ ack: 500, sack: [[100, 300]] }])
    // Partly new: the old part is told.
    r.arrive(400, 600)
    expect(r.sent()).toMatchObject([{ ack: 600, sack: [[400, 500]] }])
    expect(r.counters.TcpExtTCPDSACKOldSent).toBe(2)
    expect(r.read(1000).result).toBe(600)
    expect(r.leaks()).toBe(0)
  })

  it('out of order is told by SACK, the newest block first (RFC 2018 4)', () => {
    const r = new Receiver()
    r.arrive(1000, 2000)
    r.arrive(3000, 4000)
    r.arrive(5000, 6000)
    expect(r.sent().map(({ sack }) => sack)).toEqual([
      [[1000, 2000]],
      [
        [3000, 4000],
        [1000, 2000],
      ],
      [
        [5000, 6000],
        [3000, 4000],
        [1000, 2000],
      ],
    ])
    // It touches one: that block grows and goes first.
    r.arrive(2000, 2500)
    r.wait(2)
    expect(r.sent()[0]?.sack[0]).toEqual([1000, 2500])
    // It closes a gap between two.
    r.arrive(2500, 3000)
    r.wait(10)
    expect(r.sent()[0]?.sack).toEqual([
      [1000, 4000],
      [5000, 6000],
    ])
    // The first gap closes.
    r.arrive(0, 1000)
    expect(r.sent()).toMatchObject([{ ack: 4000, sack: [[5000, 6000]] }])
    r.arrive(4000, 5000)
    expect(r.sent()).toMatchObject([{ ack: 6000, sack: [] }])
    expect(r.leaks()).toBe(0)
  })

  it('out of order that came twice is told as D-SACK before the blocks', () => {
    const r = new Receiver()
    r.arrive(1000, 3000)
    r.sent()
    r.arrive(1500, 2000)
    expect(r.sent()).toMatchObject([
      {
        ack: 0,
        sack: [
          [1500, 2000],
          [1000, 3000],
        ],
      },
    ])
    r.arrive(2500, 3500)
    expect(r.sent()[0]?.sack).toEqual([
      [2500, 3000],
      [1000, 3500],
    ])
    expect(r.counters.TcpExtTCPDSACKOfoSent).toBe(2)
    // The gap is filled by more than it lacks.
    r.arrive(0, 1200)
    expect(r.sent()).toMatchObject([{ ack: 3500, sack: [[1000, 1200]] }])
    expect(r.leaks()).toBe(0)
  })

  it('without SACK out of order is answered by bare duplicates', () => {
    const r = new Receiver({ sack: false })
    for (let i = 1; i < 6; i++) r.arrive(i * 1000, i * 1000 + 1000)
    expect(r.sent()).toMatchObject([0, 0, 0, 0, 0].map((ack) => ({ ack, sack: [] })))
    expect(r.leaks()).toBe(0)
  })

  it('outside of the window is dropped and answered', () => {
    const r = new Receiver()
    r.arrive(10_000_000, 10_000_100)
    expect(r.c.outOfOrder.length).toBe(0)
    expect(r.acks()).toEqual([0])
    expect(r.leaks()).toBe(0)
  })

  it('for a closed window is dropped, counted and answered; a FIN is let in', () => {
    const r = new Receiver({ buffer: 8192, scaling: false })
    const at = fill(r)
    r.arrive(at, at + MSS)
    expect(r.sent()).toMatchObject([{ ack: at, window: 0 }])
    expect(r.counters.TcpExtTCPToZeroWindowAdv).toBe(1)
    expect(r.counters.TcpExtTCPZeroWindowDrop).toBe(1)
    r.arrive(at, at, { flags: FLAG_FIN })
    expect(r.c.finReceived).toBe(true)
    expect(r.c.state).toBe(CLOSE_WAIT)
    expect(r.read(100_000).result).toBe(at)
    expect(r.read(10).result).toBe(0)
    expect(r.leaks()).toBe(0)
  })

  it('never pins more than the buffer and one packet, whatever a peer sends', () => {
    const r = new Receiver({ buffer: 65_536 })
    // Every second byte, from the end: nothing can be put together.
    for (let i = 3000; i > 0; i--) r.arrive(i * 2, i * 2 + 1)
    expect(receiveCharge(r.c)).toBeLessThanOrEqual(65_536 + 768)
    expect(r.counters.TcpExtPruneCalled).toBeGreaterThan(0)
    expect(r.counters.TcpExtOfoPruned).toBeGreaterThan(0)
    expect(r.leaks()).toBe(0)
  })

  it('makes room by dropping what is out of order, so that what comes next is taken', () => {
    const r = new Receiver({ buffer: 16_384 })
    for (let i = 1; i < 23; i++) r.arrive(1000 + i * 200, 1100 + i * 200)
    expect(receiveCharge(r.c)).toBeGreaterThan(16_384)
    const held = r.c.outOfOrder.length
    r.arrive(0, 1000)
    expect(r.c.inOrder.bytes).toBe(1000)
    expect(r.c.outOfOrder.length).toBeLessThan(held)
    expect(r.c.sackCount).toBe(0)
    expect(r.leaks()).toBe(0)
  })

  it('a small packet in a large buffer is copied out of it', () => {
    const r = new Receiver()
    r.arrive(0, 100, { buffer: 65_536 })
    expect(r.c.inOrder.charged).toBe(512 + 256)
    r.arrive(5000, 5100, { buffer: 65_536 })
    expect(r.c.outOfOrder.charged).toBe(512 + 256)
    expect(r.leaks()).toBe(0)
  })
})

describe('a FIN', () => {
  it('in order ends the stream: the rest is read first', () => {
    const r = new Receiver()
    r.arrive(0, 10, { flags: FLAG_FIN })
    expect(r.c.state).toBe(CLOSE_WAIT)
    expect(r.c.rcvNxt).toBe((r.first + 11) | 0)
    expect(r.read(100).result).toBe(10)
    expect(r.read(100).result).toBe(0)
    expect(r.c.copiedSeq).toBe(r.c.rcvNxt)
    expect(r.leaks()).toBe(0)
  })

  it('out of order waits for what is before it', () => {
    const r = new Receiver()
    r.arrive(10, 20, { flags: FLAG_FIN })
    expect(r.c.finReceived).toBe(false)
    expect(r.sent()).toMatchObject([{ ack: 0, sack: [[10, 21]] }])
    r.arrive(0, 10)
    expect(r.c.finReceived).toBe(true)
    expect(r.acks()).toEqual([21])
    expect(r.read(100).result).toBe(20)
    expect(r.leaks()).toBe(0)
  })

  it('drops what came after it', () => {
    const r = new Receiver()
    r.arrive(100, 200)
    r.arrive(0, 50, { flags: FLAG_FIN })
    expect(r.c.outOfOrder.length).toBe(0)
    expect(r.c.sackCount).toBe(0)
    expect(r.leaks()).toBe(0)
  })

  it('in FIN-WAIT-1 is acknowledged at once, in CLOSING', () => {
    const r = new Receiver()
    r.c.state = FIN_WAIT_1
    r.arrive(0, 0, { flags: FLAG_FIN })
    expect(r.c.state).toBe(CLOSING)
    expect(r.acks()).toEqual([1])
    expect(r.leaks()).toBe(0)
  })
})
