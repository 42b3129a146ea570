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
import { describe, expect, test } from 'vitest'
import { opened } from './devices.test-harness.js'
import { until } from './host.test-commands.js'
import { openTun } from './index.js'
import { partial, protocolOf, tcpPacket, udpPacket } from './packets.test-builders.js'

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
