import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import {
  CHECKSUM_NONE,
  CHECKSUM_PARTIAL,
  checksum,
  foldSum,
  type Packet,
  SEGMENT_NONE,
  SEGMENT_TCP,
  SEGMENT_UDP,
  sumBytes,
  sumWord,
} from '@jackfield/packet'
import { afterEach, describe, expect, test } from 'vitest'
import { EchoReceiver } from './echo.test-receiver.js'
import { openDescriptors, run, until } from './host.test-commands.js'
import { openTap, openTun, readInterface, type TunDevice, TunError } from './index.js'

const devices: TunDevice[] = []
const receivers: EchoReceiver[] = []

function opened<D extends TunDevice>(device: D, keep?: (packet: Packet) => boolean): [D, EchoReceiver] {
  const receiver = new EchoReceiver(device, keep)
  devices.push(device)
  receivers.push(receiver)
  device.open(receiver)
  return [device, receiver]
}

afterEach(() => {
  for (const device of devices.splice(0)) device.close()
  for (const receiver of receivers.splice(0)) {
    receiver.releaseKept()
    expect(receiver.pool.outstanding).toBe(0)
  }
})

function protocolOf(packet: Packet): number {
  return packet.view.getUint8(packet.start) === 0x45 ? packet.view.getUint8(packet.start + 9) : -1
}

describe('a TUN device', () => {
  test('has the name, index, MTU and state that the kernel says', () => {
    const [device] = opened(openTun({ address: '10.77.0.1/24', mtu: 1400 }))
    expect(device.name).toMatch(/^tun\d+$/)
    expect(device.medium).toBe('ip')
    const state = readInterface(device.name)
    expect(state).toMatchObject({ index: device.index, mtu: 1400, up: true })
    expect(device.mtu).toBe(1400)
    expect(device.carrier).toBe(true)
    expect(device.hardwareAddress).toBeUndefined()
  })

  for (const offload of [true, false]) {
    test(`answers pings of the kernel, offload ${offload}`, async () => {
      const [device, receiver] = opened(openTun({ name: 'tunping', address: '10.77.0.1/24', offload }))
      const text = await run('ping', '-q', '-c', '200', '-i', '0.002', '10.77.0.2')
      expect(text).toContain(' 0% packet loss')
      expect(receiver.answered).toBe(200)
      expect(receiver.bursts).toBeGreaterThan(0)
      expect(device.statistics.txPackets).toBe(200)
      expect(device.statistics.rxErrors + device.statistics.txErrors).toBe(0)
    })
  }

  test('answers a flood of pings without loss', async () => {
    const [, receiver] = opened(openTun({ address: '10.77.0.1/24' }))
    expect(await run('ping', '-q', '-f', '-c', '5000', '10.77.0.2')).toContain(' 0% packet loss')
    expect(receiver.answered).toBe(5000)
  })

  test('carries 60,000 bytes in fragments, and whole where the MTU allows', async () => {
    const [small] = opened(openTun({ address: '10.77.0.1/24' }))
    expect(await run('ping', '-q', '-c', '3', '-i', '0.01', '-s', '60000', '10.77.0.2')).toContain(' 0% packet loss')
    expect(small.statistics.rxPackets).toBeGreaterThan(100)
    const [large, receiver] = opened(openTun({ address: '10.78.0.1/24', mtu: 65_535 }))
    const text = await run('ping', '-q', '-c', '3', '-i', '0.01', '-s', '60000', '-M', 'do', '10.78.0.2')
    expect(text).toContain(' 0% packet loss')
    expect(receiver.answered).toBe(3)
    expect(large.statistics.txBytes).toBe(3 * 60_028)
  })

  test('has several queues, which all are read and written', async () => {
    const before = openDescriptors()
    const [device, receiver] = opened(openTun({ queues: 3, address: '10.77.0.1/24' }))
    expect(device.queues).toBe(3)
    const pings = ['2', '3', '4', '5', '6', '7'].map((host) =>
      run('ping', '-q', '-c', '20', '-i', '0.002', `10.77.0.${host}`),
    )
    for (const text of await Promise.all(pings)) expect(text).toContain(' 0% packet loss')
    expect(receiver.answered).toBe(120)
    device.close()
    expect(openDescriptors()).toBe(before)
  })

  test('opens, closes and opens again without leaving a descriptor', async () => {
    openTun().close()
    await run('true')
    const before = openDescriptors()
    for (let i = 0; i < 20; i++) {
      const [device] = opened(openTun({ name: 'tunagain', address: '10.77.0.1/24', offload: i % 2 === 0 }))
      expect(openDescriptors()).toBeGreaterThan(before)
      device.close()
      device.close()
      expect(readInterface('tunagain')).toBeNull()
    }
    expect(openDescriptors()).toBe(before)
    expect(() => devices[0]?.open(receivers[0] as EchoReceiver)).toThrow(/closed/)
  })

  test('stays when it is persistent, with its address, until it is opened as not', () => {
    opened(openTun({ name: 'tunkeep', address: '10.77.0.1/24', mtu: 1300, persist: true }))[0].close()
    expect(readInterface('tunkeep')).toMatchObject({ mtu: 1300 })
    const [device] = opened(openTun({ name: 'tunkeep', offload: false, persist: false }))
    expect(device.mtu).toBe(1300)
    device.close()
    expect(readInterface('tunkeep')).toBeNull()
  })

  test('reports changes of MTU and state, and that it was deleted', async () => {
    const [device, receiver] = opened(openTun({ address: '10.77.0.1/24' }))
    await run('ip', 'link', 'set', device.name, 'mtu', '1234')
    await until(() => receiver.states.length === 1, 'the new MTU')
    expect(receiver.states[0]).toEqual({ carrier: true, mtu: 1234 })
    expect(device.mtu).toBe(1234)
    await run('ip', 'link', 'set', device.name, 'down')
    await until(() => receiver.states.length === 2, 'the state down')
    expect(receiver.states[1]).toEqual({ carrier: false, mtu: 1234 })
    expect(device.transmit(receiver.pool.copyOf(udpPacket(100)))).toBe(true)
    expect(device.statistics).toMatchObject({ txDropped: 1, txErrors: 0 })
    await run('ip', 'link', 'set', device.name, 'name', 'tunrenamed', 'up')
    await until(() => receiver.states.at(-1)?.carrier === true, 'the state up')
    await run('ip', 'link', 'del', 'tunrenamed')
    await until(() => receiver.states.at(-1)?.carrier === false, 'the end of the device')
    expect(device.transmit(receiver.pool.copyOf(udpPacket(100)))).toBe(false)
    expect(device.statistics.txDropped).toBe(2)
  })

  test('says at once that its other side is down', async () => {
    const [, receiver] = opened(openTun({ name: 'tundown' }))
    await until(() => receiver.states.length === 1, 'the state')
    expect(receiver.states[0]).toEqual({ carrier: false, mtu: 1500 })
  })

  test('is closed from inside of its own delivery', async () => {
    const device = openTun({ address: '10.77.0.1/24' })
    const [, receiver] = opened(device, (packet) => {
      if (protocolOf(packet) === 1) device.close()
      return false
    })
    await run('ping', '-q', '-c', '1', '-W', '1', '10.77.0.2').catch(() => 'no answer')
    expect(receiver.answered).toBe(1)
    expect(device.statistics.txDropped).toBe(1)
  })
})

