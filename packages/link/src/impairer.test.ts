import { createSeededRandom, createVirtualClock } from '@jackfield/clock'
import {
  CHECKSUM_NONE,
  CHECKSUM_PARTIAL,
  CHECKSUM_VERIFIED,
  checksum,
  type Packet,
  PacketPool,
  sumWord,
} from '@jackfield/packet'
import { describe, expect, test } from 'vitest'
import { emptyImpairmentStatistics, Impairer } from './impairer.js'
import type { Impairments } from './impairments.js'

function setup(impairments: Impairments | null, medium: 'ip' | 'ethernet' = 'ip', seed = 1) {
  const clock = createVirtualClock()
  const pool = new PacketPool()
  const statistics = emptyImpairmentStatistics()
  const arrivals: { at: number; tag: number }[] = []
  let onPacket: (packet: Packet) => void = () => {}
  const sink = {
    pass(packet: Packet) {
      arrivals.push({ at: clock.now(), tag: packet.view.getUint16(packet.start) })
      onPacket(packet)
      packet.release()
      return true
    },
    passed() {},
  }
  const impairer = new Impairer(clock, medium, createSeededRandom(seed), sink, statistics)
  impairer.configure(impairments)
  let tag = 0
  const offer = (length = 100) => {
    const packet = pool.allocate(length)
    packet.bytes.fill(0, packet.start, packet.end)
    packet.view.setUint16(packet.start, tag++)
    impairer.offer(packet)
  }
  const finish = () => {
    clock.runUntilIdle()
    expect(pool.outstanding).toBe(0)
  }
  return {
    clock,
    pool,
    statistics,
    arrivals,
    impairer,
    offer,
    finish,
    inspect: (look: (packet: Packet) => void) => {
      onPacket = look
    },
  }
}

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

