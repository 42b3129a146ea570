import { describe, expect, test } from 'vitest'
import { simpleRetransmit } from '../send/retransmit.js'
import { CA_LOSS } from '../state.js'
import { mtuProbeFailed, mtuProbeSucceeded } from './mtu-probe.js'
import { Sender } from './sender.test-support.js'
import { restartAfterIdle, validateCwnd } from './window-validation.js'

describe('the congestion window', () => {
  test('does not grow while it is not what limits (RFC 7661)', () => {
    const sender = new Sender({ cwnd: 20, settings: { slowStartAfterIdle: 0 } })
    for (let end = 1000; end <= 30_000; end += 1000) {
      sender.write(1000)
      sender.wait(10)
      sender.ack(end)
    }
    expect(sender.c.cwnd).toBe(20)
  })

  test('grows in slow start while half of it is used', () => {
    const sender = new Sender({ cwnd: 10 })
    sender.write(6000)
    sender.wait(10)
    sender.ack(6000)
    expect(sender.c.cwnd).toBe(16)
  })

  test('halves for each RTO of a pause, down to the initial one (RFC 5681 4.1)', () => {
    const sender = new Sender({ cwnd: 100 })
    const { c } = sender
    c.rto = 200_000
    sender.wait(500)
    restartAfterIdle(c)
    expect([c.cwnd, c.ssthresh]).toEqual([25, 0x7fff_ffff])
    sender.wait(60_000)
    restartAfterIdle(c)
    expect(c.cwnd).toBe(10)
  })

  test('stays over a pause where tcp_slow_start_after_idle is 0, or packets are out', () => {
    const off = new Sender({ cwnd: 100, settings: { slowStartAfterIdle: 0 } })
    off.wait(10_000)
    restartAfterIdle(off.c)
    expect(off.c.cwnd).toBe(100)
    const busy = new Sender({ cwnd: 100 })
    busy.c.packetsOut = 1
    busy.wait(10_000)
    restartAfterIdle(busy.c)
    expect(busy.c.cwnd).toBe(100)
  })

  test('goes half of the way to what was used when it was not used for an RTO (RFC 2861)', () => {
    const sender = new Sender({ cwnd: 100 })
    const { c } = sender
    c.ssthresh = 50
    c.rto = 200_000
    c.cwndStamp = c.tcp.now
    c.packetsOut = 20
    validateCwnd(c, false)
    sender.wait(200)
    validateCwnd(c, false)
    expect([c.cwnd, c.ssthresh]).toEqual([60, 75])
  })
})

describe('the path MTU', () => {
  test('becomes smaller: what does not fit is lost, not the window (RFC 1191 6.5)', () => {
    const sender = new Sender()
    const { c } = sender
    sender.write(5000)
    sender.took()
    c.mss = c.mssClamp = 600
    simpleRetransmit(c)
    sender.check()
    expect([c.caState, c.cwnd]).toEqual([CA_LOSS, 10])
    // Each leaves as one, to be cut into two.
    const [first] = sender.network.sent
    expect([first?.segmentSize, sender.took().length]).toEqual([600, 5])
  })

  test('a probe that arrives keeps the bytes of the window; one that is lost, the packets', () => {
    const sender = new Sender({ cwnd: 100 })
    const { c } = sender
    c.mtuProbeSize = 2080
    mtuProbeSucceeded(c)
    expect([c.cwnd, c.probeLow, c.mtuProbeSize]).toEqual([50, 2080, 0])
    c.mtuProbeSize = 4000
    mtuProbeFailed(c)
    expect([c.cwnd, c.probeHigh, c.mtuProbeSize]).toEqual([51, 3999, 0])
  })
})