describe('the offload header', () => {
  test('leaves the checksum of a SYN of the kernel partial, over the pseudo-header', async () => {
    const [, receiver] = opened(openTun({ address: '10.77.0.1/24' }), (packet) => protocolOf(packet) === 6)
    const client = connect(80, '10.77.0.2').on('error', () => client.destroy())
    await until(() => receiver.kept.length > 0, 'a SYN')
    client.destroy()
    const packet = receiver.kept[0] as Packet
    expect(packet.checksum).toBe(CHECKSUM_PARTIAL)
    expect(packet.checksumStart).toBe(packet.start + 20)
    expect(packet.checksumOffset).toBe(16)
    const length = packet.end - packet.checksumStart
    const pseudo = foldSum(sumBytes(packet.view, packet.start + 12, packet.start + 20) + sumWord(6) + sumWord(length))
    expect(packet.view.getUint16(packet.checksumStart + 16)).toBe(pseudo)
    expect(packet.segmentType).toBe(SEGMENT_NONE)
  })

  test('is not there without offloads: checksums are complete', async () => {
    const [, receiver] = opened(
      openTun({ address: '10.77.0.1/24', offload: false }),
      (packet) => protocolOf(packet) === 6,
    )
    const client = connect(80, '10.77.0.2').on('error', () => client.destroy())
    await until(() => receiver.kept.length > 0, 'a SYN')
    client.destroy()
    const packet = receiver.kept[0] as Packet
    expect(packet.checksum).toBe(CHECKSUM_NONE)
    const pseudo =
      sumBytes(packet.view, packet.start + 12, packet.start + 20) + sumWord(6) + sumWord(packet.length - 20)
    expect(checksum(packet.view, packet.start + 20, packet.end, pseudo)).toBe(0)
  })

  test('has the kernel complete checksums', async () => {
    const [device, receiver] = opened(openTun({ address: '10.77.0.1/24' }))
    const socket = createSocket('udp4')
    await new Promise<void>((resolve) => socket.bind(7777, '10.77.0.1', resolve))
    const received: Buffer[] = []
    socket.on('message', (message) => received.push(message))
    const bytes = udpPacket(100)
    const plain = receiver.pool.copyOf(bytes)
    partial(plain, 17, 6)
    const twin = plain.share()
    device.transmit(twin)
    device.transmit(plain)
    await until(() => received.length === 2, 'both datagrams')
    expect(received[0]).toEqual(Buffer.from(bytes.subarray(28)))
    expect(received[1]).toEqual(received[0])
    socket.close()
  })

  test('has the kernel cut large UDP packets (where it can)', async () => {
    const [device, receiver] = opened(openTun({ address: '10.77.0.1/24' }))
    const socket = createSocket('udp4')
    await new Promise<void>((resolve) => socket.bind(7777, '10.77.0.1', resolve))
    const lengths: number[] = []
    socket.on('message', (message) => lengths.push(message.length))
    const packet = receiver.pool.copyOf(udpPacket(2500))
    partial(packet, 17, 6)
    packet.segmentType = SEGMENT_UDP
    packet.segmentSize = 1000
    packet.segmentCount = 3
    expect(device.transmit(packet)).toBe(true)
    if (device.offload.udpSegmentation) {
      await until(() => lengths.length === 3, 'three datagrams')
      expect(lengths).toEqual([1000, 1000, 500])
      expect(device.statistics.txErrors).toBe(0)
    } else {
      expect(device.statistics.txErrors).toBe(1)
    }
    socket.close()
  })

  test('carries 60 KB segments of TCP both ways', async () => {
    const [device, receiver] = opened(openTun({ address: '10.77.0.1/24' }), (packet) => protocolOf(packet) === 6)
    const port = { ours: 80, theirs: 0 }
    const bytes = Buffer.alloc(400_000, 'large segments ')
    const client = connect(port.ours, '10.77.0.2').on('error', () => client.destroy())
    await until(() => receiver.kept.length > 0, 'a SYN')
    const syn = receiver.kept.shift() as Packet
    port.theirs = syn.view.getUint16(syn.start + 20)
    let expected = (syn.view.getUint32(syn.start + 24) + 1) | 0
    syn.release()
    const send = (flags: number, sequence: number, payload: Buffer): void => {
      const packet = receiver.pool.copyOf(tcpPacket(port, flags, sequence, expected, payload))
      partial(packet, 6, 16)
      if (payload.length > 1460) {
        packet.segmentType = SEGMENT_TCP
        packet.segmentSize = 1460
        packet.segmentCount = Math.ceil(payload.length / 1460)
      }
      device.transmit(packet)
    }
    send(0x12, 1000, Buffer.alloc(0))
    const echoed: Buffer[] = []
    client.on('data', (data) => echoed.push(data))
    client.write(bytes)
    let sent = 1001
    let taken = 0
    let largest = 0
    await until(() => {
      for (const packet of receiver.kept.splice(0)) {
        const payload = packet.start + 20 + (packet.view.getUint8(packet.start + 32) >>> 4) * 4
        const length = packet.end - payload
        if (length > 0 && packet.view.getInt32(packet.start + 24) === expected) {
          expected = (expected + length) | 0
          taken += length
          largest = Math.max(largest, length)
          if (length > 1460) {
            expect(packet.segmentType).toBe(SEGMENT_TCP)
            expect(packet.segmentCount).toBe(Math.ceil(length / packet.segmentSize))
          }
          // Sent back from a buffer that is the packet's own, in one piece as large as it came.
          send(0x18, sent, Buffer.from(packet.toBytes().subarray(payload - packet.start)))
          sent += length
        }
        packet.release()
      }
      return taken === bytes.length && echoed.reduce((sum, data) => sum + data.length, 0) === bytes.length
    }, 'all bytes there and back')
    expect(Buffer.concat(echoed).equals(bytes)).toBe(true)
    expect(largest).toBeGreaterThan(14_000)
    client.destroy()
  })

  test('refuses what it cannot express, and counts it', () => {
    const [device, receiver] = opened(openTun({ address: '10.77.0.1/24' }))
    const packet = receiver.pool.copyOf(udpPacket(2500))
    packet.segmentType = SEGMENT_UDP
    packet.segmentSize = 1000
    packet.segmentCount = 3
    expect(device.transmit(packet)).toBe(true)
    expect(device.statistics).toMatchObject({ txPackets: 0, txErrors: 1 })
  })
})

