import { MacAddress } from '@jackfield/addr'
import { createSeededRandom, createVirtualClock } from '@jackfield/clock'
import type { LinkDevice, LinkReceiver } from '@jackfield/interfaces'
import { CHECKSUM_PARTIAL, checksum, PacketPool, SEGMENT_TCP } from '@jackfield/packet'
import { afterEach, describe, expect, test } from 'vitest'
import { createCable } from './cable.js'
import { createSwitch, type SwitchOptions } from './switch.js'

const pool = new PacketPool()

afterEach(() => expect(pool.outstanding).toBe(0))

const BROADCAST = new MacAddress(0xffff, -1)
const mac = (station: number): MacAddress => new MacAddress(0x0200, station)

function setup(ports: number, options: Partial<SwitchOptions> = {}, offloads: boolean[] = []) {
  const clock = createVirtualClock()
  const random = createSeededRandom(5)
  const bridge = createSwitch({ clock, random, ...options })
  const received: string[] = []
  const hosts: LinkDevice<'ethernet'>[] = []
  const cables = Array.from({ length: ports }, (_, i) =>
    createCable({ clock, medium: 'ethernet', names: [`h${i}`, `p${i}`], random, offload: offloads[i] ?? false }),
  )
  for (const [i, cable] of cables.entries()) {
    const receiver: LinkReceiver = {
      pool,
      receive(packet) {
        received.push(`${i}:${packet.view.getUint8(packet.end - 1)}`)
        if (packet.checksum === CHECKSUM_PARTIAL) received.push('partial')
        // A host may write to what it received, once it is its own.
        packet.unshare()
        packet.view.setUint8(packet.end - 1, 0xee)
        packet.release()
      },
      burstEnd() {},
      writable() {},
      changed() {},
    }
    cable.a.open(receiver)
    hosts.push(cable.a)
    bridge.attach(cable.b)
  }
  const frame = (destination: MacAddress, source: MacAddress, tag: number) => {
    const packet = pool.allocate(64)
    const { view, start } = packet
    packet.bytes.fill(0, start, packet.end)
    view.setUint16(start, destination.high)
    view.setInt32(start + 2, destination.low)
    view.setUint16(start + 6, source.high)
    view.setInt32(start + 8, source.low)
    // An 802.1Q tag and nothing in it: the switch does not look.
    view.setUint32(start + 12, 0x8100_0007)
    view.setUint8(packet.end - 1, tag)
    return packet
  }
  const send = (host: number, destination: MacAddress, source: MacAddress, tag: number): string[] => {
    received.length = 0
    hosts[host]?.transmit(frame(destination, source, tag))
    clock.runUntilIdle()
    return [...received].sort()
  }
  return { clock, bridge, cables, hosts, frame, send }
}

