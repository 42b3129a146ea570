import { IpAddress } from '@jackfield/addr'
import { NetworkHeader } from '@jackfield/interfaces'
import { createFakeHost, createFakeNetwork, type FakeHost, type FakeNetwork } from '@jackfield/interfaces/compliance'
import { checksum, type Packet } from '@jackfield/packet'
import { icmp } from './icmp.js'
import type { IcmpOptions } from './settings.js'
import { writeIcmpv6 } from './wire.js'

/** A host with one network layer, 10.0.0.1/24, and ICMP. */
export function icmpHost(options: IcmpOptions = {}): { host: FakeHost; network: FakeNetwork } {
  const network = createFakeNetwork()
  const host = createFakeHost([network])
  icmp(options).install(host)
  return { host, network }
}

/** A host with one network layer, 2001:db8::1/64, and ICMPv6. */
export function icmp6Host(options: IcmpOptions = {}): { host: FakeHost; network: FakeNetwork } {
  const network = createFakeNetwork({ version: 6, addresses: ['2001:db8::1/64'] })
  const host = createFakeHost([network])
  icmp(options).install(host)
  return { host, network }
}

/** An ICMPv6 message with a right checksum between two addresses. */
export function message6(
  type: number,
  code: number,
  rest: number,
  body: Uint8Array = new Uint8Array(0),
  source = '2001:db8::2',
  destination = '2001:db8::1',
): Uint8Array {
  const bytes = new Uint8Array(8 + body.length)
  const view = new DataView(bytes.buffer)
  bytes.set(body, 8)
  writeIcmpv6(view, 0, bytes.length, type, code, rest, IpAddress.parse(source), IpAddress.parse(destination))
  return bytes
}

/** A plain IPv6 packet, as errors quote it. */
export function ipv6Packet(source: string, destination: string, protocol: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(40 + payload.length)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, 0x60)
  view.setUint16(4, payload.length)
  view.setUint8(6, protocol)
  view.setUint8(7, 63)
  IpAddress.parse(source).writeTo(view, 8)
  IpAddress.parse(destination).writeTo(view, 24)
  bytes.set(payload, 40)
  return bytes
}

/** An ICMP message with a right checksum. */
export function message(type: number, code: number, rest: number, body: Uint8Array = new Uint8Array(0)): Uint8Array {
  const bytes = new Uint8Array(8 + body.length)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, type)
  view.setUint8(1, code)
  view.setUint32(4, rest)
  bytes.set(body, 8)
  view.setUint16(2, checksum(view, 0, bytes.length))
  return bytes
}

/** An IPv4 packet, as errors quote it. */
export function ipv4Packet(
  source: string,
  destination: string,
  protocol: number,
  payload: Uint8Array,
  fragment = 0,
): Uint8Array {
  const bytes = new Uint8Array(20 + payload.length)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, 0x4500)
  view.setUint16(2, bytes.length)
  view.setUint16(6, fragment)
  view.setUint8(8, 63)
  view.setUint8(9, protocol)
  bytes.set(source.split('.').map(Number), 12)
  bytes.set(destination.split('.').map(Number), 16)
  view.setUint16(10, checksum(view, 0, 20))
  bytes.set(payload, 20)
  return bytes
}

/** A packet that the network layer received and its header, as it holds them when it has an error sent. */
export function received(network: FakeNetwork, bytes: Uint8Array): { packet: Packet; header: NetworkHeader } {
  const packet = network.pool.copyOf(bytes)
  packet.networkHeader = packet.start
  packet.transportHeader = packet.start + network.headerLength
  packet.interfaceIndex = network.interface.index
  packet.start = packet.transportHeader
  const header = new NetworkHeader()
  network.readHeader(packet, header)
  return { packet, header }
}
