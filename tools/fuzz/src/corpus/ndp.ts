import { joined, put16, put32 } from '../bytes.js'
import type { Chance } from '../chance.js'
import { destinationWords, HOST6, ipv6Packet, sourceWords, type Words } from './ipv6.js'

function address(words: Words): Uint8Array {
  const bytes = new Uint8Array(16)
  words.forEach((word, i) => {
    put32(bytes, 4 * i, word)
  })
  return bytes
}

/** An option of neighbour discovery: every kind that is known, of right and wrong lengths, and others. */
function option(chance: Chance): Uint8Array {
  const kind = chance.oneIn(6) ? chance.byte() : chance.pick([1, 2, 3, 4, 5, 14, 24, 25, 31])
  const lengths: Readonly<Record<number, number>> = {
    1: 1,
    2: 1,
    3: 4,
    4: chance.between(1, 8),
    5: 1,
    14: 1,
    25: 3,
    31: 2,
  }
  const length = chance.oneIn(8) ? chance.below(6) : (lengths[kind] ?? chance.between(1, 3))
  const bytes = chance.bytes(8 * Math.max(1, length))
  bytes[0] = kind
  bytes[1] = length
  if (kind === 3 && length === 4) {
    bytes[2] = chance.oneIn(4) ? chance.byte() : 64
    bytes[3] = chance.oneIn(3) ? chance.byte() : 0xc0
    put32(bytes, 4, chance.pick([0, 60, 7200, 0xffff_ffff | 0, chance.word()]))
    put32(bytes, 8, chance.pick([0, 30, 3600, 0xffff_ffff | 0, chance.word()]))
    bytes.set(address([0xfd00_0010 + chance.below(40), chance.oneIn(4) ? chance.word() : 0, 0, 0]), 16)
  } else if (kind === 5 && length === 1) put32(bytes, 4, chance.pick([1280, 1500, 0, 1279, chance.word()]))
  else if (kind === 24 && length >= 1) {
    bytes[2] = chance.oneIn(3) ? chance.byte() : chance.pick([0, 48, 64])
    put32(bytes, 4, chance.pick([0, 60, chance.word()]))
  } else if (kind === 1 || kind === 2) bytes.set([2, 0, 0, 0, 1, chance.below(24)], 2)
  return bytes
}

/** A message of neighbour discovery (RFC 4861 4). */
function discovery(chance: Chance): Uint8Array {
  const type = chance.between(133, 137)
  const options: Uint8Array[] = []
  for (let count = chance.oneIn(12) ? chance.between(5, 40) : chance.below(4); count > 0; count--)
    options.push(option(chance))
  const head = chance.bytes(8)
  head[0] = type
  head[1] = chance.oneIn(12) ? chance.byte() : 0
  if (type === 133) return joined(head, ...options)
  if (type === 134) {
    const more = new Uint8Array(8)
    put16(head, 6, chance.pick([0, 60, 1800, 9000, 0xffff, chance.half()]))
    put32(more, 0, chance.pick([0, 30_000, chance.word()]))
    // With weeks from one question to the next nothing would come to rest.
    put32(more, 4, chance.pick([0, 1, 1000, 60_000]))
    return joined(head, more, ...options)
  }
  const target = address(chance.oneIn(2) ? chance.pick(HOST6) : sourceWords(chance))
  if (type === 137) return joined(head, target, address(destinationWords(chance)), ...options)
  return joined(head, target, ...options)
}

/** Multicast listener discovery: queries and reports of both versions (RFC 2710, RFC 3810). */
function listeners(chance: Chance): Uint8Array {
  const group = chance.oneIn(3) ? new Uint8Array(16) : address(destinationWords(chance))
  const head = Uint8Array.of(chance.pick([130, 130, 131, 132]), 0, 0, 0, 0, chance.byte(), 0, 0)
  put16(head, 4, chance.half())
  if (chance.oneIn(4)) {
    const records: Uint8Array[] = []
    for (let count = chance.below(4); count > 0; count--) {
      const sources = chance.below(3)
      const record = joined(Uint8Array.of(chance.between(0, 7), chance.below(2), 0, sources), group)
      records.push(joined(record, chance.bytes(16 * sources)))
    }
    const report = Uint8Array.of(143, 0, 0, 0, 0, 0, 0, chance.oneIn(6) ? chance.byte() : records.length)
    return joined(report, ...records)
  }
  if (chance.oneIn(2)) return joined(head, group)
  const sources = chance.below(5)
  const query = Uint8Array.of(chance.byte(), chance.byte(), 0, chance.oneIn(6) ? chance.byte() : sources)
  return joined(head, group, query, chance.bytes(16 * sources))
}

/** A hop-by-hop header with Router Alert, as MLD's messages have. */
const ALERT: readonly number[] = [58, 0, 5, 2, 0, 0, 1, 0]

/** A message that the network layer itself hears, with its hop limit and router alert mostly right. */
export function ndpPacket(chance: Chance): Uint8Array {
  if (!chance.oneIn(3)) {
    const hops = chance.oneIn(10) ? chance.byte() : 255
    return ipv6Packet(chance, { protocol: 58, payload: discovery(chance), hops, extended: chance.oneIn(8) })
  }
  const hops = chance.oneIn(10) ? chance.byte() : 1
  const message = listeners(chance)
  const source: Words = chance.oneIn(6) ? sourceWords(chance) : [0xfe80_0000, 0, 0, 0x77]
  const alert = !chance.oneIn(6)
  return ipv6Packet(chance, {
    source,
    protocol: alert ? 0 : 58,
    payload: alert ? joined(Uint8Array.from(ALERT), message) : message,
    hops,
    extended: false,
  })
}
