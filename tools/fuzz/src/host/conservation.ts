import type { Given, Witness } from './witness.js'

type Counters = Readonly<Record<string, number>>

/** What a host was given, beside what it counts. */
export interface Ledger {
  readonly counters: Counters
  readonly witness: Witness
  /** Frames given to the devices, by their medium. */
  readonly ipFrames: number
  readonly ethernetFrames: number
  /** Frames that VLAN devices dropped. */
  readonly vlanDrops: number
  /** Packets that came round by the loopback device. */
  readonly loopbackFrames: number
  /** Whether datagrams are merged, so that several count as one above the link. */
  readonly merging: boolean
  /** Whether the driver lies about how many segments a packet has. */
  readonly lyingDriver: boolean
  /** Whether all receive queues are empty. */
  readonly drained: boolean
  readonly sockets: number
}

/** Every packet is somewhere: passed on, or dropped under a name. Throws with the sum that does not hold. */
export function checkConservation(ledger: Ledger): void {
  checkLinks(ledger)
  checkIpv4(ledger)
  if (ledger.lyingDriver) return
  checkIcmp(ledger)
  checkTcp(ledger)
  if (!ledger.drained || ledger.merging) return
  checkUdp(ledger, 'Udp', ledger.witness.udp)
  checkUdp(ledger, 'UdpLite', ledger.witness.udpLite)
}

function checkLinks(ledger: Ledger): void {
  const { counters, witness } = ledger
  const sum = (...names: string[]) => names.reduce((total, name) => total + read(counters, name), 0)
  const ethernet = witness.passed('eth0') + witness.passed('eth0.7')
  const above = ethernet + witness.passed('tun0') + witness.passed('lo')
  const dropped = sum(
    'LinkInDown',
    'LinkInUnknownVersion',
    'EthInRuntFrames',
    'EthInOtherHost',
    'EthInLengthFrames',
    'EthInUnknownVlan',
  )
  const given = ledger.ipFrames + ledger.ethernetFrames + ledger.loopbackFrames
  equal('frames in = frames up + link drops', given, above + dropped + ledger.vlanDrops)
  // Above the taps ARP, IPv4, and what nobody speaks part ways.
  const arp = sum('ArpInRequests', 'ArpInReplies', 'ArpInErrors', 'ArpInIgnored')
  const received = read(counters, 'IpInReceives')
  const own = read(counters, 'IpExtOutMcastPkts') + read(counters, 'IpExtOutBcastPkts')
  const unknown = read(counters, 'LinkInUnknownProtocol')
  atMost('frames up <= ARP + IPv4 + unknown protocols', ledger.merging ? 0 : above, arp + received + unknown)
  atMost('IPv4 packets <= frames up + own multicasts', received, above + own)
}

function checkIpv4(ledger: Ledger): void {
  const { counters } = ledger
  const fates = [
    'IpExtInOtherHost',
    'IpExtInTruncatedPkts',
    'IpInHdrErrors',
    'IpExtInMcastNotMember',
    'IpInAddrErrors',
    'TcpExtIPReversePathFilter',
    'IpExtInMartianSrc',
    'IpExtInMartianDst',
    'IpInDelivers',
    'IpInUnknownProtos',
    'IpInDiscards',
    'IpExtInBlackhole',
    'IpExtInNoRoutes',
    'IpForwDatagrams',
    'IpReasmReqds',
  ]
  const known = fates.reduce((total, name) => total + read(counters, name), 0) - read(counters, 'IpReasmOKs')
  const received = read(counters, 'IpInReceives')
  // A forwarded packet that must not be fragmented shares its counter with this host's own.
  atMost('IPv4 fates <= packets received', known, received)
  atMost('IPv4 packets received <= fates + IpFragFails', received, known + read(counters, 'IpFragFails'))
}

function checkIcmp(ledger: Ledger): void {
  const { counters, witness } = ledger
  const messages = read(counters, 'IcmpInMsgs')
  equal('ICMP messages = those given', messages, witness.icmp.unicast + witness.icmp.many)
  let byType = 0
  for (const [name, count] of Object.entries(counters)) if (name.startsWith('IcmpMsgInType')) byType += count
  atMost('ICMP messages by type + bad checksums <= messages', byType + read(counters, 'IcmpInCsumErrors'), messages)
  atMost('ICMP messages <= by type + errors', messages, byType + read(counters, 'IcmpInErrors'))
}

function checkTcp({ counters, witness }: Ledger): void {
  const segments = read(counters, 'TcpInSegs')
  equal('TCP segments = those given', segments, witness.tcp.unicast + witness.tcp.many)
  atMost('bad TCP checksums <= TCP errors', read(counters, 'TcpInCsumErrors'), read(counters, 'TcpInErrs'))
  atMost('TCP errors <= segments', read(counters, 'TcpInErrs'), segments)
}

function checkUdp(ledger: Ledger, prefix: string, given: Given): void {
  const names = ['InDatagrams', 'NoPorts', 'InErrors', 'IgnoredMulti']
  const ends = names.reduce((total, name) => total + read(ledger.counters, prefix + name), 0)
  atMost(`${prefix} datagrams given <= read + dropped`, given.unicast + given.many, ends)
  atMost(
    `${prefix} datagrams read + dropped <= given`,
    ends,
    given.unicast + (given.many + given.segments) * ledger.sockets,
  )
}

function read(counters: Counters, name: string): number {
  const value = counters[name]
  if (value === undefined) throw new Error(`the host has no counter ${name}`)
  return value
}

function equal(what: string, left: number, right: number): void {
  if (left !== right) throw new Error(`${what} does not hold: ${left} is not ${right}`)
}

function atMost(what: string, left: number, right: number): void {
  if (left > right) throw new Error(`${what} does not hold: ${left} is above ${right}`)
}
