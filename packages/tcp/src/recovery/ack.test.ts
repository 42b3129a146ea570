import { describe, expect, test } from 'vitest'
import { ECN_OK, ECN_QUEUE_CWR, PENDING_LOSS_PROBE, PENDING_NONE, PENDING_PROBE } from '../connection-state.js'
import { CA_CWR, CA_OPEN } from '../state.js'
import { ACK_NO_CHALLENGE, ACK_SLOW_PATH } from './ack-flags.js'
import { Sender } from './sender.test-support.js'

describe('an acknowledgement (RFC 9293 3.10.7.4, fifth)', () => {
  test('moves SND.UNA, frees what was acknowledged, and opens the window', () => {
    const sender = new Sender()
    sender.write(20_000)
    expect(sender.took()).toHaveLength(10)
    sender.wait(10)
    expect(sender.ack(2000)).toBe(1)
    expect(sender.c.bytesAcked).toBe(2000)
    expect(sender.c.sendBuffer.length).toBe(18_000)
    // Slow start: two more than before, and two in their place.
    expect(sender.c.cwnd).toBe(12)
    expect(sender.took()).toEqual([
      [10_000, 11_000],
      [11_000, 12_000],
      [12_000, 13_000],
      [13_000, 14_000],
    ])
    sender.ack(14_000)
    sender.ack(20_000)
    expect([sender.c.packetsOut, sender.c.pending, sender.c.writeQueued]).toEqual([0, PENDING_NONE, 0])
  })

  test('of what was never sent is not acceptable', () => {
    const sender = new Sender()
    sender.write(1000)
    expect(sender.ack(1001)).toBeLessThan(0)
    expect(sender.c.packetsOut).toBe(1)
  })

  test('from before any window is challenged (RFC 5961 5.2), a little old one is let through', () => {
    const sender = new Sender()
    sender.c.maxWindow = 5000
    sender.write(10_000)
    sender.ack(10_000)
    expect(sender.ack(5000)).toBe(0)
    expect(sender.challenges).toHaveLength(0)
    expect(sender.ack(4999)).toBeLessThan(0)
    expect(sender.challenges).toHaveLength(1)
    expect(sender.ack(4999, { flags: ACK_SLOW_PATH | ACK_NO_CHALLENGE })).toBeLessThan(0)
    expect(sender.challenges).toHaveLength(1)
  })

  test('of before the first byte is challenged as long as less than a window is acknowledged', () => {
    const sender = new Sender()
    sender.write(1000)
    sender.ack(1000)
    expect(sender.ack(-1)).toBeLessThan(0)
    expect(sender.ack(0)).toBe(0)
  })

  test('takes the window from the newest segment only', () => {
    const sender = new Sender()
    const { c } = sender
    sender.write(3000)
    c.sndWl1 = 7
    c.rcvNxt = 6
    sender.ack(0, { window: 50_000 })
    expect(c.sndWnd).toBe(1 << 20)
    c.rcvNxt = 7
    // Of the same segment a larger one counts, or none at all.
    sender.ack(0, { window: 50_000 })
    expect(c.sndWnd).toBe(1 << 20)
    sender.ack(0, { window: 0 })
    expect(c.sndWnd).toBe(0)
    sender.ack(0, { window: 60_000 })
    expect(c.sndWnd).toBe(60_000)
    sender.ack(1000, { window: 50_000 })
    expect(c.sndWnd).toBe(50_000)
    c.sndScale = 2
    sender.ack(2000, { window: 40_000 })
    expect(c.sndWnd).toBe(160_000)
    expect(c.maxWindow).toBe(1 << 20)
  })

  test('without a change of window needs no second look', () => {
    const sender = new Sender()
    sender.write(2000)
    sender.ack(1000, { flags: 0 })
    expect(sender.counters.TcpExtTCPHPAcks).toBe(1)
    sender.ack(2000)
    expect(sender.counters.TcpExtTCPPureAcks).toBe(1)
  })

  test('that opens a closed window ends the probing', () => {
    const sender = new Sender()
    sender.ack(0, { window: 0 })
    sender.write(1000)
    expect(sender.c.pending).toBe(PENDING_PROBE)
    sender.c.backoff = 3
    sender.ack(0, { window: 5000 })
    expect(sender.took()).toEqual([[0, 1000]])
    expect([sender.c.pending, sender.c.backoff]).toEqual([PENDING_LOSS_PROBE, 0])
  })

  test('frees parts of large segments, and cuts what is left of a small one when it is sent again', () => {
    const sender = new Sender({ settings: { earlyRetrans: 0 }, offload: true })
    sender.write(4000, 4000)
    sender.write(600, 600)
    sender.took()
    sender.wait(10)
    sender.ack(2500)
    expect(sender.c.packetsOut).toBe(3)
    expect(sender.c.sendQueue.head?.seq).toBe((sender.first + 2500) | 0)
    sender.ack(4100)
    expect(sender.c.packetsOut).toBe(1)
    sender.wait(300)
    expect(sender.took()).toEqual([[4100, 4600]])
  })

  test('that echoes congestion reduces the window once a round trip (RFC 3168 6.1.2)', () => {
    const sender = new Sender()
    const { c } = sender
    c.ecn = ECN_OK
    sender.write(20_000)
    sender.took()
    sender.wait(10)
    sender.ack(1000, { ece: true })
    expect([c.caState, c.ssthresh]).toEqual([CA_CWR, 5])
    const [first] = sender.sent()
    // The next new data says so.
    expect(first === undefined || (first.flags & 0x80) !== 0).toBe(true)
    for (let end = 2000; end <= 10_000; end += 1000) sender.ack(end, { ece: true })
    expect(c.ssthresh).toBe(5)
    sender.ack(11_000)
    expect([c.caState, c.cwnd]).toEqual([CA_OPEN, 5])
    expect(c.ecn & ECN_QUEUE_CWR).toBe(0)
  })
})
