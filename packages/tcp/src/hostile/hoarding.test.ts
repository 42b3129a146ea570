import { EINVAL, Message, MSG_OOB, SO_RCVBUF, SOL_SOCKET } from '@jackfield/interfaces'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { receiveWindow } from '../receive/window.js'
import { ESTABLISHED } from '../state.js'
import { stream, Victim } from './victim.test-support.js'

/** A victim with a receive buffer of the user's own size, as accounted. */
function bounded(bytes: number): Victim {
  return new Victim({ prepare: (listener) => void listener.setOption(SOL_SOCKET, SO_RCVBUF, bytes / 2) })
}

function charged(victim: Victim): number {
  return victim.c.inOrder.charged + victim.c.outOfOrder.charged
}

describe('a sender that leaves gaps', () => {
  test('cannot make more be kept than the buffer: what is furthest away goes first, and is told of no more', () => {
    const victim = bounded(65_536)
    const { c } = victim
    const window = receiveWindow(c)
    // Every other piece of the window, again and again, in packets that pin far more than they carry.
    for (let round = 0; round < 3; round++) {
      for (let at = 100; at + 50 < window; at += 100) {
        victim.blind('.', at + round, { payload: stream(at + round, 40) })
        expect(charged(victim)).toBeLessThanOrEqual(c.rcvBuf + 4096)
      }
    }
    const { counters } = victim.tcp
    expect(counters.TcpExtTCPOFOQueue).toBeGreaterThan(100)
    expect(counters.TcpExtPruneCalled).toBeGreaterThan(0)
    expect(counters.TcpExtRcvPruned + counters.TcpExtOfoPruned).toBeGreaterThan(0)
    // The byte that is missing has room all the same.
    victim.took()
    victim.honestData(100)
    victim.expectRead(142)
    victim.end()
  })

  test('SACK tells of four blocks at most, whatever there is', () => {
    const victim = new Victim()
    for (let at = 10; at < 10_000; at += 20) victim.blind('.', at, { payload: stream(at, 10) })
    for (const { options } of victim.took()) {
      const sack = options.find((option) => option.name === 'sack')
      if (sack?.name === 'sack') expect(sack.blocks.length).toBeLessThanOrEqual(4)
    }
    expect(victim.c.outOfOrder.length).toBe(500)
    victim.honestData(10_000)
    victim.expectRead(10_000)
    expect(victim.c.outOfOrder.length).toBe(0)
    victim.took()
    victim.expectAlive()
    victim.end()
  })
})

describe('a window that what is out of order has closed (tcp_shrink_window)', () => {
  test('still takes the segment that all of it waits for', () => {
    const victim = new Victim({ settings: { shrinkWindow: 1, moderateRcvbuf: 0 } })
    const { c } = victim
    // Of a connection that is there: the window keeps its scale.
    c.setOption(SOL_SOCKET, SO_RCVBUF, 16_384)
    // Each pins more than it carries.
    for (let at = 2000; at < 8000 && charged(victim) < c.rcvBuf - 600; at += 60) {
      victim.blind('.', at, { payload: stream(at, 30) })
      victim.wait(2)
    }
    victim.took()
    // As the last acknowledgement told it.
    c.rcvWnd = 0
    c.rcvWup = c.rcvNxt
    expect(c.inOrder.bytes).toBe(0)
    expect(receiveWindow(c)).toBe(0)
    victim.honestData(2000)
    victim.expectRead(2030)
    expect(charged(victim)).toBeLessThanOrEqual(c.rcvBuf + 4096)
    victim.end()
  })
})

