import { describe, expect, test } from 'vitest'
import { PENDING_REORDER } from '../connection-state.js'
import { CA_DISORDER, CA_OPEN, CA_RECOVERY } from '../state.js'
import { flying, Sender } from './sender.test-support.js'

describe('fast retransmit (RFC 6675, RFC 8985)', () => {
  test('two SACKed packets are Disorder and let new data go (RFC 3042), the third begins Recovery', () => {
    const sender = flying()
    const { c } = sender
    sender.ack(0, { sack: [[1000, 2000]] })
    expect(c.caState).toBe(CA_DISORDER)
    expect(c.pending).toBe(PENDING_REORDER)
    expect(sender.took()).toEqual([[10_000, 11_000]])
    sender.ack(0, { sack: [[1000, 3000]] })
    expect(sender.took()).toEqual([[11_000, 12_000]])
    sender.ack(0, { sack: [[1000, 4000]] })
    expect(c.caState).toBe(CA_RECOVERY)
    expect(sender.took()).toEqual([[0, 1000]])
    expect([c.ssthresh, c.priorCwnd, c.lostOut, c.retransOut]).toEqual([5, 10, 1, 1])
    expect(sender.counters.TcpExtTCPSackRecovery).toBe(1)
    expect(sender.counters.TcpExtTCPFastRetrans).toBe(1)
  })

  test('the reordering timer finds the loss after a quarter of the round trip when no third one comes', () => {
    const sender = flying({}, 0)
    sender.ack(0, { sack: [[1000, 2000]] })
    expect(sender.c.pending).toBe(PENDING_REORDER)
    // A quarter of 100 ms, and 2 ms.
    sender.wait(26)
    expect(sender.took()).toEqual([])
    sender.wait(1)
    expect(sender.took()).toEqual([[0, 1000]])
    expect(sender.c.caState).toBe(CA_RECOVERY)
  })

  test('the reordering window is not waited for without tcp_recovery bit 4, and is with it', () => {
    const sender = flying({ settings: { recovery: 5 } })
    sender.ack(0, { sack: [[1000, 5000]] })
    expect(sender.c.caState).toBe(CA_DISORDER)
    expect(sender.c.pending).toBe(PENDING_REORDER)
  })

  test('without RACK it takes more SACKed packets than the reordering degree (RFC 6675)', () => {
    const sender = flying({ settings: { recovery: 0 } })
    sender.ack(0, { sack: [[1000, 3000]] })
    expect(sender.c.caState).toBe(CA_DISORDER)
    sender.took()
    sender.ack(0, { sack: [[1000, 4000]] })
    expect(sender.c.caState).toBe(CA_RECOVERY)
    expect(sender.took()).toEqual([[0, 1000]])
    // Two holes: 0 and 5000, of which the second has three above it only now.
    sender.ack(0, {
      sack: [
        [6000, 9000],
        [1000, 5000],
      ],
    })
    expect(sender.took()).toContainEqual([5000, 6000])
  })

  test('PRR sends in proportion to what is delivered: one packet for two at half the window (RFC 6937 3.1)', () => {
    const sender = new Sender({ cwnd: 20 })
    sender.write(40_000)
    expect(sender.took()).toHaveLength(20)
    sender.wait(100)
    const { c } = sender
    for (let end = 2000; end <= 4000; end += 1000) sender.ack(0, { sack: [[1000, end]] })
    expect(c.caState).toBe(CA_RECOVERY)
    expect([c.ssthresh, c.prrDelivered, c.prrOut]).toEqual([10, 1, 1])
    sender.took()
    let sent = 0
    for (let end = 5000; end <= 12_000; end += 1000) {
      sender.ack(0, { sack: [[1000, end]] })
      sent += sender.took().length
    }
    // Nine delivered: ceil(9 / 2) = 5 may be out, one was.
    expect([c.prrDelivered, c.prrOut, sent]).toEqual([9, 5, 4])
    sender.ack(22_000)
    // The threshold, and one more for a whole window acknowledged.
    expect([c.caState, c.cwnd]).toEqual([CA_OPEN, 11])
  })

  test('PRR below the threshold: slow start while a partial acknowledgement finds no further loss, else one for one', () => {
    const sender = flying()
    const { c } = sender
    // Packets 0 to 5 are lost, four delivered: max(4 - 0, 4), within the threshold, go.
    sender.ack(0, { sack: [[6000, 10_000]] })
    expect([c.lostOut, c.ssthresh]).toEqual([6, 5])
    expect(sender.took()).toEqual([
      [0, 1000],
      [1000, 2000],
      [2000, 3000],
      [3000, 4000],
    ])
    sender.wait(100)
    // One delivered, una advanced, nothing lost: two.
    sender.ack(1000, { sack: [[6000, 10_000]] })
    expect(sender.took()).toEqual([
      [4000, 5000],
      [5000, 6000],
    ])
  })

  test('PRR below the threshold: one for one when the acknowledgement finds a further loss', () => {
    const sender = flying()
    sender.ack(0, { sack: [[6000, 9000]] })
    expect(sender.took()).toEqual([
      [0, 1000],
      [1000, 2000],
      [2000, 3000],
    ])
    sender.wait(100)
    // The retransmission arrived before packet 9 of a round trip earlier: that is lost too.
    sender.ack(1000, { sack: [[6000, 9000]] })
    expect(sender.took()).toEqual([[3000, 4000]])
  })

  test('recovery ends when what was out at its begin is acknowledged; the window is the threshold', () => {
    const sender = flying()
    const { c } = sender
    sender.ack(0, { sack: [[1000, 4000]] })
    sender.wait(100)
    sender.ack(10_000)
    // And one more, as more than a window is acknowledged at once.
    expect([c.caState, c.cwnd, c.ssthresh]).toEqual([CA_OPEN, 6, 5])
  })

  test('a lost retransmission is found by what was sent after it (RFC 8985)', () => {
    const sender = flying()
    const { c } = sender
    sender.ack(0, { sack: [[1000, 4000]] })
    expect(sender.took()[0]).toEqual([0, 1000])
    sender.wait(10)
    for (let end = 5000; end <= 10_000; end += 1000) sender.ack(0, { sack: [[1000, end]] })
    const fresh = sender.took()
    expect(fresh.length).toBeGreaterThan(0)
    sender.wait(100)
    sender.ack(0, { sack: [[1000, 11_000]] })
    expect(sender.counters.TcpExtTCPLostRetransmit).toBe(1)
    expect(sender.took()[0]).toEqual([0, 1000])
    expect(c.caState).toBe(CA_RECOVERY)
  })

  test('large segments are split where SACK says: whole packets only', () => {
    const sender = new Sender({ offload: true })
    sender.write(10_000, 10_000)
    sender.took()
    sender.wait(100)
    sender.ack(0, { sack: [[2500, 7400]] })
    // Packets 3000 to 7000 are whole in it.
    expect(sender.c.sackedOut).toBe(4)
    sender.ack(0, { sack: [[2500, 10_000]] })
    expect(sender.c.sackedOut).toBe(7)
    expect(sender.c.lostOut).toBe(3)
    // PRR let two packets go at first: they left as one large segment.
    expect(sender.took()).toEqual([
      [0, 2000],
      [2000, 3000],
    ])
  })
})

