import { get16, joined, put16, put32 } from '../bytes.js'
import type { Chance } from '../chance.js'
import { localPort, ownAddress, PING_IDS, remotePort, sourceAddress } from '../scene.js'
import { ipv4Packet } from './ipv4.js'
import { udpDatagram, withIcmpChecksum } from './transports.js'

/**
 * An ICMP error, or a lie of one: about a packet that the host sent, one like those of its sockets, or anything else.
 * @param sent packets that left the host of late
 */
export function icmpError(chance: Chance, sent: readonly Uint8Array[]): Uint8Array {
  let quote = sent.length > 0 && chance.oneIn(2) ? chance.pick(sent).slice() : socketPacket(chance)
  if (chance.oneIn(6)) quote = chance.bytes(chance.between(0, 64))
  if (chance.oneIn(4)) quote = quote.slice(0, chance.below(quote.length + 1))
  else if (chance.oneIn(2)) quote = quote.slice(0, 28)
  if (chance.oneIn(5) && quote.length > 0) quote[chance.below(quote.length)] = chance.byte()
  const type = chance.oneIn(8) ? chance.byte() : chance.pick([3, 3, 3, 3, 11, 12, 5, 4])
  const header = new Uint8Array(8)
  header[0] = type
  header[1] = chance.oneIn(6) ? chance.byte() : type === 3 ? chance.below(16) : chance.below(4)
  if (type === 3) put16(header, 6, chance.oneIn(2) ? chance.pick([0, 67, 68, 552, 576, 1280, 1499]) : chance.half())
  else if (type === 5) put32(header, 4, sourceAddress(chance))
  else if (type === 12) header[4] = chance.byte()
  if (chance.oneIn(4)) header[5] = chance.byte()
  const extension = chance.oneIn(8) ? joined(new Uint8Array(Math.max(0, 128 - quote.length)), chance.payload(64)) : null
  const body = extension === null ? joined(header, quote) : joined(header, quote, extension)
  const destination = quotedSource(quote) ?? ownAddress(chance)
  return ipv4Packet(chance, { destination, protocol: 1, payload: withIcmpChecksum(body) })
}

/** What a socket of the host may have sent. */
function socketPacket(chance: Chance): Uint8Array {
  const source = ownAddress(chance)
  const destination = sourceAddress(chance)
  switch (chance.below(4)) {
    case 0: {
      const echo = joined(new Uint8Array([8, 0, 0, 0]), chance.bytes(12))
      put16(echo, 4, chance.pick(PING_IDS))
      return ipv4Packet(chance, { source, destination, protocol: 1, payload: withIcmpChecksum(echo) })
    }
    case 1:
      return ipv4Packet(chance, {
        source,
        destination,
        protocol: chance.pick([89, 253, 136, 2, 6, 1]),
        payload: chance.payload(200),
      })
    default: {
      const ports = [localPort(chance), remotePort(chance)] as const
      const payload = udpDatagram(source, destination, ports, chance.payload(600))
      return ipv4Packet(chance, { source, destination, protocol: 17, payload })
    }
  }
}

/** Errors come back to whoever sent the packet. */
function quotedSource(quote: Uint8Array): number | undefined {
  if (quote.length < 20) return undefined
  return (get16(quote, 12) << 16) | get16(quote, 14)
}