describe('a sender of single bytes', () => {
  test('pins no more than the buffer: they are copied together', () => {
    const victim = bounded(32_768)
    const { c } = victim
    let sent = 0
    for (let i = 0; i < 20_000 && receiveWindow(c) > 0; i++) {
      victim.honestData(1)
      sent++
      expect(charged(victim)).toBeLessThanOrEqual(c.rcvBuf + 2048)
    }
    expect(sent).toBeGreaterThan(5000)
    // A byte each, and not a packet each.
    expect(c.inOrder.length).toBeLessThan(100)
    const { counters } = victim.tcp
    expect(counters.TcpExtTCPRcvCoalesce + counters.TcpExtTCPRcvCollapsed).toBeGreaterThan(sent - 100)
    victim.took()
    victim.expectRead(sent)
    victim.expectAlive()
    victim.end()
  })

  test('that come from behind too: collapsed, and none is lost that was acknowledged', () => {
    const victim = bounded(32_768)
    const { c } = victim
    for (let at = 3000; at > 0; at--) {
      victim.blind('.', at, { payload: stream(at, 1) })
      expect(charged(victim)).toBeLessThanOrEqual(c.rcvBuf + 2048)
    }
    expect(victim.tcp.counters.TcpExtTCPRcvCollapsed).toBeGreaterThan(0)
    victim.honestData(3001)
    victim.expectRead(3001)
    victim.took()
    victim.expectAlive()
    victim.end()
  })

  test('a closed window is closed: what comes is dropped and counted', () => {
    const victim = bounded(8192)
    const { c } = victim
    for (let i = 0; i < 200 && receiveWindow(c) > 0; i++) {
      victim.honestData(Math.min(500, receiveWindow(c)))
      // What an acknowledgement of what is there opens again is to be filled, too.
      if (receiveWindow(c) === 0) victim.wait(300)
    }
    victim.took()
    expect(receiveWindow(c)).toBe(0)
    const before = { charged: charged(victim), next: c.rcvNxt }
    for (let i = 0; i < 50; i++) victim.blind('P.', 0, { payload: stream(0, 1000) })
    for (let i = 0; i < 50; i++) victim.blind('P.', 5000, { payload: stream(0, 1000) })
    expect({ charged: charged(victim), next: c.rcvNxt }).toEqual(before)
    const { counters } = victim.tcp
    expect(counters.TcpExtTCPZeroWindowDrop + counters.TcpExtBeyondWindow).toBe(100)
    expect(counters.TcpExtBeyondWindow).toBeGreaterThanOrEqual(50)
    expect(c.state).toBe(ESTABLISHED)
    victim.end()
  })

  test('what goes past the window is not taken on top of what waits to be read', () => {
    const victim = bounded(32_768)
    victim.honestData(1000)
    const window = receiveWindow(victim.c)
    victim.took()
    victim.blind('P.', 0, { payload: new Uint8Array(window + 1) })
    expect(victim.tcp.counters.TcpExtBeyondWindow).toBe(1)
    expect(victim.took()).toHaveLength(1)
    victim.expectRead(1000)
    victim.expectAlive()
    victim.end()
  })
})

describe('segments that overlap and differ', () => {
  test('of two versions of a byte in order the first counts', () => {
    const victim = new Victim()
    victim.honestData(100)
    victim.blind('P.', -100, { payload: new Uint8Array(200).fill(0xee) })
    // The first hundred are the old ones, the second are new.
    victim.seq += 100
    const buffer = new Uint8Array(300)
    expect(victim.c.receive(new Message(buffer))).toBe(200)
    expect([...buffer.slice(0, 100)]).toEqual([...stream(0, 100)])
    expect([...buffer.slice(100, 200)]).toEqual(new Array(100).fill(0xee))
    victim.end()
  })

  test('any pieces, with any lies: every byte is one that was sent for its place, and none is changed once it is acknowledged', () => {
    const piece = fc.record({
      at: fc.nat(300),
      length: fc.integer({ min: 1, max: 120 }),
      lie: fc.boolean(),
      peek: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const victim = new Victim()
        const { c } = victim
        const first = c.rcvNxt
        const seen: number[] = []
        for (const { at, length, lie, peek } of pieces) {
          const from = (first + at) >>> 0
          const payload = stream(at, length).map((byte) => (lie ? byte ^ 0xff : byte))
          victim.honest({ flags: 'P.', seq: from, payload })
          if (!peek) continue
          // What has been acknowledged is as it will be read.
          const buffer = new Uint8Array(1000)
          const length2 = c.inOrder.bytes
          c.inOrder.copy(0, length2, buffer, 0)
          const now = [...buffer.slice(0, length2)]
          expect(now.slice(0, seen.length)).toEqual(seen)
          seen.splice(0, seen.length, ...now)
        }
        victim.honest({ flags: 'P.', seq: first >>> 0, payload: stream(0, 500) })
        const buffer = new Uint8Array(1000)
        expect(c.receive(new Message(buffer))).toBe(500)
        const expected = stream(0, 500)
        for (let i = 0; i < 500; i++) expect([expected[i], (expected[i] as number) ^ 0xff]).toContain(buffer[i])
        expect([...buffer.slice(0, seen.length)]).toEqual(seen)
        victim.seq = c.rcvNxt >>> 0
        victim.end()
      }),
      { numRuns: 150 },
    )
  })
})

describe('urgent pointers (RFC 6093)', () => {
  test('that point anywhere take no memory, and the stream loses one byte at most for each that was marked', () => {
    const victim = new Victim()
    for (let i = 0; i < 500; i++) victim.blind('U.', i % 3 === 0 ? 0 : -1, { urgent: (i * 131) & 0xffff })
    expect(charged(victim)).toBe(0)
    expect(victim.c.state).toBe(ESTABLISHED)
    // Far ahead: nothing urgent is here, and nothing waits for it.
    expect(victim.c.receive(oob())).toBeLessThan(0)
    victim.honestData(20)
    victim.expectRead(20)
    victim.took()
    victim.end()
  })

  test('without a urgent byte there is none to read; one that is old is passed over', () => {
    const victim = new Victim()
    expect(victim.c.receive(oob())).toBe(-EINVAL)
    victim.honestData(20)
    victim.blind('U.', -20, { urgent: 5 })
    expect(victim.c.receive(oob())).toBe(-EINVAL)
    victim.expectRead(20)
    victim.expectAlive()
    victim.end()
  })
})

function oob(): Message {
  const message = new Message(new Uint8Array(10))
  message.flags = MSG_OOB
  return message
}
