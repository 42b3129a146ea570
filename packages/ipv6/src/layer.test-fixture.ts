import { IpAddress, Prefix } from '@jackfield/addr'
import { ETH_P_IPV6, NetworkFlow, type NetworkInterface } from '@jackfield/interfaces'
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
import { inet6Family } from './address-family.js'
import { Ipv6Layer } from './layer.js'
import { type ExtensionHeader, formatExtensionHeaders, parseExtensionHeaders } from './wire/extension-list.js'
import { formatIpv6Header, Ipv6Header, parseIpv6Header } from './wire/header.js'

export { counting, Sink }

/**
 * A layer on a fake host: `lo` ::1, `a` 2001:db8:a::1/64 and fe80::a/64 with a default gateway fe80::ff, `b` 2001:db8:b::1/64 and
 * fe80::b/64.
 */
export interface Bench {
  host: FakeHost
  layer: Ipv6Layer
  lo: FakeInterface
  a: FakeInterface
  b: FakeInterface
  udp: Sink
  refusals: Refusals
}

/** Installs a layer as `ipv6()` does, but alone: without neighbour and multicast listener discovery, which speak by themselves. */
export function installBareLayer(host: FakeHost): Ipv6Layer {
  const layer = new Ipv6Layer(host)
  host.addAddressFamily(inet6Family(host))
  host.addCounters(layer.counters)
  host.addSettings(layer.settings)
  host.addInterfaceSettings((of) => layer.configurations.settings(of))
  host.addNetwork(layer)
  host.onClose(() => layer.close())
  return layer
}

/** Makes a bench. */
export function bench(): Bench {
  const lo = createFakeInterface({ index: 1, loopback: true })
  const a = createFakeInterface({ index: 2, name: 'a' })
  const b = createFakeInterface({ index: 3, name: 'b' })
  const host = createFakeHost([], [lo, a, b])
  const layer = installBareLayer(host)
  for (const each of [lo, a, b]) layer.addInterface(each)
  layer.addAddress(a, Prefix.parse('2001:db8:a::1/64'))
  layer.addAddress(a, Prefix.parse('fe80::a/64'))
  layer.addAddress(b, Prefix.parse('2001:db8:b::1/64'))
  layer.addAddress(b, Prefix.parse('fe80::b/64'))
  layer.addRoute({
    destination: Prefix.parse('::/0'),
    type: 'unicast',
    gateway: IpAddress.parse('fe80::ff'),
    interface: 2,
  })
  const udp = new Sink(17)
  host.addTransport(udp)
  const refusals = new Refusals()
  host.setControl(refusals)
  return { host, layer, lo, a, b, udp, refusals }
}

/** Ends a test: closes the layer and sees that nothing is left. */
export function finish(of: Bench): void {
  of.host.close()
  for (const each of [of.lo, of.a, of.b]) each.takeBytes()
  expect(of.host.packets.outstanding).toBe(0)
}

/** What a packet is made of; what is left out is plain. */
export interface Parts {
  source?: string
  destination?: string
  protocol?: number
  hopLimit?: number
  trafficClass?: number
  flowLabel?: number
  extensions?: readonly ExtensionHeader[]
  payload?: Uint8Array
}

/** The bytes of a packet. */
export function packetBytes(parts: Parts): Uint8Array {
  const header = new Ipv6Header()
  const payload = parts.payload ?? new Uint8Array(8)
  const { bytes: extensions, nextHeader } = formatExtensionHeaders(parts.extensions ?? [], parts.protocol ?? 17)
  Object.assign(header, {
    trafficClass: parts.trafficClass ?? 0,
    flowLabel: parts.flowLabel ?? 0,
    hopLimit: parts.hopLimit ?? 64,
    nextHeader,
    payloadLength: extensions.length + payload.length,
    source: IpAddress.parse(parts.source ?? '2001:db8:a::2'),
    destination: IpAddress.parse(parts.destination ?? '2001:db8:a::1'),
  })
  const bytes = new Uint8Array(40 + extensions.length + payload.length)
  formatIpv6Header(new DataView(bytes.buffer), 0, header)
  bytes.set(extensions, 40)
  bytes.set(payload, 40 + extensions.length)
  return bytes
}

/** A fragment of a packet's payload. */
export function fragmentBytes(parts: Parts, payload: Uint8Array, from: number, to: number, id = 7): Uint8Array {
  const fragment: ExtensionHeader = { kind: 'fragment', offset: from, more: to < payload.length, identification: id }
  return packetBytes({
    ...parts,
    extensions: [...(parts.extensions ?? []), fragment],
    payload: payload.slice(from, to),
  })
}

/** Lets bytes come in by an interface. */
export function arrive(
  of: Bench,
  bytes: Uint8Array,
  by: NetworkInterface = of.a,
  prepare: (packet: Packet) => void = () => {},
): void {
  const packet = of.host.packets.copyOf(bytes)
  packet.interfaceIndex = by.index
  packet.etherType = ETH_P_IPV6
  prepare(packet)
  of.host.clock.loop.enter()
  of.layer.receive(packet, by)
  of.host.clock.loop.leave()
}

/** A packet that was sent, taken apart. */
export interface Sent {
  header: Ipv6Header
  source: string
  destination: string
  extensions: readonly ExtensionHeader[]
  protocol: number
  payload: Uint8Array
}

/** Reads a packet; the test fails where its header is wrong. */
export function read(bytes: Uint8Array): Sent {
  const header = new Ipv6Header()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  expect(parseIpv6Header(view, 0, bytes.length, header)).toBe(0)
  expect(header.payloadLength).toBe(bytes.length - 40)
  const { headers, protocol, transport } = parseExtensionHeaders(view, 0, bytes.length)
  return {
    header,
    source: `${header.source}`,
    destination: `${header.destination}`,
    extensions: headers,
    protocol,
    payload: bytes.slice(transport),
  }
}

/** A flow of UDP to an address. */
export function flowTo(destination: string, changes: Partial<NetworkFlow> = {}): NetworkFlow {
  return Object.assign(new NetworkFlow(17, IpAddress.v6(0, 0, 0, 0), IpAddress.parse(destination)), changes)
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
