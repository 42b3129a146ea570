import { ETH_P_8021AD, type LinkReceiver, type LinkState } from '@jackfield/interfaces'
import { type Packet, PacketPool } from '@jackfield/packet'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BenchDevice, OWN } from './ethernet.test-bench.js'
import { createVlanDevices } from './index.js'

class Receiver implements LinkReceiver {
  readonly pool: PacketPool
  readonly frames: string[] = []
  readonly tags: number[] = []
  ends = 0
  writables = 0
  readonly states: LinkState[] = []

  constructor(pool: PacketPool) {
    this.pool = pool
  }

  receive(packet: Packet): void {
    this.frames.push(hex(packet.toBytes()))
    this.tags.push(packet.vlan)
    packet.release()
  }

  burstEnd(): void {
    this.ends++
  }

  writable(): void {
    this.writables++
  }

  changed(state: LinkState): void {
    this.states.push(state)
  }
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

const ADDRESSES = '020000000002020000000001'
const PLAIN = `${ADDRESSES}0800abcd`
const tagged = (tci: string, type = '8100') => `${ADDRESSES}${type}${tci}0800abcd`

function setup(tagType?: typeof ETH_P_8021AD) {
  const pool = new PacketPool()
  const device = new BenchDevice('eth0', OWN)
  const devices = createVlanDevices(device, [10, 20], tagType === undefined ? {} : { tagType })
  const untagged = new Receiver(pool)
  const ten = new Receiver(pool)
  devices.untagged.open(untagged)
  devices.vlan(10).open(ten)
  const packet = (text: string): Packet =>
    pool.copyOf(Uint8Array.from(text.match(/../g) ?? [], (octet) => Number.parseInt(octet, 16)))
  const receive = (text: string) => device.receiver?.receive(packet(text))
  return { pool, device, devices, untagged, ten, packet, receive }
}

describe('VLAN devices', () => {
  it('have the names, address and MTU of their device', () => {
    const { devices } = setup()
    expect([devices.untagged, ...devices.vlans.values()].map((each) => each.name)).toEqual([
      'eth0',
      'eth0.10',
      'eth0.20',
    ])
    expect(devices.vlan(10)).toMatchObject({ mtu: 1500, medium: 'ethernet', hardwareAddress: OWN })
  })

  it('get the frames of their VLAN without the tag', () => {
    const { pool, untagged, ten, devices, device, receive } = setup()
    receive(PLAIN)
    receive(tagged('e00a'))
    receive(tagged('e000'))
    receive(tagged('0014'))
    receive(tagged('001e'))
    receive(tagged('000a', '88a8'))
    receive(`${ADDRESSES}8100000a08`)
    receive('0200')
    expect(ten.frames).toEqual([PLAIN])
    expect(ten.tags).toEqual([0xe00a])
    expect(untagged.frames).toEqual([PLAIN, tagged('e000'), tagged('000a', '88a8'), '0200'])
    // VLAN 20 is not open, VLAN 30 does not exist.
    expect(devices.vlan(20).statistics.rxDropped).toBe(1)
    expect(devices.unknownVlan).toBe(1)
    expect(devices.truncated).toBe(1)
    expect(devices.vlan(10).statistics).toMatchObject({ rxPackets: 1, rxBytes: 16 })
    device.receiver?.burstEnd()
    device.receiver?.burstEnd()
    expect([untagged.ends, ten.ends]).toEqual([1, 1])
    expect(pool.outstanding).toBe(0)
  })

  it('put the tag on what they send', () => {
    const { pool, devices, device, packet } = setup()
    expect(devices.vlan(10).transmit(packet(PLAIN))).toBe(true)
    expect(devices.untagged.transmit(packet(PLAIN))).toBe(true)
    expect(devices.vlan(10).transmit(packet('0102'))).toBe(true)
    devices.vlan(10).flush()
    expect(device.take().map(hex)).toEqual([tagged('000a'), PLAIN])
    expect(device.flushes).toBe(1)
    expect(devices.vlan(10).statistics).toMatchObject({ txPackets: 1, txBytes: 16, txErrors: 1 })
    expect(pool.outstanding).toBe(0)
  })

  it('do not write bytes that others see', () => {
    const { pool, devices, device, ten, packet } = setup()
    const out = packet(PLAIN)
    const outTwin = out.share()
    devices.vlan(10).transmit(out)
    expect(hex(outTwin.toBytes())).toBe(PLAIN)
    const received = packet(tagged('000a'))
    const inTwin = received.share()
    device.receiver?.receive(received)
    expect(hex(inTwin.toBytes())).toBe(tagged('000a'))
    expect(ten.frames).toEqual([PLAIN])
    outTwin.release()
    inTwin.release()
    expect(pool.outstanding).toBe(0)
  })

  it('say so when the device is full, and when it has room again', () => {
    const { pool, devices, device, untagged, ten, packet } = setup()
    device.full = true
    expect(devices.vlan(10).transmit(packet(PLAIN))).toBe(false)
    expect(devices.vlan(10).statistics.txDropped).toBe(1)
    device.receiver?.writable()
    device.receiver?.writable()
    expect([untagged.writables, ten.writables]).toEqual([0, 1])
    device.receiver?.changed({ carrier: false, mtu: 1400 })
    expect([untagged.states.length, ten.states.length]).toEqual([1, 1])
    expect(pool.outstanding).toBe(0)
  })

  it('close the device with the last of them, or all at once', () => {
    const { pool, devices, device, packet, receive } = setup()
    devices.vlan(10).close()
    devices.vlan(10).close()
    expect(devices.vlan(10).transmit(packet(PLAIN))).toBe(false)
    receive(tagged('000a'))
    expect(() => devices.vlan(10).open(new Receiver(pool))).toThrow('can be opened once')
    devices.untagged.close()
    expect(device.closes).toBe(0)
    devices.vlan(20).close()
    expect(device.closes).toBe(1)
    devices.close()
    expect(device.closes).toBe(1)
    const other = setup()
    other.devices.close()
    expect(other.device.closes).toBe(1)
    expect(pool.outstanding).toBe(0)
  })

  it('can be stacked', () => {
    const { pool, devices, device, packet } = setup(ETH_P_8021AD)
    const inner = createVlanDevices(devices.vlan(20), [5])
    const five = new Receiver(pool)
    inner.vlan(5).open(five)
    inner.vlan(5).transmit(packet(PLAIN))
    const [frame] = device.take()
    expect(hex(frame as Uint8Array)).toBe(`${ADDRESSES}88a80014810000050800abcd`)
    device.receiver?.receive(pool.copyOf(frame as Uint8Array))
    expect(five.frames).toEqual([PLAIN])
    expect(pool.outstanding).toBe(0)
  })

  it('refuse what cannot be', () => {
    const device = new BenchDevice('eth0', OWN)
    expect(() => createVlanDevices(device, [0])).toThrow('1 to 4094')
    expect(() => createVlanDevices(device, [4095])).toThrow('1 to 4094')
    expect(() => createVlanDevices(device, [5, 5])).toThrow('given twice')
    expect(() => createVlanDevices(new BenchDevice('a-long-name-0', OWN), [4094])).toThrow('longer than 15')
    expect(() => createVlanDevices(device, [5]).vlan(6)).toThrow('was not given VLAN 6')
    const { hardwareAddress: _, ...bare } = device
    expect(() => createVlanDevices({ ...bare, open() {}, transmit: () => true, flush() {}, close() {} }, [5])).toThrow(
      'needs a hardwareAddress',
    )
  })

  it('what one sends, its peer on the other side gets, whatever the frame', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 14, maxLength: 100 }), (frame) => {
        const { pool, devices, device, ten } = setup()
        devices.vlan(10).transmit(pool.copyOf(frame))
        for (const sent of device.take()) device.receiver?.receive(pool.copyOf(sent))
        expect(ten.frames).toEqual([hex(frame)])
        expect(pool.outstanding).toBe(0)
      }),
    )
  })
})
