import { IpAddress, SocketAddress } from '@jackfield/addr'
import { Message, type NetworkInterface, type SocketEndpoint } from '@jackfield/interfaces'
import { createFakeHost, createFakeNetwork, type FakeHost, type FakeNetwork } from '@jackfield/interfaces/compliance'
import { checksum } from '@jackfield/packet'
import { raw } from './raw.js'

/** A host with one network layer, 10.0.0.1/24, and raw sockets. */
export function rawHost(interfaces: readonly NetworkInterface[] = []): { host: FakeHost; network: FakeNetwork } {
  const network = createFakeNetwork()
  const host = createFakeHost([network], interfaces)
  raw().install(host)
  return { host, network }
}

/** A socket that must be made. */
export function open(host: FakeHost, family: number, type: number, protocol: number): SocketEndpoint {
  const endpoint = host.socket(family, type, protocol)
  if (typeof endpoint === 'number') throw new Error(`socket() answered ${endpoint}`)
  return endpoint
}

/** An address of `AF_INET`. */
export function at(text: string, port = 0): SocketAddress {
  return new SocketAddress(IpAddress.parse(text), port)
}

/** Sends bytes; what `send` answers. */
export function send(socket: SocketEndpoint, bytes: Uint8Array, to: Message['name'] = null, flags = 0): number {
  const message = new Message(bytes)
  message.name = to
  message.flags = flags
  return socket.send(message)
}

/** What a receive call gave. */
export interface Received {
  result: number
  bytes: Uint8Array
  flags: number
}

/** Receives into a buffer of its own; `message` may be given to look at the rest. */
export function receive(socket: SocketEndpoint, flags = 0, size = 2048, name: Message['name'] = null): Received {
  const message = new Message(new Uint8Array(size))
  message.flags = flags
  message.name = name
  const result = socket.receive(message)
  return { result, bytes: message.buffer.slice(0, Math.max(0, Math.min(size, result))), flags: message.flags }
}

/** An ICMP message with a right checksum. */
export function icmpMessage(type: number, rest: number, body: Uint8Array = new Uint8Array(0), code = 0): Uint8Array {
  const bytes = new Uint8Array(8 + body.length)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, type)
  view.setUint8(1, code)
  view.setUint32(4, rest)
  bytes.set(body, 8)
  view.setUint16(2, checksum(view, 0, bytes.length))
  return bytes
}
