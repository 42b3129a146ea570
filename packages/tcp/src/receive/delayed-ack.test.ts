import { describe, expect, it } from 'vitest'
import { ACK_SCHEDULED, ECN_DEMAND_CWR, ECN_OK } from '../connection-state.js'
import { dataWasSent } from './ack-sent.js'
import { delayAckOfHandshake, enterPingPong, enterQuickAck } from './delayed-ack.js'
import { MSS, Receiver } from './receiver.test-support.js'

/** Past the first acknowledgements, which leave at once; everything is read. */
function settled(options: ConstructorParameters<typeof Receiver>[0] = {}): { r: Receiver; at: number } {
  const r = new Receiver(options)
  let at = 0
  for (let i = 0; i < 40; i++) {
    r.arrive(at, at + MSS)
    at += MSS
    r.read(100_000)
    r.wait(1)
  }
  r.c.ackQuick = 0
  r.wait(100)
  r.sent()
  // The window has grown as far as it goes: growing hurries acknowledgements.
  r.c.rcvBuf = 1 << 22
  r.c.windowClamp = r.c.rcvSsthresh = r.c.rcvWnd
  r.c.ackQuick = 0
  r.c.ackTimeout = 40_000
  return { r, at }
}

describe('acknowledgements', () => {
  it('leave at once for the first sixteen segments, as many as half a window has', () => {
    const r = new Receiver()
    for (let i = 0; i < 16; i++) r.arrive(i * 10, i * 10 + 10)
    expect(r.acks()).toHaveLength(16)
    expect(r.leaks()).toBe(0)
  })

  it('wait 40 ms for a second segment when they are not hurried', () => {
    const { r, at } = settled()
    r.arrive(at, at + 10)
    expect(r.acks()).toEqual([])
    r.wait(39)
    expect(r.acks()).toEqual([])
    r.wait(2)
    expect(r.acks()).toEqual([at + 10])
    expect(r.counters.TcpExtDelayedACKs).toBeGreaterThan(0)
    expect(r.leaks()).toBe(0)
  })

  it('leave with the second full segment (RFC 9293 3.8.6.3)', () => {
    const { r, at } = settled()
    r.arrive(at, at + MSS)
    r.c.ackQuick = 0
    const first = r.acks()
    r.arrive(at + MSS, at + 2 * MSS)
    expect([first, r.acks()]).toEqual([[], [at + 2 * MSS]])
    expect(r.leaks()).toBe(0)
  })

  it('wait longer, up to the round trip, when segments follow each other slowly', () => {
    const { r, at } = settled()
    r.c.ackTimeout = 400_000
    r.c.pingPong = 1
    r.arrive(at, at + 10)
    r.wait(150)
    expect(r.acks()).toEqual([])
    r.wait(60)
    expect(r.acks()).toEqual([at + 10])
    expect(r.leaks()).toBe(0)
  })

  it('leave at once when a gap is filled (RFC 5681 4.2)', () => {
    const { r, at } = settled()
    r.arrive(at + 10, at + 20)
    r.sent()
    r.arrive(at, at + 10)
    expect(r.acks()).toEqual([at + 20])
    expect(r.leaks()).toBe(0)
  })

  it('are not hurried in an exchange of questions and answers', () => {
    const r = new Receiver()
    r.arrive(0, 10)
    expect(r.acks()).toEqual([10])
    dataWasSent(r.c)
    expect(r.c.pingPong).toBe(1)
    r.arrive(10, 20)
    expect(r.acks()).toEqual([])
    enterQuickAck(r.c, 16)
    r.arrive(20, 30)
    expect(r.acks()).toEqual([30])
    enterPingPong(r.c)
    r.arrive(30, 40)
    expect(r.acks()).toEqual([])
    expect(r.leaks()).toBe(0)
  })

  it('of a handshake may wait 200 ms for data to ride on', () => {
    const r = new Receiver()
    delayAckOfHandshake(r.c)
    expect(r.c.ackPending & ACK_SCHEDULED).toBe(ACK_SCHEDULED)
    r.wait(199)
    expect(r.acks()).toEqual([])
    r.wait(2)
    expect(r.acks()).toEqual([0])
    expect(r.leaks()).toBe(0)
  })

  it('hurry when a segment is marked (RFC 3168 6.1.3), and once more when one among marked ones is not', () => {
    const { r, at } = settled()
    r.c.ecn = ECN_OK
    r.c.ackQuick = 0
    r.arrive(at, at + 10, { ecn: 3 })
    expect(r.acks()).toEqual([at + 10])
    expect(r.c.ecn & ECN_DEMAND_CWR).toBe(ECN_DEMAND_CWR)
    r.c.ackQuick = 0
    r.arrive(at + 10, at + 20, { ecn: 0 })
    expect(r.acks()).toEqual([at + 20])
    expect(r.leaks()).toBe(0)
  })
})

describe('acknowledgements while something is missing', () => {
  it('are held back after the third, and then sent as one', () => {
    const r = new Receiver()
    r.c.rcvRtt8 = r.c.srtt8 = 8 * 100_000
    for (let i = 1; i <= 20; i++) r.arrive(i * 1000, i * 1000 + 1000)
    expect(r.sent()).toHaveLength(3)
    expect(r.c.compressedAcks).toBe(17)
    r.wait(2)
    expect(r.sent()).toMatchObject([{ ack: 0, sack: [[1000, 21_000]] }])
    expect(r.counters.TcpExtTCPAckCompressed).toBe(16)
    expect(r.leaks()).toBe(0)
  })

  it('are not held back by more than tcp_comp_sack_nr', () => {
    const r = new Receiver({ settings: { compSackNr: 0 } })
    for (let i = 1; i <= 10; i++) r.arrive(i * 1000, i * 1000 + 1000)
    expect(r.sent()).toHaveLength(10)
    expect(r.leaks()).toBe(0)
  })

  it('leave when a third block would push an older one out', () => {
    const r = new Receiver()
    r.c.rcvRtt8 = r.c.srtt8 = 8 * 100_000
    for (let i = 1; i <= 5; i++) r.arrive(i * 1000, i * 1000 + 1000)
    expect(r.sent()).toHaveLength(3)
    r.arrive(10_000, 11_000)
    r.arrive(20_000, 21_000)
    expect(r.sent().length).toBeGreaterThan(0)
    expect(r.leaks()).toBe(0)
  })
})
