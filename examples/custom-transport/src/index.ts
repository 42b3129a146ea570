import { SocketAddress } from '@jackfield/addr'
import type { Clock, Timer } from '@jackfield/clock'
import { checksum } from '@jackfield/packet'
import { AF_INET, SOCK_RAW, type Sockets } from '@jackfield/sockets'

/** For experiments (RFC 3692). */
export const IPPROTO_SEQUENCED = 253

// Source port, destination port, sequence number, kind and a zero, checksum: 10 bytes, then the data.
const HEADER_LENGTH = 10
const DATA = 0
const ACKNOWLEDGEMENT = 1
/** Microseconds. */
const RETRY_AFTER = 200_000
const MAX_TRIES = 10
const MAX_PEERS = 1024

/** What is kept of one peer: the sequence numbers in both directions, and what waits to be sent. */
interface Peer {
  readonly address: string
  readonly timer: Timer
  next: number
  expected: number
  tries: number
  readonly outgoing: { readonly packet: Uint8Array; readonly done: (error?: Error) => void }[]
}

/** A port of the sequenced datagram protocol: each datagram arrives once, in order, or its sender is told. */
export class SequencedPort {
  private readonly sockets: Sockets
  private readonly clock: Clock
  private readonly port: number
  private readonly deliver: (data: Uint8Array, from: string) => void
  private readonly fd: number
  private readonly peers = new Map<string, Peer>()

  /** @param deliver gets what arrives, and where from (as `10.0.0.1:7`) */
  constructor(sockets: Sockets, clock: Clock, port: number, deliver: (data: Uint8Array, from: string) => void) {
    this.sockets = sockets
    this.clock = clock
    this.port = port
    this.deliver = deliver
    this.fd = sockets.socket(AF_INET, SOCK_RAW, IPPROTO_SEQUENCED)
    // It ends when the socket is closed.
    this.listen().catch(() => {})
  }

  /** Resolves when the peer (`10.0.0.1:7`) has it; rejects when it does not answer. */
  send(to: string, data: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const peer = this.peer(to)
      if (peer === undefined) return reject(new Error('too many peers'))
      const packet = this.packet(peer.address, DATA, peer.next, data)
      peer.next = (peer.next + 1) & 0xffff
      const done = (error?: Error) => (error === undefined ? resolve() : reject(error))
      if (peer.outgoing.push({ packet, done }) === 1) this.transmit(peer)
    })
  }

  close(): void {
    this.sockets.close(this.fd)
    for (const peer of [...this.peers.values()]) this.giveUp(peer, 'the port was closed')
  }

  private async listen(): Promise<void> {
    const buffer = new Uint8Array(65_535)
    const from = new SocketAddress()
    for (;;) {
      const length = await this.sockets.promises.recvfrom(this.fd, buffer, 0, from)
      // Raw sockets get the IPv4 header too.
      const start = ((buffer[0] ?? 0) & 0x0f) * 4
      if (length >= start + HEADER_LENGTH) this.input(from.address.toString(), buffer.slice(start, length))
    }
  }

  private input(address: string, packet: Uint8Array): void {
    const view = new DataView(packet.buffer)
    if (view.getUint16(2) !== this.port || checksum(view, 0, packet.length) !== 0) return
    const peer = this.peer(`${address}:${view.getUint16(0)}`)
    if (peer === undefined) return
    const sequence = view.getUint16(4)
    if (view.getUint8(6) === ACKNOWLEDGEMENT) this.acknowledged(peer, sequence)
    else this.received(peer, sequence, packet.subarray(HEADER_LENGTH))
  }

  private received(peer: Peer, sequence: number, data: Uint8Array): void {
    const ahead = ((sequence - peer.expected) << 16) >> 16
    // An early one comes again; of one that came before, the acknowledgement was lost.
    if (ahead > 0) return
    this.output(peer.address, this.packet(peer.address, ACKNOWLEDGEMENT, sequence))
    if (ahead < 0) return
    peer.expected = (peer.expected + 1) & 0xffff
    this.deliver(data, peer.address)
  }

  private acknowledged(peer: Peer, sequence: number): void {
    const first = peer.outgoing[0]
    if (first === undefined || new DataView(first.packet.buffer).getUint16(4) !== sequence) return
    peer.outgoing.shift()
    peer.timer.cancel()
    peer.tries = 0
    first.done()
    this.transmit(peer)
  }

  /** Sends the first that waits, and again until it is acknowledged. */
  private transmit(peer: Peer): void {
    const first = peer.outgoing[0]
    if (first === undefined) return
    if (peer.tries++ >= MAX_TRIES) {
      this.giveUp(peer, `${peer.address} does not answer`)
    } else {
      this.output(peer.address, first.packet)
      peer.timer.setAfter(RETRY_AFTER)
    }
  }

  /** Nothing later could arrive in order either. */
  private giveUp(peer: Peer, why: string): void {
    peer.timer.cancel()
    this.peers.delete(peer.address)
    for (const { done } of peer.outgoing.splice(0)) done(new Error(why))
  }

  private peer(address: string): Peer | undefined {
    const known = this.peers.get(address)
    if (known !== undefined || this.peers.size >= MAX_PEERS) return known
    const timer = this.clock.createTimer(() => this.transmit(peer))
    const peer: Peer = { address, timer, next: 0, expected: 0, tries: 0, outgoing: [] }
    this.peers.set(address, peer)
    return peer
  }

  private packet(to: string, kind: number, sequence: number, data: Uint8Array = new Uint8Array(0)): Uint8Array {
    const packet = new Uint8Array(HEADER_LENGTH + data.length)
    const view = new DataView(packet.buffer)
    view.setUint16(0, this.port)
    view.setUint16(2, SocketAddress.parse(to).port)
    view.setUint16(4, sequence)
    view.setUint8(6, kind)
    packet.set(data, HEADER_LENGTH)
    view.setUint16(8, checksum(view, 0, packet.length))
    return packet
  }

  private output(to: string, packet: Uint8Array): void {
    try {
      this.sockets.sendto(this.fd, packet, 0, to)
    } catch {
      // No route or no room at present: as good as lost on the way.
    }
  }
}
