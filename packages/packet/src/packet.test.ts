import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { doubleReleases, setPacketChecks } from './checks.js'
import { CHECKSUM_PARTIAL, PACKET_OVERHEAD, type Packet, SEGMENT_UDP } from './packet.js'
import { PacketPool } from './packet-pool.js'

afterEach(() => setPacketChecks(true))

/** Every field a layer may set, so that a copy that forgets one shows. */
function dress(packet: Packet): void {
  packet.linkHeader = packet.start - 14
  packet.networkHeader = packet.start
  packet.transportHeader = packet.start + 1
  packet.interfaceIndex = 3
  packet.packetType = 2
  packet.etherType = 0x0800
  packet.vlan = 7
  packet.mark = 11
  packet.priority = 5
  packet.timestamp = 123.5
  packet.checksum = CHECKSUM_PARTIAL
  packet.checksumStart = packet.start + 1
  packet.checksumOffset = 6
  packet.segmentType = SEGMENT_UDP
  packet.segmentSize = 100
  packet.segmentCount = 4
}

/** The fields, with offsets counted from the window. */
function fields(packet: Packet): Record<string, unknown> {
  const { start } = packet
  const fields: Record<string, unknown> = { ...packet, length: packet.length }
  for (const name of ['linkHeader', 'networkHeader', 'transportHeader', 'checksumStart'] as const) {
    fields[name] = packet[name] - start
  }
  for (const name of ['bytes', 'view', 'buffer', 'next', 'start', 'end']) delete fields[name]
  return fields
}

function owner() {
  const charges: number[] = []
  return { charges, packetReleased: (charge: number) => charges.push(charge) }
}

