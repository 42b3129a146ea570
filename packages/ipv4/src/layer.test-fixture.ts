import { IpAddress, Prefix } from '@jackfield/addr'
import { ETH_P_IP, NetworkFlow, type NetworkInterface } from '@jackfield/interfaces'
import {
  counting,
  createFakeHost,
  createFakeInterface,
  type FakeHost,
  type FakeInterface,
  Refusals,
  Sink,
} from '@jackfield/interfaces/compliance'
import type { Packet } from '@jackfield/packet'
import { expect } from 'vitest'
import type { Ipv4Layer } from './layer.js'
import { ipv4 } from './module.js'
import { formatIpv4Header, Ipv4Header, parseIpv4Header } from './wire/header.js'

export { counting, Sink }

/** A layer on a fake host: `lo` 127.0.0.1/8, `a` 10.0.0.1/24 with a default gateway 10.0.0.254, `b` 10.1.0.1/24. */
export interface Bench {
  host: FakeHost
  layer: Ipv4Layer
  lo: FakeInterface
  a: FakeInterface
  b: FakeInterface
  udp: Sink
  refusals: Refusals
}

/** Makes a bench. */
export function bench(): Bench {
  const lo = createFakeInterface({ index: 1, loopback: true })
  const a = createFakeInterface({ index: 2, name: 'a' })
  const b = createFakeInterface({ index: 3, name: 'b' })
  const host = createFakeHost([], [lo, a, b])
  ipv4().install(host)
  const layer = host.network(4) as Ipv4Layer
  for (const each of [lo, a, b]) layer.addInterface(each)
  layer.addAddress(lo, Prefix.parse('127.0.0.1/8'))
  layer.addAddress(a, Prefix.parse('10.0.0.1/24'))
  layer.addAddress(b, Prefix.parse('10.1.0.1/24'))
  layer.addRoute({
    destination: Prefix.parse('0.0.0.0/0'),
    type: 'unicast',
    gateway: IpAddress.parse('10.0.0.254'),
    interface: 2,
  })
  const udp = new Sink(17)
  host.addTransport(udp)
  const refusals = new Refusals()
  host.setControl(refusals)
  drain({ lo, a, b })
  return { host, layer, lo, a, b, udp, refusals }
}

/** Releases what the interfaces were given (IGMP reports and the like). */
export function drain(of: { lo: FakeInterface; a: FakeInterface; b: FakeInterface }): void {
  for (const each of [of.lo, of.a, of.b]) each.takeBytes()
}

/** Ends a test: closes the layer and sees that nothing is left. */
export function finish(of: Bench): void {
  of.host.close()
  drain(of)
  expect(of.host.packets.outstanding).toBe(0)
}

/** What a packet is made of; what is left out is plain. */
export interface Parts {
  source?: string
  destination?: string
  protocol?: number
  ttl?: number
  tos?: number
  id?: number
  df?: boolean
  mf?: boolean
  offset?: number
  options?: Uint8Array
  payload?: Uint8Array
}

/** The bytes of a packet. */
export function packetBytes(parts: Parts): Uint8Array {
  const header = new Ipv4Header()
  const payload = parts.payload ?? new Uint8Array(8)
  Object.assign(header, {
    tos: parts.tos ?? 0,
    ttl: parts.ttl ?? 64,
    protocol: parts.protocol ?? 17,
    identification: parts.id ?? 0,
    dontFragment: parts.df ?? false,
    moreFragments: parts.mf ?? false,
    fragmentOffset: parts.offset ?? 0,
    options: parts.options ?? new Uint8Array(0),
    source: IpAddress.parse(parts.source ?? '10.0.0.2'),
    destination: IpAddress.parse(parts.destination ?? '10.0.0.1'),
  })
  const headerLength = 20 + header.options.length
  header.totalLength = headerLength + payload.length
  const bytes = new Uint8Array(header.totalLength)
  formatIpv4Header(new DataView(bytes.buffer), 0, header)
  bytes.set(payload, headerLength)
  return bytes
}

/** Lets bytes come in by an interface. */
export function arrive(
  of: Bench,
  bytes: Uint8Array,
  by: NetworkInterface,
  prepare: (packet: Packet) => void = () => {},
): void {
  const packet = of.host.packets.copyOf(bytes)
  packet.interfaceIndex = by.index
  packet.etherType = ETH_P_IP
  prepare(packet)
  of.host.clock.loop.enter()
  of.layer.receive(packet, by)
  of.host.clock.loop.leave()
}

/** Reads a packet; the test fails where its header is wrong. */
export function read(bytes: Uint8Array): Ipv4Header & { payload: Uint8Array } {
  const header = new Ipv4Header()
  expect(parseIpv4Header(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length, header)).toBe(0)
  return Object.assign(header, { payload: bytes.slice(header.headerLength, header.totalLength) })
}

/** A flow of UDP to an address. */
export function flowTo(destination: string, changes: Partial<NetworkFlow> = {}): NetworkFlow {
  return Object.assign(new NetworkFlow(17, IpAddress.v4(0), IpAddress.parse(destination)), changes)
}

/** Sends `length` bytes of payload that count up; the error number. */
export function send(
  of: Bench,
  flow: NetworkFlow,
  length: number,
  prepare: (packet: Packet) => void = () => {},
): number {
  const packet = of.host.packets.copyOf(counting(length))
  prepare(packet)
  of.host.clock.loop.enter()
  const error = of.layer.send(packet, flow)
  of.host.clock.loop.leave()
  return error
}
