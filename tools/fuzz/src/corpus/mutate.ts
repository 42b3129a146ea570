import { get16, get32, internetChecksum, joined, put16 } from '../bytes.js'
import type { Chance } from '../chance.js'
import { pseudoHeader } from './transports.js'

/**
 * A packet with some of its bytes changed where it hurts. `at` is where its IPv4 header begins.
 * In most cases the checksums are made right again, so that what is wrong gets deep.
 */
export function mutated(chance: Chance, packet: Uint8Array, at: number, other: () => Uint8Array): Uint8Array {
  let bytes: Uint8Array = packet.slice()
  for (let count = chance.oneIn(3) ? chance.between(2, 6) : 1; count > 0; count--)
    bytes = once(chance, bytes, at, other)
  if (!chance.oneIn(4)) repairChecksums(bytes, at)
  return bytes
}

function once(chance: Chance, bytes: Uint8Array, at: number, other: () => Uint8Array): Uint8Array {
  const { length } = bytes
  if (length === 0) return chance.payload(100)
  const place = chance.oneIn(3) ? chance.below(length) : Math.min(length - 1, at + chance.below(44))
  switch (chance.below(11)) {
    case 0:
      bytes[place] = (bytes[place] as number) ^ (1 << chance.below(8))
      return bytes
    case 1:
      bytes[place] = chance.byte()
      return bytes
    case 2:
      put16(bytes, place, chance.half())
      return bytes
    case 3:
      return bytes.slice(0, chance.below(length + 1))
    case 4:
      return joined(bytes, chance.payload(80))
    case 5: {
      const end = Math.min(length, place + chance.between(1, 24))
      return joined(bytes.subarray(0, place), bytes.subarray(end))
    }
    case 6: {
      const end = Math.min(length, place + chance.between(1, 24))
      return joined(bytes.subarray(0, end), bytes.subarray(place))
    }
    case 7: {
      const second = other()
      return joined(bytes.subarray(0, place), second.subarray(chance.below(second.length + 1)))
    }
    case 8:
      lie(chance, bytes, at)
      return bytes
    case 9: {
      // Cut off inside the transport's header, which the network layer does not see.
      const transport = at + ((bytes[at] ?? 0) & 15) * 4
      const end = Math.min(length, transport + chance.below(13))
      put16(bytes, at + 2, end - at)
      return bytes.slice(0, end)
    }
    default:
      // A later field than its neighbours think: the fragment field, the protocol, the header length.
      if (at + 10 <= length) {
        if (chance.oneIn(2)) bytes[at + 9] = chance.pick([1, 2, 17, 136, 89, 253, 6, 255])
        else put16(bytes, at + 6, chance.half())
      }
      return bytes
  }
}

/** Length fields that disagree with what is there. */
function lie(chance: Chance, bytes: Uint8Array, at: number): void {
  const near = (value: number) => (chance.oneIn(3) ? chance.half() : (value + chance.between(-9, 9)) & 0xffff)
  switch (chance.below(4)) {
    case 0:
      put16(bytes, at + 2, near(bytes.length - at))
      break
    case 1:
      if (at < bytes.length) bytes[at] = chance.oneIn(4) ? chance.byte() : 0x40 | chance.below(16)
      break
    case 2: {
      const transport = at + ((bytes[at] ?? 0) & 15) * 4
      put16(bytes, transport + 4, near(get16(bytes, transport + 4)))
      break
    }
    default: {
      // The length of an IPv4 option.
      const options = at + 21 + chance.below(8)
      if (options < bytes.length) bytes[options] = chance.byte()
    }
  }
}

/** Makes the checksums of an IPv4 packet at `at`, and of what it carries, right as far as there is something to sum. */
export function repairChecksums(bytes: Uint8Array, at: number): void {
  if (at + 20 > bytes.length || (bytes[at] as number) >>> 4 !== 4) return
  const headerLength = ((bytes[at] as number) & 15) * 4
  const transport = at + headerLength
  if (headerLength < 20 || transport > bytes.length) return
  repairTransport(bytes, at, transport)
  put16(bytes, at + 10, 0)
  put16(bytes, at + 10, internetChecksum(bytes, at, transport))
}

function repairTransport(bytes: Uint8Array, at: number, transport: number): void {
  const end = Math.min(bytes.length, at + get16(bytes, at + 2))
  if (transport + 8 > end || (get16(bytes, at + 6) & 0x3fff) !== 0) return
  const protocol = bytes[at + 9] as number
  if (protocol === 1 || protocol === 2) {
    put16(bytes, transport + 2, 0)
    put16(bytes, transport + 2, internetChecksum(bytes, transport, end))
    return
  }
  if (protocol === 6 && transport + 20 <= end) {
    put16(bytes, transport + 16, 0)
    const sum = pseudoHeader(get32(bytes, at + 12), get32(bytes, at + 16), 6, end - transport)
    put16(bytes, transport + 16, internetChecksum(bytes, transport, end, sum))
    return
  }
  if (protocol !== 17 && protocol !== 136) return
  const field = get16(bytes, transport + 4)
  const length = protocol === 17 ? field : end - transport
  const covered = protocol === 17 || field !== 0 ? field : length
  if (length < 8 || covered < 8 || transport + Math.max(length, covered) > end) return
  put16(bytes, transport + 6, 0)
  const initial = pseudoHeader(get32(bytes, at + 12), get32(bytes, at + 16), protocol, length)
  const sum = internetChecksum(bytes, transport, transport + covered, initial)
  put16(bytes, transport + 6, sum === 0 ? 0xffff : sum)
}
