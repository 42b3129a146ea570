import { internetChecksum, put16 } from '../bytes.js'
import type { Chance } from '../chance.js'
import { destinationAddress, sourceAddress } from '../scene.js'
import { ipv4Packet } from './ipv4.js'
import { udpBurst, udpPacket } from './transports.js'

/** Few identifications, so that fragments of different inputs meet. */
const IDS = 12

/** The fragments of one datagram in some order: whole, or with holes, overlaps, duplicates, ends that disagree, tiny ones. */
export function fragments(chance: Chance): Uint8Array[] {
  const kind = chance.below(8)
  if (kind === 0) return [loneFragment(chance)]
  const whole = kind === 1 ? (udpBurst(chance)[0] as Uint8Array) : udpPacket(chance)
  const pieces = cut(chance, whole)
  shuffle(chance, pieces)
  if (chance.oneIn(3)) pieces.splice(chance.below(pieces.length), 1)
  if (chance.oneIn(4) && pieces.length > 0) pieces.push(chance.pick(pieces).slice())
  if (chance.oneIn(4) && pieces.length > 0) {
    const liar = chance.pick(pieces)
    put16(liar, 6, chance.oneIn(2) ? chance.half() : ((liar[6] as number) << 8) ^ 0x2000 ^ (liar[7] as number))
    repair(liar)
  }
  return pieces
}

/** A fragment at any offset, past the end of what a datagram can be too. */
function loneFragment(chance: Chance): Uint8Array {
  const offset = chance.oneIn(3) ? chance.pick([0, 1, 8187, 8190, 8191]) : chance.below(8192)
  return ipv4Packet(chance, {
    source: sourceAddress(chance),
    destination: destinationAddress(chance),
    protocol: chance.pick([17, 1, 136, 253]),
    payload: chance.payload(1480),
    id: chance.below(IDS),
    fragment: offset | (chance.oneIn(2) ? 0x2000 : 0),
  })
}

/** The fragments of a packet in order, now and then with overlaps. */
export function cut(chance: Chance, whole: Uint8Array): Uint8Array[] {
  const headerLength = ((whole[0] as number) & 15) * 4
  const id = chance.oneIn(2) ? chance.below(IDS) : chance.half()
  const step = chance.oneIn(3) ? 8 : 8 * chance.between(1, 60)
  const pieces: Uint8Array[] = []
  const header = whole.slice(0, headerLength)
  for (let at = headerLength; at < whole.length && pieces.length < 200; at += step) {
    const overlap = chance.oneIn(20) ? 8 * chance.between(1, 4) : 0
    const end = Math.min(whole.length, at + step + overlap)
    const piece = new Uint8Array(headerLength + end - at)
    piece.set(header)
    piece.set(whole.subarray(at, end), headerLength)
    put16(piece, 2, piece.length)
    put16(piece, 4, id)
    put16(piece, 6, ((at - headerLength) >>> 3) | (end < whole.length ? 0x2000 : 0))
    if (chance.oneIn(10)) piece[1] = (piece[1] as number) ^ chance.below(4)
    repair(piece)
    pieces.push(piece)
  }
  return pieces
}

function repair(packet: Uint8Array): void {
  const headerLength = ((packet[0] as number) & 15) * 4
  put16(packet, 10, 0)
  put16(packet, 10, internetChecksum(packet, 0, Math.min(headerLength, packet.length)))
}

function shuffle(chance: Chance, list: Uint8Array[]): void {
  if (chance.oneIn(3)) return
  for (let i = list.length - 1; i > 0; i--) {
    const j = chance.below(i + 1)
    const kept = list[i] as Uint8Array
    list[i] = list[j] as Uint8Array
    list[j] = kept
  }
}