describe('packet', () => {
  test('a window moves within its buffer and no further', () => {
    const pool = new PacketPool({ headroom: 20 })
    const packet = pool.allocate(100, 20, 8)
    expect([packet.start, packet.length, packet.headroom]).toEqual([20, 100, 20])
    expect(packet.tailroom).toBe(packet.bytes.length - 120)
    expect(packet.tailroom).toBeGreaterThanOrEqual(8)
    expect(packet.prepend(14)).toBe(6)
    expect(packet.length).toBe(114)
    expect(() => packet.prepend(7)).toThrow(/7 bytes wanted, 6 there/)
    expect(packet.append(8)).toBe(120)
    expect(() => packet.append(packet.tailroom + 1)).toThrow(/no tailroom/)
    expect(packet.truesize).toBe(packet.bytes.length + PACKET_OVERHEAD)
    packet.release()
    expect(packet.bytes.length).toBe(0)
    expect(pool.outstanding).toBe(0)
  })

  test('copies and shares and clones hold the same bytes and fields', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 2, maxLength: 3000 }), fc.nat(300), (content, headroom) => {
        const pool = new PacketPool()
        const other = new PacketPool({ headroom: 0 })
        const packet = pool.copyOf(content)
        dress(packet)
        packet.bytes.fill(9, packet.linkHeader, packet.start)
        const twin = packet.share()
        const clone = other.clone(packet, headroom)
        for (const one of [twin, clone]) {
          expect(one.toBytes()).toEqual(content)
          expect(fields(one)).toEqual(fields(packet))
          expect(one.bytes.slice(one.linkHeader, one.start)).toEqual(new Uint8Array(14).fill(9))
        }
        expect([packet.shared, twin.shared, clone.shared]).toEqual([true, true, false])
        expect(clone.linkHeader).toBe(headroom)
        expect(twin.bytes).toBe(packet.bytes)
        packet.release()
        expect([twin.shared, pool.outstanding, other.outstanding]).toEqual([false, 1, 1])
        twin.release()
        clone.release()
        expect([pool.outstanding, other.outstanding]).toEqual([0, 0])
      }),
    )
  })

  test('unshare parts the bytes and keeps every offset', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 2, maxLength: 3000 }), fc.nat(2999), (content, at) => {
        const pool = new PacketPool()
        const packet = pool.copyOf(content)
        dress(packet)
        packet.bytes.fill(9, packet.linkHeader, packet.start)
        const alone = packet.bytes
        packet.unshare()
        expect(packet.bytes).toBe(alone)
        const twin = packet.share()
        const before = fields(packet)
        const start = packet.start
        packet.unshare()
        expect([packet.shared, twin.shared, packet.start]).toEqual([false, false, start])
        expect(fields(packet)).toEqual(before)
        expect(packet.view.buffer).toBe(packet.bytes.buffer)
        expect(packet.bytes.slice(packet.linkHeader, packet.start)).toEqual(new Uint8Array(14).fill(9))
        const changed = packet.start + (at % content.length)
        packet.bytes[changed] = (packet.bytes[changed] as number) ^ 0xff
        expect(twin.toBytes()).toEqual(content)
        expect(packet.toBytes()).not.toEqual(content)
        packet.release()
        twin.release()
        expect(pool.outstanding).toBe(0)
      }),
    )
  })

  test('a second release throws under checks and is counted without', () => {
    const pool = new PacketPool()
    const packet = pool.allocate(10)
    packet.release()
    const before = doubleReleases()
    expect(() => packet.release()).toThrow(/released twice/)
    setPacketChecks(false)
    packet.release()
    expect(doubleReleases()).toBe(before + 2)
    expect(pool.outstanding).toBe(0)
    expect(() => packet.share()).toThrow(/released/)
    expect(() => packet.unshare()).toThrow(/released/)
  })

  test('the owner is told once, when the last holder lets go', () => {
    const pool = new PacketPool()
    const first = owner()
    const packet = pool.allocate(10)
    packet.setOwner(first, 700)
    expect(packet.owner).toBe(first)
    const twin = packet.share()
    packet.release()
    expect(first.charges).toEqual([])
    twin.release()
    expect(first.charges).toEqual([700])
  })

  test('an owner is told at once when another follows, or the packet leaves its host', () => {
    const pool = new PacketPool()
    const first = owner()
    const second = owner()
    const packet = pool.allocate(10)
    packet.setOwner(first, 1)
    packet.setOwner(second, 2)
    expect(first.charges).toEqual([1])
    packet.orphan()
    packet.orphan()
    expect(packet.owner).toBe(null)
    packet.release()
    expect([first.charges, second.charges]).toEqual([[1], [2]])
    packet.orphan()
    packet.setOwner(first, 3)
    expect(packet.owner).toBe(null)
  })

  test('an owner may free and allocate packets when told', () => {
    const pool = new PacketPool()
    const held = pool.allocate(10)
    const packet = pool.allocate(10)
    let fresh: Packet | null = null
    packet.setOwner(
      {
        packetReleased() {
          held.release()
          fresh = pool.allocate(10)
        },
      },
      1,
    )
    packet.release()
    expect(pool.outstanding).toBe(1)
    ;(fresh as Packet | null)?.release()
    expect(pool.outstanding).toBe(0)
  })
})

