import { get16, internetChecksum, joined, put16, put32 } from '../bytes.js'
import type { Chance } from '../chance.js'

/** Four 32-bit words. */
export type Words = readonly [number, number, number, number]

/** What the host is: a global address on each link, and its link-local one on Ethernet. */
export const HOST6: readonly Words[] = [
  [0xfd00_0001, 0, 0, 1],
  [0xfd00_0002, 0, 0, 1],
  [0xfe80_0000, 0, 0x0000_00ff, 0xfe00_0001],
]
const NEIGHBORS6: readonly Words[] = [
  [0xfd00_0001, 0, 0, 9],
  [0xfd00_0002, 0, 0, 9],
  [0xfe80_0000, 0, 0, 0x77],
  [0xfe80_0000, 0, 0, 0x78],
]
const GROUPS6: readonly Words[] = [
  [0xff02_0000, 0, 0, 1],
  [0xff02_0000, 0, 0, 2],
  [0xff02_0000, 0, 0, 0x16],
  [0xff02_0000, 0, 1, 0xff00_0001],
  [0xff05_0000, 0, 0, 0x1234],
  [0xff01_0000, 0, 0, 1],
]
const ODD: readonly Words[] = [
  [0, 0, 0, 0],
  [0, 0, 0, 1],
  [0, 0, 0xffff, 0x0a01_0001],
  [0x2001_0db8, 0, 0, 1],
  [0x2001_0db8, 0, 0, 2],
  [0xfec0_0000, 0, 0, 1],
]

export function sourceWords(chance: Chance): Words {
  if (chance.oneIn(12)) return [chance.word(), chance.word(), chance.word(), chance.word()]
  return chance.pick(chance.oneIn(6) ? [...ODD, ...HOST6, ...GROUPS6] : NEIGHBORS6)
}

export function destinationWords(chance: Chance): Words {
  if (chance.oneIn(12)) return [chance.word(), chance.word(), chance.word(), chance.word()]
  if (chance.oneIn(5)) return chance.pick(GROUPS6)
  return chance.pick(chance.oneIn(5) ? [...ODD, ...NEIGHBORS6] : HOST6)
}

/** What an IPv6 packet is made of; what is left out is drawn. */
export interface Ipv6Parts {
  source?: Words
  destination?: Words
  protocol: number
  payload: Uint8Array
  hops?: number
  /** Whether extension headers may come before the payload. Default true. */
  extended?: boolean
}

/** A packet, its checksum right where its protocol has one. */
export function ipv6Packet(chance: Chance, parts: Ipv6Parts): Uint8Array {
  const chain = parts.extended === false || chance.oneIn(2) ? [] : extensionHeaders(chance)
  const headers: Uint8Array[] = []
  let next = parts.protocol
  for (const [kind, bytes] of chain.reverse()) {
    bytes[0] = next
    next = kind
    headers.unshift(bytes)
  }
  const body = joined(...headers, parts.payload)
  const fixed = new Uint8Array(40)
  put32(fixed, 0, 0x6000_0000 | (chance.oneIn(4) ? chance.word() & 0x0fff_ffff : 0))
  put16(fixed, 4, body.length)
  fixed[6] = next
  fixed[7] = parts.hops ?? (chance.oneIn(8) ? chance.below(3) : 64)
  putWords(fixed, 8, parts.source ?? sourceWords(chance))
  putWords(fixed, 24, parts.destination ?? destinationWords(chance))
  const packet = joined(fixed, body)
  repairIpv6(packet)
  return packet
}

function putWords(bytes: Uint8Array, at: number, words: Words): void {
  words.forEach((word, i) => {
    put32(bytes, at + 4 * i, word)
  })
}

/** Headers of every kind in any order, their next-header field still to be written. */
function extensionHeaders(chance: Chance): [kind: number, bytes: Uint8Array][] {
  const list: [number, Uint8Array][] = []
  const count = chance.oneIn(10) ? chance.between(4, 20) : chance.between(1, 3)
  for (let i = 0; i < count; i++) {
    const kind = chance.oneIn(10)
      ? chance.pick([50, 51, 59, 135, 139, 140, chance.byte()])
      : chance.pick([0, 60, 43, 44])
    if (kind === 44) list.push([kind, fragmentHeader(chance)])
    else if (kind === 0 || kind === 60) list.push([kind, optionsHeader(chance)])
    else list.push([kind, sized(chance, chance.bytes(8 * chance.between(1, 4)))])
  }
  return list
}

function sized(chance: Chance, bytes: Uint8Array): Uint8Array {
  bytes[1] = chance.oneIn(8) ? chance.byte() : bytes.length / 8 - 1
  return bytes
}

function fragmentHeader(chance: Chance): Uint8Array {
  const bytes = new Uint8Array(8)
  const offset = chance.oneIn(3) ? chance.half() & 0xfff8 : 8 * chance.pick([0, 0, 1, 2, 5])
  put16(bytes, 2, offset | (chance.oneIn(8) ? chance.below(8) : chance.below(2)))
  put32(bytes, 4, chance.below(4))
  return bytes
}

