import { internetChecksum, put16, put32 } from '../bytes.js'
import type { Chance } from '../chance.js'
import { destinationAddress, sourceAddress } from '../scene.js'

/** What an IPv4 packet is made of; what is left out is drawn. */
export interface Ipv4Parts {
  source?: number
  destination?: number
  protocol: number
  payload: Uint8Array
  id?: number
  /** Flags and offset, as in the header. */
  fragment?: number
  options?: Uint8Array
  ttl?: number
}

/** A valid packet. */
export function ipv4Packet(chance: Chance, parts: Ipv4Parts): Uint8Array {
  const options = parts.options ?? (chance.oneIn(6) ? ipv4Options(chance) : NO_OPTIONS)
  const headerLength = 20 + options.length
  const bytes = new Uint8Array(headerLength + parts.payload.length)
  bytes[0] = 0x40 | (headerLength >>> 2)
  bytes[1] = chance.oneIn(4) ? chance.below(256) : 0
  put16(bytes, 2, bytes.length)
  put16(bytes, 4, parts.id ?? chance.half())
  put16(bytes, 6, parts.fragment ?? (chance.oneIn(3) ? 0x4000 : 0))
  bytes[8] = parts.ttl ?? (chance.oneIn(8) ? chance.below(3) : 64)
  bytes[9] = parts.protocol
  put32(bytes, 12, parts.source ?? sourceAddress(chance))
  put32(bytes, 16, parts.destination ?? destinationAddress(chance))
  bytes.set(options, 20)
  put16(bytes, 10, internetChecksum(bytes, 0, headerLength))
  bytes.set(parts.payload, headerLength)
  return bytes
}

const NO_OPTIONS = new Uint8Array(0)

/** Options, padded: record route, timestamps, router alert, source routes, unknown and broken ones. */
export function ipv4Options(chance: Chance): Uint8Array {
  const list: number[] = []
  for (let count = chance.between(1, 3); count > 0; count--) list.push(...oneOption(chance))
  const length = Math.min(40, (list.length + 3) & ~3)
  const bytes = new Uint8Array(length)
  bytes.set(list.slice(0, length))
  return bytes
}

function oneOption(chance: Chance): number[] {
  switch (chance.below(9)) {
    case 0:
      return [chance.below(2)]
    case 1: {
      const slots = chance.between(1, 4)
      const pointer = chance.oneIn(4) ? chance.byte() : 4 + 4 * chance.below(slots + 1)
      return [7, 3 + 4 * slots, pointer, ...new Array<number>(4 * slots).fill(0)]
    }
    case 2: {
      const flag = chance.oneIn(4) ? chance.below(16) : chance.pick([0, 1, 3])
      const slots = chance.between(1, 3)
      const size = flag === 0 ? 4 : 8
      const pointer = chance.oneIn(4) ? chance.byte() : 5 + size * chance.below(slots + 1)
      return [68, 4 + size * slots, pointer, (chance.below(16) << 4) | flag, ...chance.bytes(size * slots)]
    }
    case 3:
      return [148, 4, 0, chance.oneIn(3) ? chance.byte() : 0]
    case 4:
      return [chance.pick([131, 137]), 7, chance.oneIn(2) ? 4 : chance.byte(), ...chance.bytes(4)]
    case 5:
      return [chance.pick([130, 134, 133]), 11, ...chance.bytes(9)]
    case 6:
      return [chance.below(256), chance.byte(), ...chance.bytes(chance.below(8))]
    case 7:
      return [...chance.bytes(chance.between(1, 12))]
    default:
      return [0x80 | chance.below(128), 4, ...chance.bytes(2)]
  }
}