describe('packet pool', () => {
  test('reserve keeps a packet that has room, and copies one that has not or is shared', () => {
    const pool = new PacketPool({ headroom: 16 })
    const packet = pool.copyOf(Uint8Array.of(1, 2, 3))
    expect(pool.reserve(packet, 16)).toBe(packet)
    const told = owner()
    packet.setOwner(told, 5)
    const roomy = pool.reserve(packet, 17)
    expect(roomy).not.toBe(packet)
    expect(roomy.headroom).toBeGreaterThanOrEqual(17)
    expect(roomy.toBytes()).toEqual(Uint8Array.of(1, 2, 3))
    expect([told.charges, roomy.owner]).toEqual([[], told])
    const twin = roomy.share()
    const own = pool.reserve(roomy, 1)
    own.bytes[own.start] = 9
    expect(twin.toBytes()).toEqual(Uint8Array.of(1, 2, 3))
    expect([twin.owner, own.owner]).toEqual([told, null])
    own.release()
    twin.release()
    expect(told.charges).toEqual([5])
    expect(pool.outstanding).toBe(0)
  })

  test('buffers are used again, objects too but under checks, and no more than the limit is kept', () => {
    const pool = new PacketPool({ maxFreeBytes: 4096 })
    setPacketChecks(false)
    const packets = Array.from({ length: 4 }, () => pool.allocate(1500))
    const buffers = new Set(packets.map((packet) => packet.bytes))
    const objects = new Set(packets)
    for (const packet of packets) packet.release()
    const again = Array.from({ length: 4 }, () => pool.allocate(1500))
    expect(again.filter((packet) => buffers.has(packet.bytes)).length).toBe(2)
    expect(again.every((packet) => objects.has(packet))).toBe(true)
    expect(again.every((packet) => packet.checksum === 0 && packet.networkHeader === -1)).toBe(true)
    setPacketChecks(true)
    for (const packet of again) packet.release()
    const fresh = pool.allocate(1500)
    expect(objects.has(fresh)).toBe(false)
    fresh.release()
  })

  test('a free packet object pins no buffer', () => {
    setPacketChecks(false)
    const pool = new PacketPool({ maxFreeBytes: 0 })
    const packet = pool.allocate(60_000)
    packet.release()
    expect([packet.bytes.length, packet.view.byteLength]).toEqual([0, 0])
  })

  test('any length gets a buffer with its rooms; odd options and lengths are refused', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.nat(400), fc.nat(400), (length, headroom, tailroom) => {
        const pool = new PacketPool()
        const packet = pool.allocate(length, headroom, tailroom)
        expect(packet.length).toBe(length)
        expect(packet.headroom).toBe(headroom)
        expect(packet.tailroom).toBeGreaterThanOrEqual(tailroom)
        packet.release()
      }),
    )
    const pool = new PacketPool()
    expect(() => pool.allocate(-1)).toThrow(RangeError)
    expect(() => pool.allocate(Number.NaN)).toThrow(RangeError)
    expect(() => new PacketPool({ headroom: -1 })).toThrow(/headroom/)
    expect(() => new PacketPool({ headroom: 5000 })).toThrow(/headroom/)
    expect(() => new PacketPool({ maxFreeBytes: -1 })).toThrow(/maxFreeBytes/)
  })

  test('copyOf takes a part of the source', () => {
    const pool = new PacketPool()
    const packet = pool.copyOf(Uint8Array.of(1, 2, 3, 4, 5), 1, 4)
    expect(packet.toBytes()).toEqual(Uint8Array.of(2, 3, 4))
    packet.release()
  })
})

describe('tailroom', () => {
  test('a packet moves to a larger buffer only where it must, and lets the former one go', () => {
    const pool = new PacketPool()
    const charged = owner()
    const packet = pool.copyOf(Uint8Array.of(1, 2, 3))
    packet.setOwner(charged, 9)
    const before = packet.bytes
    packet.makeTailroom(10)
    expect(packet.bytes).toBe(before)
    packet.makeTailroom(5000)
    expect(charged.charges).toEqual([9])
    packet.bytes.fill(7, packet.append(5000), packet.end)
    expect(packet.toBytes().subarray(0, 4)).toEqual(Uint8Array.of(1, 2, 3, 7))
    const twin = packet.share()
    twin.makeTailroom(1)
    twin.bytes[twin.start] = 9
    expect(packet.bytes[packet.start]).toBe(1)
    packet.release()
    twin.release()
    expect(pool.outstanding).toBe(0)
  })
})

test('a part is a view of the right bytes, the same object while the same part is asked for', () => {
  const pool = new PacketPool()
  const packet = pool.copyOf(Uint8Array.of(1, 2, 3, 4, 5))
  const { start } = packet
  const part = packet.part(start + 1, 3)
  expect([...part]).toEqual([2, 3, 4])
  packet.bytes[start + 2] = 9
  expect(packet.part(start + 1, 3)).toBe(part)
  expect([...part]).toEqual([2, 9, 4])
  expect([...packet.part(start, 2)]).toEqual([1, 2])
  expect(() => packet.part(packet.bytes.length, 1)).toThrow(RangeError)
  expect(() => packet.part(-1, 1)).toThrow(RangeError)
  packet.release()
})
