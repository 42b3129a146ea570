import { internetChecksum, put16 } from '../bytes.js'
import type { Chance } from '../chance.js'
import {
  destinationAddress,
  groupAddress,
  localPort,
  PING_IDS,
  RAW_PROTOCOLS,
  remotePort,
  sourceAddress,
} from '../scene.js'
import { ipv4Packet } from './ipv4.js'

/** Sum of the pseudo-header of UDP and its kin (RFC 768). */
export function pseudoHeader(source: number, destination: number, protocol: number, length: number): number {
  return (
    (source >>> 16) + (source & 0xffff) + (destination >>> 16) + (destination & 0xffff) + protocol + (length & 0xffff)
  )
}

/** A datagram's bytes, its checksum right unless it has none. */
export function udpDatagram(
  source: number,
  destination: number,
  ports: readonly [source: number, destination: number],
  payload: Uint8Array,
  checked = true,
): Uint8Array {
  const bytes = new Uint8Array(8 + payload.length)
  put16(bytes, 0, ports[0])
  put16(bytes, 2, ports[1])
  put16(bytes, 4, bytes.length)
  bytes.set(payload, 8)
  if (checked) {
    const sum = internetChecksum(bytes, 0, bytes.length, pseudoHeader(source, destination, 17, bytes.length))
    put16(bytes, 6, sum === 0 ? 0xffff : sum)
  }
  return bytes
}

export function udpPacket(chance: Chance): Uint8Array {
  const source = sourceAddress(chance)
  const destination = destinationAddress(chance)
  const ports = [remotePort(chance), localPort(chance)] as const
  const payload = udpDatagram(source, destination, ports, chance.payload(1400), !chance.oneIn(8))
  return ipv4Packet(chance, { source, destination, protocol: 17, payload })
}

/** UDP-Lite with coverages right and wrong (RFC 3828). */
export function udpLitePacket(chance: Chance): Uint8Array {
  const source = sourceAddress(chance)
  const destination = destinationAddress(chance)
  const data = chance.payload(600)
  const bytes = new Uint8Array(8 + data.length)
  put16(bytes, 0, remotePort(chance))
  put16(bytes, 2, localPort(chance))
  bytes.set(data, 8)
  const coverage = chance.oneIn(3) ? chance.pick([0, 8, 1, 7, bytes.length, bytes.length + 1]) : 0
  put16(bytes, 4, coverage)
  const covered = coverage === 0 || coverage > bytes.length ? bytes.length : coverage
  const sum = internetChecksum(bytes, 0, covered, pseudoHeader(source, destination, 136, bytes.length))
  put16(bytes, 6, sum === 0 ? 0xffff : sum)
  return ipv4Packet(chance, { source, destination, protocol: 136, payload: bytes })
}

/** Several datagrams of one flow, as receive offload merges them; the last may be short, or of another flow. */
export function udpBurst(chance: Chance): Uint8Array[] {
  const source = sourceAddress(chance)
  const destination = destinationAddress(chance)
  const ports = [remotePort(chance), localPort(chance)] as const
  const size = chance.between(1, 600)
  const packets: Uint8Array[] = []
  for (let count = chance.between(2, 12); count > 0; count--) {
    const short = chance.oneIn(8) ? chance.below(size + 1) : size
    const from = chance.oneIn(12) ? ([ports[0] ^ 1, ports[1]] as const) : ports
    const payload = udpDatagram(source, destination, from, chance.bytes(short), !chance.oneIn(10))
    packets.push(ipv4Packet(chance, { source, destination, protocol: 17, payload, options: new Uint8Array(0) }))
  }
  return packets
}

/** ICMP that is no error: echo, timestamps, masks, routers, and every other type. */
export function icmpQuery(chance: Chance): Uint8Array {
  const type = chance.oneIn(4) ? chance.byte() : chance.pick([8, 8, 0, 13, 14, 17, 18, 15, 9, 10, 42])
  const bytes = new Uint8Array(8 + chance.length(800))
  chance.random.fill(bytes)
  bytes[0] = type
  bytes[1] = chance.oneIn(5) ? chance.byte() : 0
  put16(bytes, 4, chance.oneIn(2) ? chance.pick(PING_IDS) : chance.half())
  return ipv4Packet(chance, { protocol: 1, payload: withIcmpChecksum(bytes) })
}

/** Fills in the checksum of ICMP or IGMP. */
export function withIcmpChecksum(bytes: Uint8Array): Uint8Array {
  put16(bytes, 2, 0)
  put16(bytes, 2, internetChecksum(bytes, 0, bytes.length))
  return bytes
}

/** IGMP queries and reports of all versions (RFC 1112, RFC 2236, RFC 3376). */
export function igmpPacket(chance: Chance): Uint8Array {
  const group = chance.oneIn(4) ? 0 : groupAddress(chance)
  let bytes: Uint8Array
  switch (chance.below(4)) {
    case 0: {
      const sources = chance.oneIn(2) ? 0 : chance.below(5)
      bytes = new Uint8Array(12 + 4 * sources)
      chance.random.fill(bytes)
      bytes[0] = 0x11
      put16(bytes, 10, chance.oneIn(6) ? chance.half() : sources)
      break
    }
    case 1:
      bytes = chance.bytes(chance.oneIn(3) ? chance.between(8, 11) : 8)
      bytes[0] = 0x11
      if (chance.oneIn(2)) bytes[1] = 0
      break
    case 2:
      bytes = chance.bytes(8)
      bytes[0] = chance.pick([0x12, 0x16, 0x17])
      break
    default: {
      const records = chance.between(1, 4)
      bytes = chance.bytes(8 + 8 * records)
      bytes[0] = 0x22
      put16(bytes, 6, chance.oneIn(6) ? chance.half() : records)
    }
  }
  if (bytes.length >= 8 && bytes[0] !== 0x22) bytes.set([group >>> 24, group >>> 16, group >>> 8, group], 4)
  const destination = chance.oneIn(2)
    ? 0xe0000001 | 0
    : chance.oneIn(2) && group !== 0
      ? group
      : destinationAddress(chance)
  const options = chance.oneIn(2) ? new Uint8Array([148, 4, 0, 0]) : undefined
  const ttl = chance.oneIn(4) ? chance.byte() : 1
  const parts = { destination, protocol: 2, payload: withIcmpChecksum(bytes), ttl }
  return ipv4Packet(chance, options === undefined ? parts : { ...parts, options })
}

/** Protocols of raw sockets, and any others. */
export function otherProtocol(chance: Chance): Uint8Array {
  const protocol = chance.oneIn(2) ? chance.below(256) : chance.pick(RAW_PROTOCOLS)
  return ipv4Packet(chance, { protocol, payload: chance.payload(1400) })
}
