import { describe, expect, test } from 'vitest'
import { minRtt, updateMinRtt } from './min-rtt.js'
import { fallbackRto, initialRto, synAckedRtt, updateRto, updateRtt } from './rtt.js'
import { Sender } from './sender.test-support.js'

function measure(sender: Sender, ...samples: number[]): void {
  for (const sample of samples) {
    updateRtt(sender.c, sample)
    updateRto(sender.c)
  }
}

describe('round trips (RFC 6298)', () => {
  test('begin with 1 second', () => {
    const { c } = new Sender()
    initialRto(c)
    expect([c.rto, c.srtt8, c.mdev4]).toEqual([1_000_000, 0, 1_000_000])
  })

  test('the first makes the RTO three of it, once over the floor', () => {
    const sender = new Sender()
    measure(sender, 500_000)
    expect([sender.c.srtt8, sender.c.rttvar4, sender.c.rto]).toEqual([4_000_000, 1_000_000, 1_500_000])
  })

  test('the floor of 200 ms is on the variance term: 100.7 ms gives 300.7 and more', () => {
    const sender = new Sender()
    measure(sender, 100_700)
    // Twice the sample is above the floor, as the first sample counts double.
    expect(sender.c.rto).toBe(302_100)
    const short = new Sender()
    measure(short, 10_000)
    expect(short.c.rto).toBe(210_000)
  })

  test('a larger one moves the mean by an eighth and the deviation by a quarter', () => {
    const sender = new Sender()
    measure(sender, 400_000, 480_000)
    const { c } = sender
    expect(c.srtt8 >> 3).toBe(410_000)
    // 800,000 / 4 = 200,000; the error of 80,000 is less.
    expect(c.mdev4).toBe(800_000 + (80_000 - 200_000))
    // What was largest since the last round trip stays.
    expect(c.rttvar4).toBe(800_000)
  })

  test('a smaller one with more deviation than usual moves it eight times slower', () => {
    const sender = new Sender()
    measure(sender, 400_000)
    sender.c.mdev4 = 100_000
    measure(sender, 100_000)
    // The error of 300,000 less 25,000, an eighth of it.
    expect(sender.c.mdev4).toBe(100_000 + (275_000 >> 3))
  })

  test('the variance term falls once a round trip, by a quarter of the difference', () => {
    const sender = new Sender()
    const { c } = sender
    measure(sender, 500_000)
    c.mdevMax4 = 600_000
    c.mdev4 = 0
    c.sndUna = (c.rttSeq + 1) | 0
    measure(sender, 500_000)
    expect(c.rttvar4).toBe(1_000_000 - 100_000)
    expect(c.mdevMax4).toBe(200_000)
    expect(c.rttSeq).toBe(c.sndNxt)
  })

  test('no sample, however long, makes a number that is none', () => {
    const sender = new Sender()
    measure(sender, 2 ** 40, 2 ** 40, 0, 2 ** 31)
    expect(sender.c.srtt8).toBeGreaterThan(0)
    expect(sender.c.rto).toBe(120_000_000)
  })

  test('the RTO has tcp_rto_max for a limit', () => {
    const sender = new Sender({ settings: { rtoMax: 1_200_000 } })
    measure(sender, 500_000)
    expect(sender.c.rto).toBe(1_200_000)
  })

  test('a handshake gives one, or else its timestamp does, or else the RTO is 3 s', () => {
    const direct = new Sender()
    synAckedRtt(direct.c, 50_000)
    expect(direct.c.srtt8 >> 3).toBe(50_000)
    const echoed = new Sender()
    echoed.c.sawTimestamp = true
    echoed.c.rcvTsecr = (echoed.ms - 70) | 0
    synAckedRtt(echoed.c, -1)
    expect(echoed.c.srtt8 >> 3).toBe(70_000)
    const none = new Sender()
    synAckedRtt(none.c, -1)
    fallbackRto(none.c)
    expect([none.c.srtt8, none.c.rto]).toEqual([0, 3_000_000])
  })

  test('nonsense in a timestamp is no round trip', () => {
    const { c, ms } = new Sender()
    c.sawTimestamp = true
    for (const echo of [ms + 1, ms - 3_000_000, ms + 0x7000_0000]) {
      c.rcvTsecr = echo | 0
      synAckedRtt(c, -1)
    }
    expect(c.srtt8).toBe(0)
  })
})

describe('what acknowledgements tell of the round trip', () => {
  test('the first segment that they acknowledge was out longest: its time counts', () => {
    const sender = new Sender()
    sender.write(1000)
    sender.wait(20)
    sender.write(1000)
    sender.wait(80)
    sender.ack(2000)
    expect(sender.c.srtt8 >> 3).toBe(100_000)
    // The smallest comes from the last.
    expect(minRtt(sender.c)).toBe(80_000)
  })

  test('a retransmitted segment gives none (Karn), unless there are timestamps', () => {
    const plain = new Sender({ settings: { earlyRetrans: 0 } })
    plain.write(1000)
    plain.wait(1100)
    plain.ack(1000)
    expect(plain.c.srtt8).toBe(0)
    expect(plain.c.backoff).toBe(1)
    const stamped = new Sender({ timestamps: true, settings: { earlyRetrans: 0 } })
    stamped.write(1000)
    stamped.wait(1100)
    stamped.ack(1000, { echo: stamped.ms - 60 })
    expect(stamped.c.srtt8 >> 3).toBe(60_000)
    expect(stamped.c.backoff).toBe(0)
  })

  test('a SACKed segment gives one', () => {
    const sender = new Sender()
    sender.write(3000)
    sender.wait(50)
    sender.ack(0, { sack: [[2000, 3000]] })
    expect(sender.c.srtt8 >> 3).toBe(50_000)
  })
})

describe('the smallest round trip', () => {
  test('is the smallest of five minutes, and has an heir when these end', () => {
    const sender = new Sender()
    const { c } = sender
    const window = 300_000_000
    updateMinRtt(c, window, 50_000)
    sender.wait(80_000)
    updateMinRtt(c, window, 60_000)
    expect(minRtt(c)).toBe(50_000)
    sender.wait(100_000)
    updateMinRtt(c, window, 70_000)
    sender.wait(119_000)
    updateMinRtt(c, window, 90_000)
    expect(minRtt(c)).toBe(50_000)
    sender.wait(2000)
    updateMinRtt(c, window, 90_000)
    expect(minRtt(c)).toBe(60_000)
    updateMinRtt(c, window, 40_000)
    expect(minRtt(c)).toBe(40_000)
    sender.wait(400_000)
    updateMinRtt(c, window, 80_000)
    expect(minRtt(c)).toBe(80_000)
  })

  test('is very large before the first', () => {
    expect(minRtt(new Sender().c)).toBe(0x7fff_ffff)
  })
})