describe('without SACK (RFC 6582)', () => {
  test('three duplicates begin recovery; each further one inflates, partial acknowledgements send the next', () => {
    const sender = flying({ sack: false })
    const { c } = sender
    sender.ack(0)
    sender.ack(0)
    expect([c.sackedOut, c.caState]).toEqual([2, CA_DISORDER])
    expect(sender.took()).toEqual([
      [10_000, 11_000],
      [11_000, 12_000],
    ])
    sender.ack(0)
    expect([c.sackedOut, c.caState]).toEqual([3, CA_RECOVERY])
    expect(sender.took()).toEqual([[0, 1000]])
    expect(sender.counters.TcpExtTCPRenoRecovery).toBe(1)
    sender.wait(100)
    sender.ack(5000)
    expect(c.caState).toBe(CA_RECOVERY)
    expect(sender.took()[0]).toEqual([5000, 6000])
    sender.wait(100)
    // All that was out: held until something above is acknowledged, lest duplicates begin it again.
    sender.ack(12_000)
    expect(c.caState).toBe(CA_RECOVERY)
    sender.ack(13_000)
    expect([c.caState, c.cwnd]).toEqual([CA_OPEN, 5])
  })

  test('more duplicates than packets are reordering', () => {
    const sender = flying({ sack: false }, 0)
    sender.c.reordering = 20
    for (let i = 0; i < 12; i++) sender.ack(0)
    expect(sender.c.sackedOut).toBe(9)
    expect(sender.c.reordering).toBe(10)
    expect(sender.counters.TcpExtTCPRenoReorder).toBe(3)
  })
})

