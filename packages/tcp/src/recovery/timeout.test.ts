import { describe, expect, test } from 'vitest'
import { PENDING_LOSS_PROBE, PENDING_RETRANSMIT } from '../connection-state.js'
import { CA_LOSS, CA_OPEN } from '../state.js'
import { flying, Sender } from './sender.test-support.js'

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
