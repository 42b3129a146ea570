import { IpAddress, Prefix } from '@jackfield/addr'
import {
  type ControlMessages,
  DELIVERED,
  type Delivery,
  ETH_P_IP,
  type IcmpReport,
  NetworkFlow,
  type NetworkHeader,
  type NetworkInterface,
  type NetworkLayer,
  type OffloadProtocol,
  type TransportLayer,
} from '@jackfield/interfaces'
import {
  createFakeHost,
  createFakeInterface,
  type FakeHost,
  type FakeInterface,
} from '@jackfield/interfaces/compliance'
import type { Packet } from '@jackfield/packet'
import { expect } from 'vitest'
import type { Ipv4Layer } from './layer.js'
import { ipv4 } from './module.js'
import { formatIpv4Header, Ipv4Header, parseIpv4Header } from './wire/header.js'

/** A packet that a transport took, read while it was there. */
export interface Received {
  source: string
  destination: string
  protocol: number
  ttl: number
  tos: number
  cast: number
  interfaceIndex: number
  fragmentSize: number
  payload: Uint8Array
  header: Uint8Array
}

/** A transport that writes down what it gets. */
export class Sink implements TransportLayer {
  readonly protocol: number
  readonly received: Received[] = []
  readonly errors: { kind: number; errno: number; info: number; source: string; destination: string }[] = []
  answer: Delivery = DELIVERED
  offload?: OffloadProtocol

  constructor(protocol: number) {
    this.protocol = protocol
  }

  receive(packet: Packet, header: NetworkHeader): Delivery {
    this.received.push({
      source: `${header.source}`,
      destination: `${header.destination}`,
      protocol: header.protocol,
      ttl: header.ttl,
      tos: header.tos,
      cast: header.cast,
      interfaceIndex: header.interfaceIndex,
      fragmentSize: header.fragmentSize,
      payload: packet.toBytes(),
      header: packet.bytes.slice(packet.networkHeader, packet.start),
    })
    if (this.answer === DELIVERED) packet.release()
    return this.answer
  }

  burstEnd(): void {}

  error(report: IcmpReport): void {
    const { kind, errno, info } = report
    this.errors.push({ kind, errno, info, source: `${report.source}`, destination: `${report.destination}` })
  }
}

/** An error that the layer wanted sent. */
export interface Refusal {
  kind: number
  info: number
  source: string
  destination: string
  gateway: string | null
  /** The quoted packet. */
  quote: Uint8Array
}

/** ICMP's place: writes down what it is asked to send. */
export class Refusals implements ControlMessages {
  readonly list: Refusal[] = []

  sendError(
    _network: NetworkLayer,
    packet: Packet,
    header: NetworkHeader,
    kind: number,
    info: number,
    gateway: IpAddress | null,
  ): boolean {
    this.list.push({
      kind,
      info,
      source: `${header.source}`,
      destination: `${header.destination}`,
      gateway: gateway === null ? null : `${gateway}`,
      quote: packet.bytes.slice(packet.networkHeader, packet.end),
    })
    return true
  }
}

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

/** Bytes 0, 1, 2 ... modulo 251, so that no two parts look alike. */
export function counting(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i % 251)
}
