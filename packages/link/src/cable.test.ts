import { MacAddress } from '@jackfield/addr'
import { createSeededRandom, createVirtualClock, type VirtualClock } from '@jackfield/clock'
import type { LinkReceiver, LinkState } from '@jackfield/interfaces'
import { CHECKSUM_PARTIAL, CHECKSUM_VERIFIED, type Packet, PacketPool, SEGMENT_UDP } from '@jackfield/packet'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Cable, type CableOptions, createCable } from './cable.js'

/** Writes down when each packet came, and its first byte. */
class Sink implements LinkReceiver {
  readonly pool: PacketPool
  readonly arrivals: [number, number][] = []
  readonly bursts: number[] = []
  readonly states: LinkState[] = []
  writables = 0
  onPacket: (packet: Packet) => void = () => {}
  private inBurst = 0
  private readonly clock: VirtualClock

  constructor(pool: PacketPool, clock: VirtualClock) {
    this.pool = pool
    this.clock = clock
  }

  receive(packet: Packet): void {
    this.inBurst++
    this.arrivals.push([this.clock.now(), packet.view.getUint8(packet.start)])
    this.onPacket(packet)
    packet.release()
  }

  burstEnd(): void {
    this.bursts.push(this.inBurst)
    this.inBurst = 0
  }

  writable(): void {
    this.writables++
  }

  changed(state: LinkState): void {
    this.states.push(state)
  }

  get tags(): number[] {
    return this.arrivals.map(([, tag]) => tag)
  }

  get times(): number[] {
    return this.arrivals.map(([time]) => time)
  }
}

function setup(options: Partial<CableOptions> = {}) {
  const clock = createVirtualClock()
  const pool = new PacketPool()
  const cable: Cable = createCable({ clock, medium: 'ip', random: createSeededRandom(1), ...options })
  const a = new Sink(pool, clock)
  const b = new Sink(pool, clock)
  cable.a.open(a)
  cable.b.open(b)
  const send = (tag: number, length = 100): boolean => {
    const packet = pool.allocate(length)
    packet.bytes.fill(0, packet.start, packet.end)
    packet.view.setUint8(packet.start, tag)
    return cable.a.transmit(packet)
  }
  const finish = () => {
    clock.runUntilIdle()
    cable.a.close()
    cable.b.close()
    clock.runUntilIdle()
    expect(pool.outstanding).toBe(0)
  }
  return { clock, pool, cable, a, b, send, finish }
}