describe('a TAP device', () => {
  test('gives Ethernet frames: the kernel asks for an address by ARP', async () => {
    const isArp = (packet: Packet): boolean => packet.view.getUint16(packet.start + 12) === 0x0806
    const [device, receiver] = opened(
      openTap({ address: '10.77.0.1/24', hostHardwareAddress: '02:00:00:00:00:99' }),
      isArp,
    )
    expect(device.name).toMatch(/^tap\d+$/)
    expect(device.medium).toBe('ethernet')
    expect(device.hardwareAddress?.isLocal).toBe(true)
    expect(device.hardwareAddress?.isMulticast).toBe(false)
    expect(readInterface(device.name)?.hardwareAddress?.toString()).toBe('02:00:00:00:00:99')
    await run('ping', '-q', '-c', '1', '-W', '1', '10.77.0.2').catch(() => 'no answer')
    const frame = (receiver.kept[0] as Packet).toBytes()
    expect(Buffer.from(frame.subarray(0, 12)).toString('hex')).toBe('ffffffffffff020000000099')
    expect(Buffer.from(frame.subarray(38, 42))).toEqual(Buffer.from([10, 77, 0, 2]))
  })

  test('has the address that it is given', () => {
    const [device] = opened(openTap({ hardwareAddress: '02:00:00:00:00:07' }))
    expect(device.hardwareAddress?.toString()).toBe('02:00:00:00:00:07')
  })
})

