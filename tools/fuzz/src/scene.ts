import type { Chance } from './chance.js'

/** An IPv4 address as a signed word. */
export function ipv4Word(text: string): number {
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number)
  return (a << 24) | (b << 16) | (c << 8) | d
}

/** How a word is written for people and socket calls. */
export function ipv4Text(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`
}

/** The host under test: its devices, addresses, groups and ports, which generators aim at. */
export const TUN_ADDRESS = '10.2.0.1'
export const ETHERNET_ADDRESS = '10.1.0.1'
export const VLAN_ADDRESS = '10.3.0.1'
export const VLAN_ID = 7
export const HOST_MAC: readonly number[] = [0x02, 0, 0, 0, 0, 0x01]

export const GROUPS = ['239.1.1.1', '239.1.1.2', '232.1.1.1', '224.0.0.251'] as const
export const SOURCES = ['10.1.0.9', '10.2.0.9', '192.0.2.9'] as const
/** Ports that the host's sockets are bound to. */
export const PORTS = [5000, 5001, 5002, 5003, 5004, 5005, 5006, 5007] as const
export const LITE_PORTS = [6000, 6001] as const
/** Ports on which the host listens: plainly, deferring, with Fast Open, with small windows, with a full queue. */
export const TCP_PORTS = [7000, 7001, 7002, 7003, 7004] as const
/** Peers' ports. */
export const PEER_PORTS = [7, 9, 53, 4000, 4001] as const
/** Identifiers of ICMP datagram sockets. */
export const PING_IDS = [77, 78] as const
/** The protocol of a raw socket, of none of the transports. */
export const RAW_PROTOCOLS = [89, 253, 1] as const

const OWN = [TUN_ADDRESS, ETHERNET_ADDRESS, VLAN_ADDRESS].map(ipv4Word)
const NEIGHBORS = ['10.2.0.2', '10.2.0.9', '10.1.0.2', '10.1.0.9', '10.3.0.2'].map(ipv4Word)
const FAR = ['192.0.2.9', '198.51.100.1', '203.0.113.77', '8.8.8.8', '198.18.0.1', '198.18.1.1'].map(ipv4Word)
const MANY = ['255.255.255.255', '10.1.0.255', '10.2.0.255', '10.1.0.0', '224.0.0.1', '224.0.0.22', ...GROUPS].map(
  ipv4Word,
)
const ODD = ['0.0.0.0', '127.0.0.1', '127.255.255.255', '240.0.0.1', '169.254.1.1', '0.0.0.5', '224.0.0.0'].map(
  ipv4Word,
)

/** Where a packet says that it is from: mostly a neighbour or a far host. */
export function sourceAddress(chance: Chance): number {
  const kind = chance.below(24)
  if (kind < 12) return chance.pick(NEIGHBORS)
  if (kind < 19) return chance.pick(FAR)
  if (kind === 19) return chance.pick(OWN)
  if (kind === 20) return chance.pick(MANY)
  if (kind === 21) return chance.pick(ODD)
  if (kind === 22) return (ipv4Word('10.1.0.0') + chance.below(256)) | 0
  return chance.word()
}

/** Where a packet goes: mostly this host, often on through it, at times to many. */
export function destinationAddress(chance: Chance): number {
  const kind = chance.below(24)
  if (kind < 11) return chance.pick(OWN)
  if (kind < 15) return chance.pick(MANY)
  if (kind < 18) return chance.pick(FAR)
  if (kind < 20) return chance.pick(NEIGHBORS)
  if (kind === 20) return chance.pick(ODD)
  if (kind < 23) return (ipv4Word('10.1.0.0') + chance.below(0x30000)) | 0
  return chance.word()
}

/** An address of the host. */
export function ownAddress(chance: Chance): number {
  return chance.pick(OWN)
}

export function groupAddress(chance: Chance): number {
  return chance.oneIn(6) ? 0xe0000000 | (chance.word() & 0x0fffffff) | 0 : ipv4Word(chance.pick(GROUPS))
}

export function localPort(chance: Chance): number {
  const kind = chance.below(10)
  if (kind < 6) return chance.pick(PORTS)
  if (kind < 8) return chance.pick(LITE_PORTS)
  return kind === 8 ? chance.pick(PEER_PORTS) : chance.half()
}

export function remotePort(chance: Chance): number {
  return chance.oneIn(5) ? chance.half() : chance.pick(PEER_PORTS)
}