describe('impairer', () => {
  test('delay: each packet takes exactly that long', () => {
    const { clock, arrivals, offer, finish } = setup({ delay: 250 })
    offer()
    clock.advance(100)
    offer()
    finish()
    expect(arrivals).toEqual([
      { at: 250, tag: 0 },
      { at: 350, tag: 1 },
    ])
  })

  test('loss: as many as the probability says, one by one', () => {
    const { arrivals, statistics, offer, finish } = setup({ loss: 0.1 })
    for (let i = 0; i < 20_000; i++) offer()
    finish()
    expect(statistics.lost + arrivals.length).toBe(20_000)
    expect(Math.abs(statistics.lost - 2000)).toBeLessThan(200)
  })

  test('burst loss: bursts of the mean length 1 / leave, as often as enter says', () => {
    const { arrivals, statistics, offer, finish } = setup({ burstLoss: { enter: 0.02, leave: 0.25 } })
    for (let i = 0; i < 50_000; i++) offer()
    finish()
    // The link is bad for enter / (enter + leave) of the time.
    expect(statistics.lost / 50_000).toBeCloseTo(0.02 / 0.27, 1)
    let bursts = 0
    let before = -1
    for (const { tag } of arrivals) {
      if (tag !== before + 1) bursts++
      before = tag
    }
    const length = statistics.lost / bursts
    expect(length).toBeGreaterThan(3.6)
    expect(length).toBeLessThan(4.4)
  })

  test('burst loss: each state has its own loss', () => {
    const { statistics, offer, finish } = setup({ burstLoss: { enter: 1, leave: 0, lossBad: 0, lossGood: 1 } })
    for (let i = 0; i < 100; i++) offer()
    finish()
    expect(statistics.lost).toBe(0)
  })

  test('jitter: spread as asked, and in order unless it may reorder', () => {
    for (const distribution of ['uniform', 'normal'] as const) {
      for (const jitterReorders of [false, true]) {
        const { clock, arrivals, offer, finish } = setup({ delay: 5000, jitter: 1000, distribution, jitterReorders })
        const sent: number[] = []
        for (let i = 0; i < 2000; i++) {
          sent.push(clock.now())
          offer()
          clock.advance(jitterReorders ? 100 : 20_000)
        }
        finish()
        const delays: number[] = []
        for (const { at, tag } of arrivals) delays[tag] = at - (sent[tag] as number)
        expect(Math.abs(mean(delays) - 5000)).toBeLessThan(150)
        const deviation = Math.sqrt(mean(delays.map((delay) => (delay - 5000) ** 2)))
        const expected = distribution === 'normal' ? 1000 : 1000 / Math.sqrt(3)
        expect(Math.abs(deviation / expected - 1)).toBeLessThan(0.1)
        const ordered = arrivals.every(({ tag }, i) => tag === i)
        expect(ordered).toBe(!jitterReorders)
        if (distribution === 'uniform') expect(Math.max(...delays)).toBeLessThanOrEqual(6001)
      }
    }
  })

  test('jitter larger than the delay never sends a packet into the past', () => {
    const { clock, arrivals, offer, finish } = setup({ delay: 10, jitter: 1000 })
    for (let i = 0; i < 200; i++) {
      offer()
      clock.advance(5)
    }
    finish()
    expect(arrivals.map(({ tag }) => tag)).toEqual(Array.from({ length: 200 }, (_, i) => i))
  })

  test('reorder: packets held back are overtaken by later ones', () => {
    const { clock, arrivals, statistics, offer, finish } = setup({
      delay: 100,
      reorder: { probability: 0.2, delay: 35 },
    })
    for (let i = 0; i < 1000; i++) {
      offer()
      clock.advance(10)
    }
    finish()
    const late = arrivals.filter(({ at, tag }) => at === tag * 10 + 135)
    expect(late.length).toBe(statistics.reordered)
    expect(Math.abs(late.length - 200)).toBeLessThan(60)
    expect(arrivals.length - late.length).toBe(arrivals.filter(({ at, tag }) => at === tag * 10 + 100).length)
  })

  test('duplicate: the copy has the same bytes, and both may be written after unshare', () => {
    const { arrivals, statistics, offer, finish, inspect } = setup({ duplicate: 1 })
    inspect((packet) => {
      packet.unshare()
      packet.view.setUint16(packet.start, 999)
    })
    offer()
    offer()
    finish()
    expect(statistics.duplicated).toBe(2)
    expect(arrivals.map(({ tag }) => tag)).toEqual([0, 0, 1, 1])
  })

  test('corrupt: flips one bit, on bytes of its own, and a checksum shows it', () => {
    const { pool, impairer, statistics, finish, inspect } = setup({ corrupt: 1 })
    for (let i = 0; i < 500; i++) {
      const packet = pool.allocate(64)
      packet.bytes.fill(i, packet.start, packet.end)
      const pseudo = 0x1234
      const partial = i % 2 === 0
      if (partial) {
        packet.checksum = CHECKSUM_PARTIAL
        packet.checksumStart = packet.start + 4
        packet.checksumOffset = 6
        packet.view.setUint16(packet.start + 10, pseudo)
      } else packet.checksum = CHECKSUM_VERIFIED
      const kept = packet.share()
      const before = kept.toBytes()
      inspect((received) => {
        expect(received.checksum).toBe(CHECKSUM_NONE)
        const after = received.toBytes()
        let flipped = 0
        for (let at = 0; at < 64; at++) {
          if (partial && (at === 10 || at === 11)) continue
          for (let x = (before[at] as number) ^ (after[at] as number); x !== 0; x &= x - 1) flipped++
        }
        expect(flipped).toBeLessThanOrEqual(1)
        if (!partial) expect(flipped).toBe(1)
        else if (flipped === 1 && !after.subarray(0, 4).some((byte, at) => byte !== before[at])) {
          expect(checksum(received.view, received.start + 4, received.end, sumWord(pseudo))).not.toBe(0)
        }
      })
      impairer.offer(packet)
      expect(kept.toBytes()).toEqual(before)
      kept.release()
    }
    finish()
    expect(statistics.corrupted).toBe(500)
  })

  test('rate: packets follow each other at line speed', () => {
    const { arrivals, offer, finish } = setup({ rate: 8e6, delay: 1000 })
    for (let i = 0; i < 4; i++) offer(500)
    finish()
    expect(arrivals.map(({ at }) => at)).toEqual([1500, 2000, 2500, 3000])
  })

  test("rate: Ethernet's overhead is preamble, gap, check sequence, header and padding", () => {
    for (const [medium, length, onWire] of [
      ['ethernet', 60, 84],
      ['ethernet', 14, 84],
      ['ethernet', 1514, 1538],
      ['ip', 46, 84],
      ['ip', 1, 84],
      ['ip', 1500, 1538],
    ] as const) {
      const { arrivals, offer, finish } = setup({ rate: 8e6, overhead: 'ethernet' }, medium)
      offer(Math.max(2, length))
      finish()
      expect(arrivals[0]?.at).toBe(onWire)
    }
    const { arrivals, offer, finish } = setup({ rate: 8e6, overhead: 38 })
    offer(100)
    finish()
    expect(arrivals[0]?.at).toBe(138)
  })

  test('a queue of so many packets or bytes, the one being sent included', () => {
    for (const limit of [{ queuePackets: 3 }, { queueBytes: 399 }]) {
      const { clock, arrivals, statistics, offer, finish } = setup({ rate: 8e6, ...limit })
      for (let i = 0; i < 5; i++) offer(100)
      expect(statistics.queueDropped).toBe(2)
      clock.advance(100)
      offer(100)
      offer(100)
      finish()
      expect(arrivals.map(({ at, tag }) => [at, tag])).toEqual([
        [100, 0],
        [200, 1],
        [300, 2],
        [400, 5],
      ])
    }
  })

  test('changed impairments hold for what follows, and nothing is overtaken', () => {
    const { arrivals, impairer, offer, finish, clock } = setup({ delay: 1000 })
    offer()
    impairer.configure({ delay: 10 })
    offer()
    impairer.configure(null)
    expect(impairer.idle).toBe(false)
    offer()
    clock.runUntilIdle()
    expect(impairer.idle).toBe(true)
    offer()
    finish()
    expect(arrivals).toEqual([
      { at: 1000, tag: 0 },
      { at: 1000, tag: 1 },
      { at: 1000, tag: 2 },
      { at: 1000, tag: 3 },
    ])
  })

  test('what is under way is bounded and can be lost', () => {
    const { impairer, offer, finish, arrivals, clock } = setup({ delay: 1000, inFlightPackets: 4 })
    for (let i = 0; i < 4; i++) {
      expect(impairer.full).toBe(false)
      offer()
    }
    expect([impairer.full, impairer.roomy]).toEqual([true, false])
    expect(impairer.clear()).toBe(4)
    expect([impairer.full, impairer.roomy]).toEqual([false, true])
    expect(clock.nextDeadline()).toBe(Infinity)
    finish()
    expect(arrivals).toEqual([])
  })

  test('refuses values out of range, and options that say nothing alone', () => {
    const wrong: [Impairments, RegExp][] = [
      [{ loss: 1.1 }, /loss must be a probability/],
      [{ loss: Number.NaN }, /loss/],
      [{ duplicate: -1 }, /duplicate/],
      [{ corrupt: 2 }, /corrupt/],
      [{ burstLoss: { enter: 2, leave: 0 } }, /burstLoss.enter/],
      [{ burstLoss: { enter: 0, leave: 0, lossGood: 7 } }, /burstLoss.lossGood/],
      [{ delay: -1 }, /delay must be a time/],
      [{ delay: Infinity }, /delay/],
      [{ jitter: Number.NaN }, /jitter/],
      [{ reorder: { probability: 3, delay: 1 } }, /reorder.probability/],
      [{ rate: 0 }, /rate/],
      [{ rate: 1, overhead: -1 }, /overhead/],
      [{ rate: 1, queuePackets: 0 }, /queuePackets/],
      [{ rate: 1, queueBytes: 0 }, /queueBytes/],
      [{ inFlightPackets: 1.5 }, /inFlightPackets/],
      [{ queuePackets: 10 }, /queuePackets says nothing without rate/],
      [{ overhead: 10 }, /overhead says nothing without rate/],
      [{ distribution: 'normal' }, /distribution says nothing without jitter/],
    ]
    for (const [impairments, message] of wrong) expect(() => setup(impairments)).toThrow(message)
  })
})
