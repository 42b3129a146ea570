import { IpAddress, SocketAddress } from '@jackfield/addr'
import {
  AF_INET,
  IPPROTO_UDP,
  type IPPROTO_UDPLITE,
  Message,
  SOCK_DGRAM,
  type SocketEndpoint,
} from '@jackfield/interfaces'
import {
  type Arrival,
  createFakeHost,
  createFakeNetwork,
  type FakeHost,
  type FakeNetwork,
  type FakeNetworkOptions,
} from '@jackfield/interfaces/compliance'
import { checksum } from '@jackfield/packet'
import { pseudoHeaderSum } from '@jackfield/transport'
import { udp } from './module.js'
import type { UdpSocket } from './udp-socket.js'
import { writeUdp } from './wire/udp.js'

export const SELF = '10.0.0.1'
export const PEER = '192.0.2.9'

/** A host with UDP over one network layer, 10.0.0.1/24 unless the options say another. */
export class UdpTestHost {
  readonly host: FakeHost
  readonly network: FakeNetwork
  private readonly open: SocketEndpoint[] = []

  constructor(options: FakeNetworkOptions = {}) {
    this.network = createFakeNetwork(options)
    this.host = createFakeHost([this.network])
    udp().install(this.host)
  }

  /** A new socket; of another family or protocol where they are given. */
  socket(family: number = AF_INET, protocol = 0): UdpSocket {
    const made = this.host.socket(family, SOCK_DGRAM, protocol)
    if (typeof made === 'number') throw new Error(`socket: ${made}`)
    this.open.push(made)
    return made as UdpSocket
  }

  /** A socket bound to this address and port of the host. */
  bound(port: number, address = '0.0.0.0'): UdpSocket {
    const made = this.socket()
    const error = made.bind(at(address, port))
    if (error !== 0) throw new Error(`bind: ${error}`)
    return made
  }

  counter(name: string): number | undefined {
    return this.host.counter(name)
  }

  /** A datagram with a right checksum comes in from the peer's port. */
  arrive(localPort: number, payload: Uint8Array, more: Partial<Arrival> & { port?: number } = {}): number {
    const { port = 4000, ...rest } = more
    const source = rest.source ?? PEER
    const destination = rest.destination ?? SELF
    const bytes = datagram(source, destination, port, localPort, payload)
    return this.network.inject({ protocol: IPPROTO_UDP, payload: bytes, source, destination, ...rest })
  }

  /** Closes every socket and gives what is still out: packets that nobody released. */
  leaks(): number {
    for (const each of this.open) each.close()
    this.network.clear()
    return this.host.packets.outstanding
  }
}

/** A socket address of text and port. */
export function at(address: string, port: number): SocketAddress {
  return new SocketAddress(IpAddress.parse(address), port)
}

/** A UDP datagram (or UDP-Lite, with everything covered) in bytes. */
export function datagram(
  source: string,
  destination: string,
  sourcePort: number,
  destinationPort: number,
  payload: Uint8Array,
  protocol: typeof IPPROTO_UDP | typeof IPPROTO_UDPLITE = IPPROTO_UDP,
  coverage: number = payload.length + 8,
): Uint8Array {
  const bytes = new Uint8Array(8 + payload.length)
  const view = new DataView(bytes.buffer)
  writeUdp(view, 0, sourcePort, destinationPort, coverage, 0)
  bytes.set(payload, 8)
  const covered = coverage === 0 ? bytes.length : Math.min(coverage, bytes.length)
  const sum = pseudoHeaderSum(IpAddress.parse(source), IpAddress.parse(destination), protocol, bytes.length)
  view.setUint16(6, checksum(view, 0, covered, sum) || 0xffff)
  return bytes
}

/** A message to send, or to receive into. */
export function message(bytes: Uint8Array | number, name: SocketAddress | null = null, flags = 0): Message {
  const made = new Message(typeof bytes === 'number' ? new Uint8Array(bytes) : bytes)
  made.name = name
  made.flags = flags
  return made
}

/** What a receive call gives: the bytes, or the negative error number. */
export function receive(socket: SocketEndpoint, size = 2048, flags = 0): Uint8Array | number {
  const into = message(size, null, flags)
  const result = socket.receive(into)
  return result < 0 ? result : into.buffer.slice(0, Math.min(result, size))
}

/** Text as bytes. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}
