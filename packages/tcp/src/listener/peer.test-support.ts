import { SocketAddress } from '@jackfield/addr'
import { AF_INET, AF_INET6, IPPROTO_TCP, Message } from '@jackfield/interfaces'
import { createFakeHost, createFakeNetwork, type FakeHost, type FakeNetwork } from '@jackfield/interfaces/compliance'
import { CHECKSUM_VERIFIED, setPacketChecks } from '@jackfield/packet'
import { expect } from 'vitest'
import { Connection } from '../connection.js'
import { TcpProtocol } from '../protocol.js'
import type { TcpSettings } from '../settings.js'
import type { TcpOption } from '../wire/plain-options.js'
import { formatTcpSegment, parseTcpSegment, type TcpSegment } from '../wire/plain-segment.js'
import { FLAG_ACK, FLAG_FIN, FLAG_PSH, FLAG_RST, FLAG_SYN, FLAG_URG } from '../wire/segment.js'

setPacketChecks(true)

export const PORT = 80
export const PEER_PORT = 40_000

const LETTERS: readonly (readonly [string, number])[] = [
  ['F', FLAG_FIN],
  ['S', FLAG_SYN],
  ['R', FLAG_RST],
  ['P', FLAG_PSH],
  ['.', FLAG_ACK],
  ['U', FLAG_URG],
  ['E', 0x40],
  ['C', 0x80],
]

/** What a peer sends; numbers as in the header. */
export interface PeerSegment {
  /** Letters as tcpdump writes them. */
  flags: string
  seq?: number
  ack?: number
  window?: number
  urgent?: number
  options?: TcpOption[]
  payload?: Uint8Array
  port?: number
  /** The host's port; `PORT` unless told. */
  toPort?: number
  source?: string
  /** Where it is sent to, if not to the host's own address. */
  to?: string
  tos?: number
}

/** A payload of letters. */
export function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0))
}

/** The options of a SYN as Linux sends them. */
export function synOptions(tsval = 1000): TcpOption[] {
  return [
    { name: 'mss', value: 1460 },
    { name: 'sackPermitted' },
    { name: 'timestamp', value: tsval, echo: 0 },
    { name: 'nop' },
    { name: 'windowScale', shift: 7 },
  ]
}

/** A host with TCP, 10.0.0.1 or 2001:db8::1, whose peers the test plays: 10.0.0.2 or 2001:db8::2, and others. */
export class Peer {
  readonly network: FakeNetwork
  readonly host: FakeHost
  readonly tcp: TcpProtocol
  private readonly version: 4 | 6

  constructor(settings: Partial<TcpSettings> = {}, version: 4 | 6 = 4) {
    this.version = version
    this.network = createFakeNetwork({ version })
    this.host = createFakeHost([this.network])
    this.tcp = new TcpProtocol(this.host)
    Object.assign(this.tcp.settings, settings)
    this.host.addTransport(this.tcp)
    this.wait(100_000)
  }

  /** Lets milliseconds pass, and timers expire. */
  wait(milliseconds: number): void {
    this.host.clock.advance(milliseconds * 1000)
    this.tcp.refreshTime()
    this.host.burstEnd()
  }

  /** A socket that listens on `PORT`. */
  listen(backlog = 10, prepare?: (c: Connection) => void): Connection {
    const c = this.tcp.createConnection(this.version === 4 ? AF_INET : AF_INET6)
    expect(c.bind(SocketAddress.parse(`${this.version === 4 ? '10.0.0.1' : '[2001:db8::1]'}:${PORT}`))).toBe(0)
    prepare?.(c)
    expect(c.listen(backlog)).toBe(0)
    return c
  }

  /** Puts a segment in. */
  send(segment: PeerSegment): void {
    let flags = 0
    for (const [letter, bit] of LETTERS) if (segment.flags.includes(letter)) flags |= bit
    this.network.inject({
      source: segment.source ?? (this.version === 4 ? '10.0.0.2' : '2001:db8::2'),
      destination: segment.to ?? (this.version === 4 ? '10.0.0.1' : '2001:db8::1'),
      protocol: IPPROTO_TCP,
      tos: segment.tos ?? 0,
      checksum: CHECKSUM_VERIFIED,
      payload: formatTcpSegment({
        sourcePort: segment.port ?? PEER_PORT,
        destinationPort: segment.toPort ?? PORT,
        sequence: (segment.seq ?? 0) >>> 0,
        acknowledgment: (segment.ack ?? 0) >>> 0,
        flags,
        window: segment.window ?? 64_240,
        urgentPointer: segment.urgent ?? 0,
        options: segment.options ?? [],
        payload: segment.payload ?? new Uint8Array(0),
      }),
    })
    this.host.burstEnd()
  }

  /** What was sent since the last call. */
  took(): TcpSegment[] {
    const sent = this.network.sent.map(({ bytes }) => parseTcpSegment(bytes) as TcpSegment)
    this.network.clear()
    return sent
  }

  /** The one segment that was sent since the last call. */
  one(): TcpSegment {
    const sent = this.took()
    expect(sent).toHaveLength(1)
    return sent[0] as TcpSegment
  }

  /** SYN, SYN-ACK, ACK. Returns our initial sequence number. */
  handshake(seq = 1000, port: number = PEER_PORT, options: TcpOption[] = synOptions()): number {
    this.send({ flags: 'S', seq, port, options })
    const { sequence } = this.one()
    const stamps = options.some((option) => option.name === 'timestamp')
    this.send({
      flags: '.',
      seq: seq + 1,
      ack: sequence + 1,
      port,
      options: stamps ? [{ name: 'timestamp', value: 1001, echo: 0 }] : [],
    })
    return sequence
  }

  /** Accepts, which must succeed. */
  accept(c: Connection): Connection {
    const accepted = c.accept(null)
    if (!(accepted instanceof Connection)) throw new Error(`accept: ${accepted}`)
    return accepted
  }

  /** Ends it all: every packet must have been let go. */
  close(): void {
    this.tcp.close()
    this.host.close()
    expect(this.host.packets.outstanding).toBe(0)
  }
}

/** Reads what is there. */
export function read(c: Connection): Uint8Array | number {
  const buffer = new Uint8Array(4096)
  const length = c.receive(new Message(buffer))
  return length < 0 ? length : buffer.slice(0, length)
}

/** The flags of a segment in letters. */
export function letters(segment: TcpSegment): string {
  return LETTERS.filter(([, bit]) => (segment.flags & bit) !== 0)
    .map(([letter]) => letter)
    .join('')
}

/** An option of a segment; undefined where it has none. */
export function option<Name extends TcpOption['name']>(
  segment: TcpSegment,
  name: Name,
): Extract<TcpOption, { name: Name }> | undefined {
  return segment.options.find((each): each is Extract<TcpOption, { name: Name }> => each.name === name)
}
