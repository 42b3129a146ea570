import { describe, expect, test } from 'vitest'
import { PENDING_LOSS_PROBE, PENDING_REORDER, PENDING_RETRANSMIT } from '../connection-state.js'
import { CA_DISORDER, CA_LOSS, CA_OPEN, CA_RECOVERY } from '../state.js'
import { Sender, type SenderOptions } from './sender.test-support.js'

/** Ten packets out, 100 ms of round trip. */
function flying(options: SenderOptions = {}, extra = 20_000): Sender {
  const sender = new Sender(options)
  sender.write(10_000 + extra)
  expect(sender.took()).toHaveLength(10)
  sender.wait(100)
  return sender
}

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

describe('the retransmission timeout (RFC 6298 5, RFC 5681 3.1)', () => {
  const quiet = { earlyRetrans: 0 }

  test('sends the first again with a window of one, then in slow start', () => {
    const sender = flying({ settings: quiet })
    const { c } = sender
    sender.wait(899)
    expect(sender.took()).toEqual([])
    sender.wait(1)
    expect(sender.took()).toEqual([[0, 1000]])
    expect([c.caState, c.cwnd, c.ssthresh, c.lostOut]).toEqual([CA_LOSS, 1, 5, 10])
    expect([c.rto, c.backoff, c.retransmits]).toEqual([2_000_000, 1, 1])
    sender.wait(100)
    // F-RTO (RFC 5682 2b): new data.
    sender.ack(1000)
    expect(c.cwnd).toBe(2)
    expect(sender.took()).toEqual([
      [10_000, 11_000],
      [11_000, 12_000],
    ])
    sender.wait(100)
    // Step 3a: a duplicate, so the loss was real.
    sender.ack(1000, { sack: [[10_000, 11_000]] })
    expect(c.frto).toBe(false)
    expect(sender.took()[0]).toEqual([1000, 2000])
  })

  test('was spurious if originals are acknowledged after it (RFC 5682 3b)', () => {
    const sender = flying({ settings: quiet })
    const { c } = sender
    sender.wait(900)
    expect(sender.took()).toEqual([[0, 1000]])
    sender.ack(1000)
    sender.took()
    sender.ack(2000)
    expect([c.caState, c.lostOut, c.frto]).toEqual([CA_OPEN, 0, true])
    expect(sender.counters.TcpExtTCPSpuriousRTOs).toBe(1)
    expect(c.ssthresh).toBe(0x7fff_ffff)
  })

  test('spares what was sent less than a round trip ago (RFC 8985 6.3)', () => {
    const sender = new Sender({ settings: quiet })
    sender.write(1000)
    sender.wait(100)
    sender.ack(1000)
    sender.write(1000)
    sender.wait(250)
    sender.write(1000)
    sender.took()
    sender.wait(51)
    expect(sender.c.caState).toBe(CA_LOSS)
    expect([sender.c.lostOut, sender.c.packetsOut]).toEqual([1, 2])
  })

  test('a receiver that took back what it SACKed gets everything again (RFC 2018 8)', () => {
    const sender = flying({ settings: quiet }, 0)
    const { c } = sender
    sender.ack(0, { sack: [[1000, 3000]] })
    // The acknowledgement ends at data that was SACKed.
    sender.ack(1000)
    expect(c.pending).toBe(PENDING_RETRANSMIT)
    sender.took()
    // max(srtt / 2, 10 ms), as Linux counts it.
    sender.wait(60)
    expect(sender.counters.TcpExtTCPSACKReneging).toBe(1)
    expect([c.sackedOut, c.caState, c.sackReneging]).toEqual([0, CA_LOSS, true])
    expect(sender.took()[0]).toEqual([1000, 2000])
  })

  test('small segments are sent again as one (RFC 9293 3.8.1)', () => {
    const sender = new Sender({ settings: quiet })
    for (let i = 0; i < 6; i++) sender.write(300, 300)
    expect(sender.took()).toHaveLength(6)
    sender.wait(1000)
    expect(sender.took()).toEqual([[0, 900]])
    expect(sender.c.packetsOut).toBe(4)
  })

  test('a window that shrank below a segment holds it back', () => {
    const sender = flying({ settings: quiet }, 0)
    sender.ack(1000, { window: 2500 })
    sender.ack(1000, { window: 2500 })
    sender.c.sndWnd = 2500
    sender.wait(2000)
    const sent = sender.took()
    expect(sent.every(([, end]) => end <= 3500)).toBe(true)
    expect(sent[0]).toEqual([1000, 2000])
  })
})

describe('the loss probe (RFC 8985 7)', () => {
  test('comes two round trips after the last packet, and is that packet again', () => {
    const sender = new Sender()
    sender.write(1000)
    sender.wait(100)
    sender.ack(1000)
    sender.write(3000)
    expect(sender.took()).toHaveLength(4)
    expect(sender.c.pending).toBe(PENDING_LOSS_PROBE)
    sender.wait(201)
    expect(sender.took()).toEqual([])
    sender.wait(1)
    expect(sender.took()).toEqual([[3000, 4000]])
    expect(sender.counters.TcpExtTCPLossProbes).toBe(1)
    expect([sender.c.lossProbeSent, sender.c.pending]).toEqual([true, PENDING_RETRANSMIT])
    // The probe repaired the tail: a loss all the same.
    sender.wait(100)
    sender.ack(4000)
    expect(sender.c.caState).toBe(CA_OPEN)
    // It is known only when more than the probe is acknowledged.
    expect(sender.c.lossProbeSent).toBe(true)
    sender.write(1000)
    sender.wait(100)
    sender.ack(5000)
    expect(sender.counters.TcpExtTCPLossProbeRecovery).toBe(1)
    expect(sender.c.ssthresh).toBeLessThan(10)
  })

  test('waits for a delayed acknowledgement with one packet out, and prefers new data', () => {
    const sender = new Sender({ cwnd: 1 })
    sender.write(1000)
    sender.wait(10)
    sender.ack(1000)
    sender.took()
    sender.c.cwnd = 1
    sender.write(2000)
    expect(sender.took()).toEqual([[1000, 2000]])
    // The RTO of 210 ms is sooner than 2 * 10 + 200.
    sender.wait(209)
    expect(sender.took()).toEqual([])
    sender.wait(2)
    expect(sender.took()).toEqual([[2000, 3000]])
  })

  test('a D-SACK for it says that nothing was lost', () => {
    const sender = new Sender()
    sender.write(1000)
    sender.wait(100)
    sender.ack(1000)
    sender.write(2000)
    sender.wait(203)
    sender.took()
    expect(sender.c.lossProbeSent).toBe(true)
    sender.ack(3000)
    sender.ack(3000, { sack: [[2000, 3000]] })
    expect(sender.c.lossProbeSent).toBe(false)
    expect(sender.c.cwnd).toBeGreaterThanOrEqual(10)
    expect(sender.counters.TcpExtTCPLossProbeRecovery).toBe(0)
  })

  test('is not armed without SACK, nor when it is off', () => {
    for (const options of [{ sack: false }, { settings: { earlyRetrans: 0 } }]) {
      const sender = new Sender(options)
      sender.write(1000)
      expect(sender.c.pending).toBe(PENDING_RETRANSMIT)
    }
  })
})
