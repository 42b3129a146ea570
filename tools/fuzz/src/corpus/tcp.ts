import { get16, get32, internetChecksum, joined, put16, put32 } from '../bytes.js'
import type { Chance } from '../chance.js'
import { ipv4Word, PEER_PORTS, SOURCES, TCP_PORTS, TUN_ADDRESS } from '../scene.js'
import { icmpError } from './errors.js'
import { cut } from './fragments.js'
import { ipv4Packet } from './ipv4.js'
import { pseudoHeader } from './transports.js'

const FIN = 1
const SYN = 2
const RST = 4
const PSH = 8
const ACK = 16
const URG = 32

/** What a segment is made of. */
interface Segment {
  readonly source: number
  readonly destination: number
  readonly ports: readonly [source: number, destination: number]
  readonly seq: number
  readonly ack: number
  readonly flags: number
}

/** TCP as a peer sends it, that means well or not: handshakes, answers near the windows of what is under way, lies, ICMP errors. */
export function tcpInput(chance: Chance, sent: readonly Uint8Array[]): readonly Uint8Array[] {
  const kind = chance.below(24)
  if (kind === 0) return [icmpError(chance, sent)]
  if (kind < 5) return [opening(chance)]
  const segments = sent.filter(isTcp)
  const seen = segments.length > 0 ? chance.pick(segments) : undefined
  if (seen === undefined || kind === 5) return [stray(chance)]
  const packet = answer(chance, seen)
  return chance.oneIn(40) ? cut(chance, packet) : [packet]
}

function isTcp(packet: Uint8Array): boolean {
  const header = ((packet[0] as number) & 15) * 4
  return packet[9] === 6 && packet.length >= header + 20 && (get16(packet, 6) & 0x3fff) === 0
}

/** A SYN to one that listens; at times with data or a Fast Open cookie. */
function opening(chance: Chance): Uint8Array {
  return build(chance, {
    source: ipv4Word(chance.pick(SOURCES)),
    destination: ipv4Word(TUN_ADDRESS),
    ports: [chance.oneIn(3) ? chance.between(1024, 65_535) : chance.pick(PEER_PORTS), chance.pick(TCP_PORTS)],
    seq: chance.word(),
    ack: chance.oneIn(8) ? chance.word() : 0,
    flags: chance.oneIn(10) ? SYN | chance.byte() : chance.oneIn(6) ? SYN | 0xc0 : SYN,
  })
}

/** Of no connection in particular. */
function stray(chance: Chance): Uint8Array {
  return build(chance, {
    source: ipv4Word(chance.pick(SOURCES)),
    destination: ipv4Word(TUN_ADDRESS),
    ports: [chance.pick(PEER_PORTS), chance.oneIn(3) ? chance.half() : chance.pick(TCP_PORTS)],
    seq: chance.word(),
    ack: chance.word(),
    flags: chance.below(256),
  })
}

/** To something that the host sent: as it should be, or near it. */
function answer(chance: Chance, seen: Uint8Array): Uint8Array {
  const at = ((seen[0] as number) & 15) * 4
  const header = ((seen[at + 12] as number) >>> 4) * 4
  const theirs = seen[at + 13] as number
  const length = Math.max(0, seen.length - at - header) + ((theirs & SYN) >>> 1) + (theirs & FIN)
  const seq = get32(seen, at + 8) + near(chance)
  const ack = get32(seen, at + 4) + (chance.oneIn(6) ? chance.below(length + 1) : length) + near(chance)
  const odd = chance.oneIn(5)
  let flags = odd ? chance.pick([FIN | ACK, FIN | ACK, RST, RST | ACK, SYN, SYN | ACK, 0, URG | ACK, FIN]) : ACK
  if (chance.oneIn(30)) flags = chance.below(256)
  if (!odd && (theirs & SYN) !== 0 && (theirs & ACK) === 0) flags = SYN | ACK
  if (chance.oneIn(3)) flags |= PSH
  return build(
    chance,
    {
      source: get32(seen, 16),
      destination: get32(seen, 12),
      ports: [get16(seen, at + 2), get16(seen, at)],
      seq: seq | 0,
      ack: ack | 0,
      flags,
    },
    seen.subarray(at, at + header),
  )
}

/** How far a number is from where it should be. */
function near(chance: Chance): number {
  if (!chance.oneIn(4)) return 0
  return chance.pick([1, -1, 100, -100, 1448, -1448, 14_480, 65_535, -65_535, 0x4000_0000, 0x7fff_ffff, -0x8000_0000])
}