describe('undo', () => {
  test('by timestamp: an echo from before the retransmission (Eifel, RFC 3522)', () => {
    const sender = flying({ timestamps: true })
    const { c } = sender
    const sentAt = sender.ms - 100
    sender.ack(0, { sack: [[1000, 4000]], echo: sentAt })
    expect([c.caState, c.ssthresh]).toEqual([CA_RECOVERY, 5])
    sender.wait(5)
    sender.ack(10_000, { echo: sentAt })
    // The window of before, and slow start for the seven packets that arrived.
    expect([c.caState, c.cwnd, c.ssthresh]).toEqual([CA_OPEN, 17, 0x7fff_ffff])
    expect(sender.counters.TcpExtTCPFullUndo).toBe(1)
  })

  test('of part of it: the hole is filled by the original while nothing is retransmitted', () => {
    const sender = flying({ timestamps: true })
    const { c } = sender
    const sentAt = sender.ms - 100
    sender.ack(0, { sack: [[1000, 4000]], echo: sentAt })
    sender.wait(5)
    sender.ack(4000, { echo: sentAt })
    expect(sender.counters.TcpExtTCPPartialUndo).toBe(1)
    expect([c.cwnd, c.undoMarker]).toEqual([11, 0])
    expect(sender.counters.TcpExtTCPTSReorder).toBe(1)
  })

  test('by D-SACK for all that was retransmitted (RFC 3708)', () => {
    const sender = flying()
    const { c } = sender
    sender.ack(0, { sack: [[1000, 4000]] })
    expect(sender.took()[0]).toEqual([0, 1000])
    sender.wait(5)
    sender.ack(4000)
    expect([c.caState, c.undoRetrans]).toEqual([CA_RECOVERY, 1])
    sender.wait(95)
    sender.ack(5000, { sack: [[0, 1000]] })
    expect(c.undoMarker).toBe(0)
    expect([c.cwnd, c.caState]).toEqual([c.cwnd, CA_OPEN])
    expect(sender.counters.TcpExtTCPDSACKUndo).toBe(1)
    expect(sender.counters.TcpExtTCPDSACKRecv).toBe(1)
    expect(c.ssthresh).toBe(0x7fff_ffff)
  })

  test('not by a D-SACK for more than was ever retransmitted', () => {
    const sender = flying()
    sender.ack(4000)
    sender.ack(4000, { sack: [[0, 3000]] })
    expect(sender.counters.TcpExtTCPDSACKIgnoredDubious).toBe(1)
    expect(sender.c.delivered).toBe(5)
  })

  test('reordering that is seen raises the degree, and later waits a quarter of a round trip', () => {
    const sender = flying()
    const { c } = sender
    sender.ack(0, { sack: [[6000, 8000]] })
    sender.ack(0, {
      sack: [
        [1000, 2000],
        [6000, 8000],
      ],
    })
    expect([c.reorderSeen, c.reordering]).toEqual([1, 7])
    expect(sender.counters.TcpExtTCPSACKReorder).toBe(1)
  })

  test('D-SACKs of spurious recoveries widen the reordering window step by step (RFC 8985 6.2)', () => {
    const sender = flying()
    const { c } = sender
    c.reorderSeen = 1
    c.totalRetrans = 5
    sender.ack(1000)
    sender.ack(2000, { sack: [[0, 1000]] })
    expect([c.rackSteps, c.rackPersist]).toEqual([2, 16])
  })
})
