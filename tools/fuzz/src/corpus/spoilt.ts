import type { Chance } from '../chance.js'
import { icmpError } from './errors.js'
import { fragments } from './fragments.js'
import { arpFrame, ipv4Frame } from './frames.js'
import { mutated } from './mutate.js'
import { icmpQuery, igmpPacket, otherProtocol, udpLitePacket, udpPacket } from './transports.js'

function packet(chance: Chance): Uint8Array {
  const make = chance.pick([udpPacket, udpLitePacket, icmpQuery, igmpPacket, otherProtocol, firstFragment, anError])
  return make(chance)
}

const firstFragment = (chance: Chance) => fragments(chance)[0] ?? chance.payload(60)
const anError = (chance: Chance) => icmpError(chance, [])

/** An IPv4 packet of any protocol, mutated in most cases. */
export function spoiltPacket(chance: Chance): Uint8Array {
  const bytes = chance.oneIn(12) ? chance.payload(120) : packet(chance)
  return chance.oneIn(4) ? bytes : mutated(chance, bytes, 0, () => packet(chance))
}

/** An Ethernet frame with ARP or IPv4 in it, mutated in most cases. */
export function spoiltFrame(chance: Chance): Uint8Array {
  const frame = chance.oneIn(2) ? arpFrame(chance, []) : ipv4Frame(chance, packet(chance))
  return chance.oneIn(4) ? frame : mutated(chance, frame, 14, () => packet(chance))
}