describe('cable', () => {
  test('hands the same bytes over without a copy, and nothing of the host that sent them', () => {
    const { clock, pool, cable, b, finish } = setup()
    const packet = pool.allocate(100)
    const { bytes } = packet
    packet.mark = 5
    packet.networkHeader = packet.start
    packet.interfaceIndex = 9
    packet.packetType = 4
    packet.checksum = CHECKSUM_VERIFIED
    b.onPacket = (received) => {
      expect(received.bytes).toBe(bytes)
      expect([received.mark, received.networkHeader, received.interfaceIndex, received.packetType]).toEqual([
        0, -1, 0, 0,
      ])
      expect(received.checksum).toBe(CHECKSUM_VERIFIED)
    }
    cable.a.transmit(packet)
    clock.runUntilIdle()
    expect(b.arrivals.length).toBe(1)
    finish()
  })

  test('delivers before the outermost call returns, in bursts of at most 64', () => {
    const { clock, b, send, finish } = setup()
    clock.loop.enter()
    for (let i = 0; i < 150; i++) send(i)
    expect(b.arrivals.length).toBe(0)
    clock.loop.leave()
    expect(b.tags).toEqual(Array.from({ length: 150 }, (_, i) => i))
    expect(b.bursts).toEqual([64, 64, 22])
    finish()
  })

  test('refuses what is longer than the MTU allows, offloads aside', () => {
    const { cable, send, clock, pool, b, finish } = setup({ mtu: 1000 })
    expect(send(1, 1000)).toBe(true)
    expect(send(1, 1001)).toBe(true)
    expect([cable.a.statistics.txErrors, cable.a.statistics.txPackets]).toEqual([1, 1])
    finish()
    const ethernet = setup({ medium: 'ethernet', mtu: 1000, offload: true })
    ethernet.send(1, 1022)
    ethernet.send(1, 1023)
    const large = ethernet.pool.allocate(40_000)
    large.segmentType = SEGMENT_UDP
    large.segmentSize = 900
    large.segmentCount = 44
    large.checksum = CHECKSUM_PARTIAL
    let seen = 0
    ethernet.b.onPacket = (packet) => {
      if (packet.segmentType === SEGMENT_UDP) seen = packet.checksum
    }
    ethernet.cable.a.transmit(large)
    ethernet.clock.runUntilIdle()
    expect([ethernet.cable.a.statistics.txErrors, ethernet.cable.a.statistics.txPackets, seen]).toEqual([1, 2, 1])
    ethernet.finish()
    expect([clock.now(), pool.outstanding, b.arrivals.length]).toEqual([0, 0, 1])
  })

  test('unplugged: what is under way is lost, both ends hear of it; plugged in it works again', () => {
    const { clock, cable, a, b, send, finish } = setup({ aToB: { delay: 1000 } })
    send(1)
    clock.advance(10)
    cable.unplug()
    cable.unplug()
    expect(cable.plugged).toBe(false)
    expect(send(2)).toBe(true)
    clock.runUntilIdle()
    expect(b.arrivals).toEqual([])
    expect(cable.statistics.aToB.undelivered).toBe(2)
    cable.plug()
    send(3)
    clock.runUntilIdle()
    expect(b.tags).toEqual([3])
    for (const end of [a, b]) expect(end.states.map((state) => state.carrier)).toEqual([false, true])
    cable.b.close()
    expect(a.states.at(-1)).toEqual({ carrier: false, mtu: 1500 })
    send(4)
    expect(cable.statistics.aToB.undelivered).toBe(3)
    finish()
  })

  test('an end opened while unplugged hears that there is no carrier', () => {
    const clock = createVirtualClock()
    const cable = createCable({ clock, medium: 'ip' })
    cable.unplug()
    const sink = new Sink(new PacketPool(), clock)
    cable.a.open(sink)
    clock.runUntilIdle()
    expect(sink.states).toEqual([{ carrier: false, mtu: 1500 }])
  })

  test('packets to an end that is not open are lost and counted', () => {
    const clock = createVirtualClock()
    const pool = new PacketPool()
    const cable = createCable({ clock, medium: 'ip' })
    expect(cable.a.transmit(pool.allocate(10))).toBe(false)
    cable.a.open(new Sink(pool, clock))
    expect(cable.a.transmit(pool.allocate(10))).toBe(true)
    expect(cable.statistics.aToB.undelivered).toBe(1)
    expect(pool.outstanding).toBe(0)
  })

  test('a receiver that throws loses no later packet', () => {
    const { clock, b, send, finish } = setup()
    b.onPacket = (packet) => {
      if (packet.view.getUint8(packet.start) !== 1) return
      packet.share().release()
      throw new Error('fault')
    }
    const { receive } = b
    b.receive = (packet) => {
      const twin = packet.share()
      try {
        receive.call(b, packet)
        twin.release()
      } catch (error) {
        twin.release()
        packet.release()
        throw error
      }
    }
    send(1)
    send(2)
    expect(() => clock.runUntilIdle()).toThrow('fault')
    clock.runUntilIdle()
    expect(b.tags).toEqual([1, 2])
    finish()
  })

  test('an end may be closed from inside receive', () => {
    const { clock, cable, b, send, finish } = setup()
    b.onPacket = () => void cable.b.close()
    send(1)
    send(2)
    clock.runUntilIdle()
    expect(b.tags).toEqual([1])
    finish()
  })

  test('refuses bad options, and says what would be right', () => {
    const clock = createVirtualClock()
    const wrong: [object, RegExp][] = [
      [{ medium: 'air' }, /'ip' or 'ethernet'/],
      [{ mtu: 67 }, /from 68 to 65535/],
      [{ names: ['good', 'a/b'] }, /1 to 15 characters/],
      [{ queuePackets: 0 }, /queuePackets/],
      [{ medium: 'ethernet' }, /hardwareAddresses/],
      [{ aToB: { latency: 5 } }, /no impairment "latency".*delay/],
      [{ aToB: { loss: 0.1 } }, /random/],
    ]
    for (const [options, message] of wrong) {
      expect(() => createCable({ clock, medium: 'ip', ...options })).toThrow(message)
    }
    const { cable, finish } = setup()
    expect(() => Reflect.apply(cable.setImpairments, cable, ['out', null])).toThrow(/aToB/)
    expect(() => cable.a.open(new Sink(new PacketPool(), clock))).toThrow(/opened once/)
    finish()
    expect(() => cable.a.open(new Sink(new PacketPool(), clock))).toThrow(/opened once/)
  })

  test('Ethernet ends have addresses: those given, or local ones from the random source', () => {
    const clock = createVirtualClock()
    const addresses = [new MacAddress(0x0200, 7), new MacAddress(0x0200, 8)] as const
    const given = createCable({ clock, medium: 'ethernet', hardwareAddresses: addresses })
    expect([given.a.hardwareAddress, given.b.hardwareAddress]).toEqual([...addresses])
    const { a, b } = createCable({ clock, medium: 'ethernet', random: createSeededRandom(3) })
    for (const end of [a, b]) expect((end.hardwareAddress?.high ?? 0) >>> 8).toBe(2)
    expect(a.hardwareAddress).not.toEqual(b.hardwareAddress)
    expect(createCable({ clock, medium: 'ip' }).a.hardwareAddress).toBe(undefined)
  })

  test('whatever the impairments, packets come from nowhere and every one is accounted for', () => {
    const chance = fc.constantFrom(0, 0.01, 0.3, 1)
    const impairments = fc.record(
      {
        loss: chance,
        burstLoss: fc.record({ enter: chance, leave: chance }),
        corrupt: chance,
        duplicate: chance,
        delay: fc.nat(5000),
        reorder: fc.record({ probability: chance, delay: fc.nat(3000) }),
        inFlightPackets: fc.integer({ min: 1, max: 300 }),
      },
      { requiredKeys: [] },
    )
    const jitter = fc.oneof(
      fc.constant({}),
      fc.record({
        jitter: fc.nat(3000),
        distribution: fc.constantFrom('uniform', 'normal'),
        jitterReorders: fc.boolean(),
      }),
    )
    const rate = fc.oneof(
      fc.constant({}),
      fc.record({
        rate: fc.constantFrom(1e5, 1e7, 1e9),
        overhead: fc.constantFrom('ethernet' as const, 0, 18),
        queuePackets: fc.integer({ min: 1, max: 50 }),
        queueBytes: fc.integer({ min: 1, max: 10_000 }),
      }),
    )
    fc.assert(
      fc.property(
        impairments,
        jitter,
        rate,
        fc.array(fc.nat(2000), { maxLength: 200 }),
        fc.nat(),
        (base, j, r, gaps, seed) => {
          const run = () => {
            const { clock, cable, b, send, finish } = setup({ random: createSeededRandom(seed) })
            cable.setImpairments('aToB', { ...base, ...j, ...r })
            gaps.forEach((gap, i) => {
              clock.advance(gap)
              send(i & 0xff)
            })
            finish()
            const { lost, duplicated, queueDropped, undelivered } = cable.statistics.aToB
            const { txPackets, txDropped } = cable.a.statistics
            expect(txPackets + txDropped).toBe(gaps.length)
            expect(undelivered).toBe(0)
            expect(b.arrivals.length).toBe(txPackets - lost + duplicated - queueDropped)
            const times = b.times
            expect(times).toEqual([...times].sort((x, y) => x - y))
            return b.arrivals
          }
          expect(run()).toEqual(run())
        },
      ),
      { numRuns: 60 },
    )
  })
})