/** Hop-by-hop or destination options: padding, router alert, jumbo, those with every rule for who knows them not. */
function optionsHeader(chance: Chance): Uint8Array {
  const options: number[] = []
  for (let count = chance.between(0, 4); count > 0; count--) {
    const size = chance.below(9)
    switch (chance.below(6)) {
      case 0:
        options.push(0)
        break
      case 1:
        options.push(1, size, ...new Array<number>(size).fill(0))
        break
      case 2:
        options.push(5, 2, 0, chance.below(3))
        break
      case 3:
        options.push(0xc2, 4, ...chance.bytes(4))
        break
      case 4:
        options.push(chance.byte(), size, ...chance.bytes(size))
        break
      default:
        options.push(...chance.bytes(chance.between(1, 6)))
    }
  }
  while ((options.length + 2) % 8 !== 0) options.push(0)
  return sized(chance, Uint8Array.from([0, 0, ...options]))
}

/** Makes length and checksum of a packet right, so that what is wrong with it gets deep. */
export function repairIpv6(bytes: Uint8Array): void {
  if (bytes.length < 40) return
  put16(bytes, 4, bytes.length - 40)
  let next = bytes[6] as number
  let at = 40
  while ((next === 0 || next === 60 || next === 43) && at + 8 <= bytes.length) {
    next = bytes[at] as number
    at += 8 * ((bytes[at + 1] as number) + 1)
  }
  const field = next === 58 ? 2 : next === 17 ? 6 : next === 6 ? 16 : -1
  if (field < 0 || at + field + 2 > bytes.length) return
  put16(bytes, at + field, 0)
  let pseudo = next + bytes.length - at
  for (let i = 8; i < 40; i += 2) pseudo += get16(bytes, i)
  const sum = internetChecksum(bytes, at, bytes.length, pseudo)
  put16(bytes, at + field, sum === 0 && next === 17 ? 0xffff : sum)
}

/** A packet with some of its bytes changed; in most cases made right again. */
export function mutatedIpv6(chance: Chance, packet: Uint8Array): Uint8Array {
  let bytes: Uint8Array = packet.slice()
  for (let count = chance.oneIn(3) ? chance.between(2, 6) : 1; count > 0; count--) {
    const place = chance.below(Math.max(1, bytes.length))
    switch (chance.below(5)) {
      case 0:
        bytes[place] = chance.byte()
        break
      case 1:
        put16(bytes, place, chance.half())
        break
      case 2:
        bytes = bytes.slice(0, chance.below(bytes.length + 1))
        break
      case 3:
        bytes = joined(bytes.subarray(0, place), chance.payload(60), bytes.subarray(place))
        break
      default:
        bytes = joined(bytes.subarray(0, place), bytes.subarray(Math.min(bytes.length, place + chance.between(1, 24))))
    }
  }
  if (!chance.oneIn(4)) repairIpv6(bytes)
  return bytes
}

/** UDP, TCP, echo, errors that quote what was sent, and others. */
export function anyIpv6(chance: Chance, sent: readonly Uint8Array[]): Uint8Array {
  const payload = chance.payload(chance.oneIn(10) ? 1400 : 100)
  switch (chance.below(6)) {
    case 0: {
      const datagram = joined(Uint8Array.of(0x0f, 0xa0, 0x13, 0x88, 0, 0, 0, 0), payload)
      put16(datagram, 4, datagram.length)
      if (chance.oneIn(3)) put16(datagram, 2, chance.half())
      return ipv6Packet(chance, { protocol: 17, payload: datagram })
    }
    case 1: {
      const segment = joined(chance.bytes(20), payload)
      put16(segment, 2, chance.pick([80, 81]))
      segment[12] = 0x50 | chance.below(16)
      segment[13] = chance.pick([2, 16, 17, 4, 24, chance.byte()])
      return ipv6Packet(chance, { protocol: 6, payload: segment })
    }
    case 2:
      return ipv6Packet(chance, {
        protocol: 58,
        payload: joined(Uint8Array.of(chance.pick([128, 129, chance.byte()]), 0, 0, 0, 0, 7, 0, 1), payload),
      })
    case 3: {
      const quoted = sent.length > 0 ? chance.pick(sent) : payload
      const head = chance.bytes(8)
      head[0] = chance.between(1, 4)
      head[1] = chance.below(8)
      if (head[0] === 2) put32(head, 4, chance.pick([0, 1280, 1279, 1400, chance.word()]))
      return ipv6Packet(chance, { protocol: 58, payload: joined(head, quoted.subarray(0, chance.below(1200))) })
    }
    case 4:
      return ipv6Packet(chance, { protocol: chance.byte(), payload })
    default:
      return sent.length > 0 ? chance.pick(sent).slice() : payload
  }
}
