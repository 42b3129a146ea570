import { createSeededRandom, createVirtualClock } from '@jackfield/clock'
import type { LinkReceiver } from '@jackfield/interfaces'
import { CHECKSUM_PARTIAL, type Packet, PacketPool } from '@jackfield/packet'
import { describe, expect, test } from 'vitest'
import { createCable } from './cable.js'
import { impair } from './impair.js'
import { createLoopback } from './loopback.js'

function receiverOf(pool: PacketPool, receive: (packet: Packet) => void): LinkReceiver & { writables: number } {
  return {
    pool,
    writables: 0,
    receive,
    burstEnd() {},
    writable() {
      this.writables++
    },
    changed() {},
  }
}

describe('loopback', () => {
  test('keeps partial checksums and marks, and looks as lo does', () => {
    const clock = createVirtualClock()
    const pool = new PacketPool()
    const device = createLoopback({ clock })
    expect([device.name, device.mtu, device.medium, device.loopback]).toEqual(['lo', 65_536, 'ip', true])
    const seen: number[][] = []
    device.open(
      receiverOf(pool, (packet) => {
        seen.push([packet.checksum, packet.mark, packet.networkHeader, packet.packetType])
        packet.release()
      }),
    )
    const packet = pool.allocate(100)
    packet.checksum = CHECKSUM_PARTIAL
    packet.mark = 3
    packet.networkHeader = packet.start
    packet.packetType = 1
    device.transmit(packet)
    clock.runUntilIdle()
    expect(seen).toEqual([[CHECKSUM_PARTIAL, 3, -1, 0]])
    device.transmit(pool.allocate(65_537))
    expect(device.statistics.txErrors).toBe(1)
    expect(pool.outstanding).toBe(0)
  })

  test('a receiver that answers each packet with another does not starve others', () => {
    const clock = createVirtualClock()
    const pool = new PacketPool()
    const device = createLoopback({ clock })
    let answers = 0
    device.open(
      receiverOf(pool, (packet) => {
        packet.release()
        if (answers++ < 1000) device.transmit(pool.allocate(10))
      }),
    )
    let other = 0
    clock.loop.enter()
    device.transmit(pool.allocate(10))
    clock.loop.defer({ queued: false, run: () => (other = answers) })
    clock.loop.leave()
    expect(other).toBeLessThanOrEqual(64)
    expect([answers, pool.outstanding]).toEqual([1001, 0])
  })

  test('refuses bad options', () => {
    const clock = createVirtualClock()
    expect(() => createLoopback({ clock, name: '' })).toThrow(/1 to 15/)
    expect(() => createLoopback({ clock, mtu: 70_000 })).toThrow(/mtu/)
    expect(() => createLoopback({ clock, queuePackets: 0 })).toThrow(/queuePackets/)
  })
})

describe('impair', () => {
  test('works both ways around any device, which keeps its name and statistics', () => {
    const clock = createVirtualClock()
    const pool = new PacketPool()
    const cable = createCable({ clock, medium: 'ip', names: ['left', 'right'] })
    const device = impair(cable.a, {
      clock,
      random: createSeededRandom(1),
      egress: { delay: 100 },
      ingress: { loss: 1 },
    })
    expect([device.name, device.medium, device.statistics]).toEqual(['left', 'ip', cable.a.statistics])
    const times: number[] = []
    const near = receiverOf(pool, (packet) => packet.release())
    device.open(near)
    cable.b.open(
      receiverOf(pool, (packet) => {
        times.push(clock.now())
        packet.release()
      }),
    )
    device.transmit(pool.allocate(10))
    cable.b.transmit(pool.allocate(10))
    clock.runUntilIdle()
    expect(times).toEqual([100])
    expect(device.impairments.ingress.lost).toBe(1)
    device.setImpairments('ingress', null)
    device.setImpairments('egress', { loss: 1 })
    device.transmit(pool.allocate(10))
    cable.b.transmit(pool.allocate(10))
    clock.runUntilIdle()
    expect([times.length, device.statistics.rxPackets, device.impairments.egress.lost]).toEqual([1, 2, 1])
    expect(() => Reflect.apply(device.setImpairments, device, ['both', null])).toThrow(/egress/)
    expect(pool.outstanding).toBe(0)
  })

  test('with too much under way it refuses, and says when there is room; what comes in is dropped', () => {
    const clock = createVirtualClock()
    const pool = new PacketPool()
    const cable = createCable({ clock, medium: 'ip' })
    const device = impair(cable.a, {
      clock,
      egress: { delay: 100, inFlightPackets: 4 },
      ingress: { delay: 100, inFlightPackets: 4 },
    })
    const near = receiverOf(pool, (packet) => packet.release())
    device.open(near)
    cable.b.open(receiverOf(pool, (packet) => packet.release()))
    const sent = Array.from({ length: 6 }, () => device.transmit(pool.allocate(10)))
    for (let i = 0; i < 6; i++) cable.b.transmit(pool.allocate(10))
    expect(sent).toEqual([true, true, true, true, false, false])
    expect(near.writables).toBe(0)
    clock.runUntilIdle()
    expect(near.writables).toBe(1)
    expect([device.statistics.txDropped, device.statistics.rxDropped]).toEqual([2, 2])
    for (let i = 0; i < 3; i++) device.transmit(pool.allocate(10))
    device.close()
    cable.b.close()
    expect(pool.outstanding).toBe(0)
  })
})