/** @param seen the header that is answered, of which options echo */
function build(chance: Chance, segment: Segment, seen?: Uint8Array): Uint8Array {
  const { source, destination, ports, flags } = segment
  const options = optionsOf(chance, segment, seen)
  const isOpening = (flags & SYN) !== 0
  const payload = chance.oneIn(isOpening ? 8 : 2) ? chance.payload(1400) : new Uint8Array(0)
  const bytes = new Uint8Array(20 + options.length + payload.length)
  put16(bytes, 0, ports[0])
  put16(bytes, 2, ports[1])
  put32(bytes, 4, segment.seq)
  put32(bytes, 8, segment.ack)
  bytes[12] = ((20 + options.length) << 2) | (chance.oneIn(30) ? 1 : 0)
  if (chance.oneIn(60)) bytes[12] = chance.byte()
  bytes[13] = flags
  put16(bytes, 14, chance.oneIn(4) ? chance.half() : chance.pick([0, 1, 500, 65_535, 64_240]))
  put16(bytes, 18, chance.oneIn(6) ? chance.half() : chance.below(payload.length + 2))
  bytes.set(options, 20)
  bytes.set(payload, 20 + options.length)
  put16(bytes, 16, internetChecksum(bytes, 0, bytes.length, pseudoHeader(source, destination, 6, bytes.length)))
  return ipv4Packet(chance, { source, destination, protocol: 6, payload: bytes })
}

/** Options, most of them good, padded to whole words. */
function optionsOf(chance: Chance, segment: Segment, seen?: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = []
  if ((segment.flags & SYN) !== 0) {
    if (!chance.oneIn(4)) parts.push(new Uint8Array([2, 4, ...half(chance.oneIn(4) ? chance.half() : 1460)]))
    if (chance.oneIn(2)) parts.push(new Uint8Array([4, 2]))
    if (chance.oneIn(2)) parts.push(new Uint8Array([3, 3, chance.oneIn(4) ? chance.byte() : chance.below(15)]))
    if (chance.oneIn(6)) parts.push(kinded(34, chance.bytes(chance.pick([0, 4, 8, 16, 3]))))
  } else if (chance.oneIn(4)) parts.push(sack(chance, segment.ack))
  const tsval = seen === undefined ? -1 : timestampOf(seen)
  if (tsval !== -1 || chance.oneIn(4)) {
    const stamp = new Uint8Array(10)
    stamp[0] = 8
    stamp[1] = 10
    put32(stamp, 2, chance.oneIn(8) ? chance.word() : 1000)
    put32(stamp, 6, chance.oneIn(8) ? chance.word() : Math.max(tsval, 0))
    parts.push(stamp)
  }
  if (chance.oneIn(20)) parts.push(kinded(19, chance.bytes(16)))
  if (chance.oneIn(20)) parts.push(new Uint8Array([chance.byte(), chance.byte(), ...chance.payload(6)]))
  const whole = joined(...parts)
  const padded = new Uint8Array(Math.min(40, (whole.length + 3) & ~3)).fill(1)
  padded.set(whole.subarray(0, padded.length))
  return padded
}

/** SACK blocks about what may be under way: after the acknowledgement, before it (D-SACK), and lies. */
function sack(chance: Chance, ack: number): Uint8Array {
  const blocks = chance.between(1, 4)
  const body = new Uint8Array(blocks * 8)
  for (let i = 0; i < blocks; i++) {
    const left = ack + chance.pick([1, 100, 536, 1448, 2896, 14_480, -1448, -100, 0]) + near(chance)
    put32(body, i * 8, left)
    put32(body, i * 8 + 4, left + (chance.oneIn(8) ? near(chance) : chance.pick([1, 100, 1448, 2896])))
  }
  return kinded(5, body)
}

function kinded(kind: number, body: Uint8Array): Uint8Array {
  return joined(new Uint8Array([kind, body.length + 2]), body)
}

function half(value: number): readonly number[] {
  return [value >>> 8, value & 255]
}

/** The time stamp in a header; -1 without one. */
function timestampOf(header: Uint8Array): number {
  for (let at = 20; at + 10 <= header.length; at += header[at] === 1 ? 1 : Math.max(2, header[at + 1] ?? 2)) {
    if (header[at] === 8) return get32(header, at + 2) >>> 0
  }
  return -1
}