describe('what the kernel refuses', () => {
  const failure = (act: () => unknown): TunError => {
    try {
      act()
    } catch (error) {
      if (error instanceof TunError) return error
      throw error
    }
    throw new Error('it did not fail')
  }

  test('a device that another has open is busy', () => {
    opened(openTun({ name: 'tunbusy' }))
    const error = failure(() => openTun({ name: 'tunbusy' }))
    expect(error).toMatchObject({ code: 'EBUSY', syscall: 'TUNSETIFF', address: 'tunbusy' })
    expect(error.message).toMatch(/another program has tunbusy open/)
  })

  test('an interface of another kind cannot be opened', () => {
    const error = failure(() => openTun({ name: 'lo' }))
    expect(error.code).toBe('EINVAL')
    expect(error.message).toMatch(/lo exists and is no TUN device/)
  })

  test('no descriptor is left by a failure, and the name of a device is free again', () => {
    opened(openTun({ name: 'tunbusy' }))
    const before = openDescriptors()
    failure(() => openTun({ name: 'tunbusy' }))
    // A frame of more than 65,535 bytes with its Ethernet header.
    const error = failure(() => openTap({ name: 'taplarge', mtu: 65_535 }))
    expect(error).toMatchObject({ code: 'EINVAL', syscall: 'SIOCSIFMTU' })
    expect(error.message).toMatch(/the MTU 65535 of taplarge could not be set/)
    expect(openDescriptors()).toBe(before)
    opened(openTap({ name: 'taplarge' }))
  })
})

/** An IPv4 packet with a UDP datagram from 10.77.0.2:7 to 10.77.0.1:7777; the UDP checksum is 0. */
function udpPacket(payload: number): Uint8Array {
  const bytes = new Uint8Array(28 + payload).map((_, i) => i & 0xff)
  const view = new DataView(bytes.buffer)
  writeIpHeader(view, 17)
  view.setUint16(20, 7)
  view.setUint16(22, 7777)
  view.setUint16(24, 8 + payload)
  view.setUint16(26, 0)
  return bytes
}

function tcpPacket(
  port: { ours: number; theirs: number },
  flags: number,
  sequence: number,
  acknowledgement: number,
  payload: Buffer,
): Uint8Array {
  const bytes = new Uint8Array(40 + payload.length)
  const view = new DataView(bytes.buffer)
  writeIpHeader(view, 6)
  view.setUint16(20, port.ours)
  view.setUint16(22, port.theirs)
  view.setUint32(24, sequence)
  view.setInt32(28, acknowledgement)
  view.setUint8(32, 5 << 4)
  view.setUint8(33, flags)
  view.setUint16(34, 65_535)
  bytes.set(payload, 40)
  return bytes
}

function writeIpHeader(view: DataView, protocol: number): void {
  view.setUint32(0, 0x45000000 | view.byteLength)
  view.setUint32(4, 0)
  view.setUint32(8, (64 << 24) | (protocol << 16))
  view.setUint32(12, 0x0a4d0002)
  view.setUint32(16, 0x0a4d0001)
  view.setUint16(10, checksum(view, 0, 20))
}

/** Leaves the checksum to the device: the pseudo-header's sum in its field. */
function partial(packet: Packet, protocol: number, offset: number): void {
  const { view, start } = packet
  const sum = sumBytes(view, start + 12, start + 20) + sumWord(protocol) + sumWord(packet.length - 20)
  view.setUint16(start + 20 + offset, foldSum(sum))
  packet.checksum = CHECKSUM_PARTIAL
  packet.checksumStart = start + 20
  packet.checksumOffset = offset
}