describe('switch', () => {
  test('floods what it does not know, never back, and forwards what it learned', async () => {
    const { bridge, send } = setup(3)
    expect(send(0, mac(2), mac(1), 1)).toEqual(['1:1', '2:1'])
    expect(send(1, mac(1), mac(2), 2)).toEqual(['0:2'])
    expect(send(0, mac(2), mac(1), 3)).toEqual(['1:3'])
    expect(send(0, BROADCAST, mac(1), 4)).toEqual(['1:4', '2:4'])
    expect(send(2, new MacAddress(0x0100, 0x5e000001), mac(3), 5)).toEqual(['0:5', '1:5'])
    expect(bridge.statistics).toMatchObject({ flooded: 3, forwarded: 2, learned: 3, moved: 0, filtered: 0 })
    expect(bridge.stations().map(({ hardwareAddress, port }) => [hardwareAddress.low, port.device.name])).toEqual([
      [2, 'p1'],
      [1, 'p0'],
      [3, 'p2'],
    ])
    await bridge.close()
    expect(bridge.ports).toEqual([])
  })

  test('follows a station that moves, and drops what is for the port it came from', () => {
    const { bridge, send } = setup(3)
    send(0, BROADCAST, mac(1), 1)
    expect(send(1, mac(1), mac(2), 2)).toEqual(['0:2'])
    send(2, BROADCAST, mac(1), 3)
    expect(send(1, mac(1), mac(2), 4)).toEqual(['2:4'])
    expect(send(2, mac(1), mac(9), 5)).toEqual([])
    expect(bridge.statistics).toMatchObject({ moved: 1, filtered: 1 })
  })

  test('forgets stations after their time, and those of a port that loses its carrier', () => {
    const { bridge, send, clock, cables } = setup(3, { ageing: 1_000_000 })
    send(0, BROADCAST, mac(1), 1)
    clock.advance(999_999)
    expect(send(1, mac(1), mac(2), 2)).toEqual(['0:2'])
    expect(bridge.stations()[0]?.age).toBe(999_999)
    clock.advance(1)
    expect(send(1, mac(1), mac(2), 3)).toEqual(['0:3', '2:3'])
    expect(bridge.stations().length).toBe(1)
    send(0, BROADCAST, mac(1), 4)
    cables[0]?.unplug()
    expect(send(1, mac(1), mac(2), 5)).toEqual(['2:5'])
  })

  test('remembers no more stations than it may, and goes on by flooding', () => {
    const { bridge, send } = setup(3, { addresses: 2 })
    for (let station = 1; station <= 4; station++) send(0, BROADCAST, mac(station), 0)
    expect(bridge.statistics).toMatchObject({ learned: 2, tableFull: 2 })
    expect(send(1, mac(1), mac(1), 1)).toEqual([])
    expect(send(1, mac(4), mac(2), 2)).toEqual(['0:2', '2:2'])
  })

  test('drops short frames, groups as sources, and what is for the link alone', () => {
    const { bridge, send, hosts, clock } = setup(2)
    hosts[0]?.transmit(pool.allocate(13))
    clock.runUntilIdle()
    expect(send(0, mac(2), new MacAddress(0x0300, 1), 1)).toEqual([])
    expect(send(0, new MacAddress(0x0180, 0xc2000000), mac(1), 2)).toEqual([])
    expect(send(0, new MacAddress(0x0180, 0xc2000010), mac(1), 3)).toEqual(['1:3'])
    expect(bridge.statistics).toMatchObject({ malformed: 2, reserved: 1, learned: 1 })
  })

  test('completes checksums and does not send large segments where the device takes neither', () => {
    const { bridge, hosts, frame, clock, cables } = setup(3, {}, [true, false, true])
    const seen: boolean[] = []
    const device = cables[1]?.b as LinkDevice
    const { transmit } = device
    device.transmit = (packet) => {
      seen.push(checksum(packet.view, packet.start + 20, packet.end) === 0)
      return transmit.call(device, packet)
    }
    const packet = frame(BROADCAST, mac(1), 1)
    packet.checksum = CHECKSUM_PARTIAL
    packet.checksumStart = packet.start + 20
    packet.checksumOffset = 6
    hosts[0]?.transmit(packet)
    clock.runUntilIdle()
    expect(seen).toEqual([true])
    const large = frame(BROADCAST, mac(1), 1)
    large.segmentType = SEGMENT_TCP
    hosts[0]?.transmit(large)
    clock.runUntilIdle()
    expect(bridge.statistics.uncut).toBe(1)
    expect(cables[2]?.a.statistics.rxPackets).toBe(2)
  })

  test('a port can be taken off and its number used again', async () => {
    const { bridge, send, clock, cables } = setup(3)
    send(0, BROADCAST, mac(1), 1)
    const [first] = bridge.ports
    await first?.detach()
    await first?.detach()
    expect(bridge.ports.length).toBe(2)
    expect(bridge.stations()).toEqual([])
    expect(cables[0]?.b.transmit(pool.allocate(60))).toBe(false)
    const cable = createCable({ clock, medium: 'ethernet', random: createSeededRandom(8) })
    bridge.attach(cable.b)
    expect(send(1, BROADCAST, mac(2), 2)).toEqual(['2:2'])
    expect(cable.b.statistics.txPackets).toBe(1)
  })

  test('a frame with nowhere to go is dropped; bad options and devices are refused', () => {
    const { bridge, send, clock } = setup(1)
    expect(send(0, BROADCAST, mac(1), 1)).toEqual([])
    expect(bridge.statistics.filtered).toBe(1)
    expect(() => createSwitch({ clock, addresses: 0 })).toThrow(/addresses/)
    expect(() => createSwitch({ clock, ageing: 0 })).toThrow(/ageing/)
    const tunnel: LinkDevice = createCable({ clock, medium: 'ip' }).a
    expect(() => Reflect.apply(bridge.attach, bridge, [tunnel])).toThrow(/takes Ethernet devices/)
  })
})
