import type { Chance } from '../chance.js'
import { icmpError } from '../corpus/errors.js'
import { fragments } from '../corpus/fragments.js'
import { arpFrame, ipv4Frame } from '../corpus/frames.js'
import { mutated } from '../corpus/mutate.js'
import { tcpInput } from '../corpus/tcp.js'
import { icmpQuery, igmpPacket, otherProtocol, udpBurst, udpLitePacket, udpPacket } from '../corpus/transports.js'
import { type Frame, type FrameGenerator, FuzzedHost } from '../host/fuzzed-host.js'
import type { Target } from '../subject.js'

/** One of the protocols at random. */
function anyPacket(chance: Chance, host: FuzzedHost): Uint8Array {
  switch (chance.below(12)) {
    case 0:
    case 1:
    case 2:
      return udpPacket(chance)
    case 3:
      return udpLitePacket(chance)
    case 4:
    case 5:
      return icmpQuery(chance)
    case 6:
    case 7:
      return icmpError(chance, host.tun.sent)
    case 8:
      return igmpPacket(chance)
    case 9:
      return otherProtocol(chance)
    case 10:
      return fragments(chance)[0] ?? chance.payload(60)
    default:
      return host.tun.sent.length > 0 ? chance.pick(host.tun.sent) : udpPacket(chance)
  }
}

/** As it is in a third of the cases; changed in most; now and then nothing but noise. */
function spoilt(chance: Chance, bytes: Uint8Array, at: number, other: () => Uint8Array): Uint8Array {
  if (chance.oneIn(40)) return chance.payload(200)
  return chance.oneIn(3) ? bytes : mutated(chance, bytes, at, other)
}

/** Packets on the IP device, or at times on the other, spoilt or not. */
function onDevices(make: (chance: Chance, host: FuzzedHost) => readonly Uint8Array[]): FrameGenerator {
  return (chance, host) => {
    const device = chance.oneIn(6) ? 'eth0' : 'tun0'
    return make(chance, host).map((packet): Frame => {
      const bytes = spoilt(chance, packet, 0, () => anyPacket(chance, host))
      return { device, bytes: device === 'eth0' ? ipv4Frame(chance, bytes) : bytes }
    })
  }
}

const ip = onDevices((chance, host) => (chance.oneIn(8) ? udpBurst(chance) : [anyPacket(chance, host)]))
const errors = onDevices((chance, host) => [icmpError(chance, chance.oneIn(2) ? host.tun.sent : host.ethernet.sent)])
const segments = onDevices((chance, host) => {
  host.streams = true
  return tcpInput(chance, host.tun.sent)
})
const groups = onDevices((chance) => [igmpPacket(chance)])

/** Fragments come in whole sets, of which only a few are spoilt. */
const pieces: FrameGenerator = (chance, host) => {
  const device = chance.oneIn(6) ? 'eth0' : 'tun0'
  return fragments(chance).map((piece): Frame => {
    const bytes = chance.oneIn(12) ? spoilt(chance, piece, 0, () => anyPacket(chance, host)) : piece
    return { device, bytes: device === 'eth0' ? ipv4Frame(chance, bytes) : bytes }
  })
}

const frames: FrameGenerator = (chance, host) => {
  const arp = chance.oneIn(2)
  const frame = arp ? arpFrame(chance, host.ethernet.asked) : ipv4Frame(chance, anyPacket(chance, host))
  return [{ device: 'eth0', bytes: spoilt(chance, frame, 14, () => ipv4Frame(chance, anyPacket(chance, host))) }]
}

/** A driver with offloads, whose word for checksums and segments is not to be trusted. */
const offloads: FrameGenerator = (chance, host) => {
  const device = chance.oneIn(3) ? 'eth0' : 'tun0'
  const packets = chance.oneIn(3) ? udpBurst(chance) : [anyPacket(chance, host)]
  return packets.map((packet): Frame => {
    const spoiltPacket = spoilt(chance, packet, 0, () => anyPacket(chance, host))
    const bytes = device === 'eth0' ? ipv4Frame(chance, spoiltPacket) : spoiltPacket
    return { device, bytes, vnet: vnetHeader(chance, device === 'eth0' ? 14 : 0) }
  })
}

/** `struct virtio_net_hdr`, little-endian: true to a UDP packet in many cases. */
function vnetHeader(chance: Chance, networkOffset: number): Uint8Array {
  const bytes = new Uint8Array(10)
  const view = new DataView(bytes.buffer)
  bytes[0] = chance.oneIn(8) ? chance.byte() : chance.below(3)
  bytes[1] = chance.oneIn(8) ? chance.byte() : chance.pick([0, 0, 5, 5, 1])
  view.setUint16(2, chance.half(), true)
  view.setUint16(4, chance.oneIn(3) ? chance.half() : chance.between(1, 600), true)
  view.setUint16(6, chance.oneIn(4) ? chance.half() : networkOffset + 20, true)
  view.setUint16(8, chance.oneIn(4) ? chance.half() : chance.pick([6, 6, 2]), true)
  return bytes
}

function hostTarget(name: string, share: number, generate: FrameGenerator): Target {
  return { name, share, create: (chance) => new FuzzedHost(chance, generate) }
}

/** Whole hosts, by what comes in. */
export const HOST_TARGETS: readonly Target[] = [
  hostTarget('ip', 6, ip),
  hostTarget('fragments', 2, pieces),
  hostTarget('errors', 2, errors),
  hostTarget('tcp', 4, segments),
  hostTarget('groups', 1, groups),
  hostTarget('ethernet', 3, frames),
  hostTarget('offloads', 2, offloads),
]
