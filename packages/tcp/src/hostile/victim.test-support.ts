import { SocketAddress } from '@jackfield/addr'
import { AF_INET, EINPROGRESS, IPPROTO_TCP, Message } from '@jackfield/interfaces'
import { expect } from 'vitest'
import type { Connection } from '../connection.js'
import { Peer, type PeerSegment, PORT, read } from '../listener/peer.test-support.js'
import type { TcpSettings } from '../settings.js'
import { ESTABLISHED } from '../state.js'
import type { TcpOption } from '../wire/plain-options.js'
import { formatTcpSegment, type TcpSegment } from '../wire/plain-segment.js'

/** How the connection under attack begins. */
export interface VictimOptions {
  timestamps?: boolean
  sack?: boolean
  /** Window of the honest peer, as in the header; it is scaled by 7. */
  window?: number
  mss?: number
  scaling?: boolean
  /** Whether the device cuts large segments. */
  offload?: boolean
  settings?: Partial<TcpSettings>
  prepare?: (listener: Connection) => void
}

/** Bytes of a stream that tell their place. */
export function stream(from: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => ((from + i) * 31 + ((from + i) >> 8) * 7) & 0xff)
}

/** A host with one connection from an honest peer, and somebody who puts segments in its name in between. */
export class Victim extends Peer {
  readonly server: Connection
  /** The connection under attack. */
  readonly c: Connection
  /** What the honest peer sends next, and what it has had. */
  seq = 1001
  ack: number
  /** Bytes that the user has read. */
  private readBytes = 0
  private readonly stamped: boolean
  private readonly window: number
  private sentBytes = 0

  constructor(options: VictimOptions = {}) {
    super(options.settings)
    const { timestamps = false, sack = true, window = 64_240, mss = 1460, scaling = true } = options
    if (options.offload === true) this.network.maxSegment = 65_535
    this.stamped = timestamps
    this.window = window
    this.server = this.listen(1000, options.prepare)
    const offered: TcpOption[] = [{ name: 'mss', value: mss }]
    if (sack) offered.push({ name: 'sackPermitted' })
    if (timestamps) offered.push({ name: 'timestamp', value: this.stamp(), echo: 0 })
    if (scaling) offered.push({ name: 'windowScale', shift: 7 })
    this.send({ flags: 'S', seq: 1000, options: offered })
    this.ack = (this.one().sequence + 1) >>> 0
    this.honest()
    this.c = this.accept(this.server)
    expect(this.took()).toEqual([])
  }

  /** The honest peer's clock. */
  stamp(): number {
    return Math.floor(this.host.clock.now() / 1000) + 5000
  }

  /** A segment of the honest peer: an acknowledgement, if nothing else is said. */
  honest(segment: Partial<PeerSegment> = {}): void {
    const { options = [], ...rest } = segment
    const stamp: TcpOption[] = this.stamped ? [{ name: 'timestamp', value: this.stamp(), echo: 0 }] : []
    this.send({
      flags: '.',
      seq: this.seq,
      ack: this.ack,
      window: this.window,
      ...rest,
      options: [...stamp, ...options],
    })
  }

  /** The honest peer sends the next bytes of its stream. */
  honestData(length: number): void {
    this.honest({ flags: 'P.', payload: stream(this.sentBytes, length) })
    this.sentBytes += length
    this.seq = (this.seq + length) >>> 0
  }

  /** Segments that the attacker sends; `at` counts from what is expected next. */
  blind(flags: string, at: number, more: Partial<PeerSegment> = {}): void {
    this.send({ flags, seq: (this.c.rcvNxt + at) >>> 0, ack: this.c.sndUna >>> 0, ...more })
  }

  /** The user writes. */
  write(length: number): number {
    return this.c.send(new Message(stream(0, length)))
  }

  /** The user reads all that there is: it must be what the honest peer sent, and nothing else. */
  expectRead(length: number): void {
    const got: number[] = []
    for (;;) {
      const bytes = read(this.c)
      if (typeof bytes === 'number' || bytes.length === 0) break
      got.push(...bytes)
    }
    expect(got).toEqual([...stream(this.readBytes, length)])
    this.readBytes += length
  }

  /** Nothing happened to the connection: bytes still go both ways. */
  expectAlive(): void {
    this.wait(1000)
    this.took()
    const before = this.sentBytes
    expect(this.c.state).toBe(ESTABLISHED)
    this.honestData(10)
    this.expectRead(10)
    expect(this.sentBytes).toBe(before + 10)
    expect(this.write(4)).toBe(4)
    const sent = this.took().filter(({ payload }) => payload.length > 0)
    expect(sent.length).toBeGreaterThan(0)
    this.acknowledge()
    expect(this.c.sndUna).toBe(this.c.sndNxt)
  }

  /** The honest peer has had all that was sent. */
  acknowledge(more: Partial<PeerSegment> = {}): void {
    this.ack = this.c.sndNxt >>> 0
    this.honest(more)
  }

  /** ICMP tells the host of an error about a segment that it sent with this sequence number. */
  icmp(kind: number, errno: number, seq: number, info = 0): void {
    const quote = formatTcpSegment({ sourcePort: PORT, destinationPort: 40_000, sequence: seq >>> 0, flags: 0x10 })
    this.network.injectError({
      destination: '10.0.0.2',
      source: '10.0.0.1',
      protocol: IPPROTO_TCP,
      quote,
      kind,
      errno,
      info,
    })
  }

  /** Ends the test: nothing is kept, and no timer is left. */
  end(): void {
    this.close()
    expect(this.tcp.orphans).toBe(0)
    expect(this.tcp.memory).toBe(0)
  }
}

/** Opens a connection from the host to the peer, and gives it with its SYN. */
export function open(peer: Peer, port: number, from = 0): { c: Connection; syn: TcpSegment } {
  const c = peer.tcp.createConnection(AF_INET)
  if (from !== 0) expect(c.bind(SocketAddress.parse(`10.0.0.1:${from}`))).toBe(0)
  expect(c.connect(SocketAddress.parse(`10.0.0.2:${port}`))).toBe(-EINPROGRESS)
  peer.host.burstEnd()
  return { c, syn: peer.one() }
}
