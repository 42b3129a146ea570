import { IpAddress, type IpAddressSlot, Prefix, setSlot } from '@jackfield/addr'
import type { Packet, PacketPool } from '@jackfield/packet'
import { EACCES, ECONNREFUSED, EMSGSIZE } from '../errno.js'
import { IcmpReport } from '../icmp-report.js'
import * as contract from '../network.js'
import type { NetworkInterface } from '../network-interface.js'
import { ANY_PROTOCOL } from '../protocol-numbers.js'
import { IP_PMTUDISC_DO } from '../socket-constants.js'
import type { TransportLayer } from '../transport.js'
import { type ComplianceCase, demand, demandSame } from './case.js'

/** A transport packet that left, without its network header. */
export interface DepartedPacket {
  readonly source: string
  readonly destination: string
  readonly protocol: number
  readonly payload: Uint8Array
}

/** What the suite tests. Each case makes one and disposes of it. */
export interface NetworkLayerFixture {
  readonly network: contract.NetworkLayer
  /** Has the address `local` on a subnet with `neighbour`, and an MTU of at most 9000. */
  readonly interface: NetworkInterface
  /** Where all packets of the fixture come from. */
  readonly pool: PacketPool
  readonly local: string
  readonly neighbour: string
  /** A group that nobody joined. */
  readonly group: string
  /** An address with its subnet that can be added. */
  readonly unused: string
  /** Lets a packet come in by the interface. */
  arrive(from: string, to: string, protocol: number, payload: Uint8Array): void
  /** Lets deferred work run and gives what was sent since the last call, whole or as fragments; their packets are released. */
  departed(): readonly DepartedPacket[]
  /** Releases whatever is left. */
  dispose(): void
}

/** A number that IANA keeps for experiments (RFC 3692), so that no layer has its own idea of it. */
const PROTOCOL = 253

/** A transport that keeps count. */
class Recorder implements TransportLayer, contract.ControlMessages {
  readonly protocol = PROTOCOL
  readonly events: string[] = []
  answer: contract.Delivery = contract.DELIVERED
  /** Keeps the next packet instead of releasing it. */
  keep = false
  kept: Packet | null = null

  receive(packet: Packet, header: contract.NetworkHeader): contract.Delivery {
    this.events.push(`receive ${header.source} ${header.destination} ${header.protocol} ${packet.length}`)
    demandSame(packet.transportHeader, packet.start, 'transportHeader, where the window begins')
    demandSame(packet.networkHeader + header.headerLength, packet.start, 'networkHeader and the header length')
    demandSame(packet.interfaceIndex, header.interfaceIndex, 'the interface of packet and header')
    if (this.answer !== contract.DELIVERED) return this.answer
    if (this.keep) this.kept = packet
    else packet.release()
    return this.answer
  }

  burstEnd(): void {}

  error(report: IcmpReport): void {
    this.events.push(`error ${report.source} ${report.destination} ${report.protocol} ${report.errno}`)
    demand(report.packet !== null, 'a report comes with its packet')
    demand(report.packet.end - report.quoteTransport >= 8, 'at least 8 bytes of the quoted transport header are there')
  }

  sendError(
    _network: contract.NetworkLayer,
    packet: Packet,
    header: contract.NetworkHeader,
    kind: number,
    _info: number,
    _gateway: IpAddress | null,
  ): boolean {
    this.events.push(`refuse ${kind} to ${header.source}`)
    demand(packet.networkHeader >= 0 && packet.networkHeader < packet.end, 'networkHeader of a packet to be quoted')
    return true
  }
}

/** A view of a recorder that is a tap: it borrows. */
function tapOf(recorder: Recorder, taken: boolean): contract.ProtocolTap {
  return {
    receive(packet, header) {
      recorder.events.push(`tap ${header.protocol} ${packet.length}`)
      return taken
    },
    error(report) {
      recorder.events.push(`tap error ${report.protocol}`)
    },
  }
}

type Check = (fixture: NetworkLayerFixture, recorder: Recorder) => void

/**
 * What every `NetworkLayer` does for the transports on it, and for ICMP.
 * @param create makes a fresh fixture for each case
 */
export function networkLayerCompliance(create: () => NetworkLayerFixture): readonly ComplianceCase[] {
  const one = (name: string, check: Check): ComplianceCase => ({
    name,
    run() {
      const fixture = create()
      fixture.departed()
      const before = fixture.pool.outstanding
      const recorder = new Recorder()
      fixture.network.setControl(recorder)
      try {
        check(fixture, recorder)
        demandSame(fixture.pool.outstanding, before, 'packets that nobody released')
      } finally {
        fixture.dispose()
      }
    },
  })
  return [
    one('a packet for this host reaches its transport, the window at the transport header', (f, r) => {
      f.network.attach(PROTOCOL, r)
      f.arrive(f.neighbour, f.local, PROTOCOL, new Uint8Array(13))
      demandSame(r.events.join(), `receive ${f.neighbour} ${f.local} ${PROTOCOL} 13`, 'what was received')
    }),
    one('a protocol has one transport', (f, r) => {
      f.network.attach(PROTOCOL, r)
      let refused = false
      try {
        f.network.attach(PROTOCOL, new Recorder())
      } catch {
        refused = true
      }
      demand(refused, 'a second transport for a protocol is an error')
    }),
    one('taps of a protocol and of all see a packet before the transport, until they end', (f, r) => {
      f.network.attach(PROTOCOL, r)
      const untap = f.network.tap(PROTOCOL, tapOf(r, false))
      const untapAll = f.network.tap(ANY_PROTOCOL, tapOf(r, false))
      f.arrive(f.neighbour, f.local, PROTOCOL, new Uint8Array(8))
      untap()
      untapAll()
      f.arrive(f.neighbour, f.local, PROTOCOL, new Uint8Array(8))
      const receive = `receive ${f.neighbour} ${f.local} ${PROTOCOL} 8`
      demandSame(r.events.join(), `tap ${PROTOCOL} 8,tap ${PROTOCOL} 8,${receive},${receive}`, 'the order')
    }),
    one('where the transport answers UNREACHABLE, "port unreachable" is due, and the packet is released', (f, r) => {
      f.network.attach(PROTOCOL, r)
      r.answer = contract.UNREACHABLE
      f.arrive(f.neighbour, f.local, PROTOCOL, new Uint8Array(8))
      demandSame(r.events[1], `refuse ${contract.ERROR_PORT_UNREACHABLE} to ${f.neighbour}`, 'the error')
    }),
    one('without a transport "protocol unreachable" is due, unless a tap took the packet', (f, r) => {
      f.arrive(f.neighbour, f.local, PROTOCOL, new Uint8Array(8))
      demandSame(r.events.length, 1, 'errors')
      f.network.tap(PROTOCOL, tapOf(r, true))
      f.arrive(f.neighbour, f.local, PROTOCOL, new Uint8Array(8))
      demandSame(r.events.join(), `${r.events[0]},tap ${PROTOCOL} 8`, 'errors once a tap takes the packets')
    }),
    one('readHeader tells again what receive told', (f, r) => {
      f.network.attach(PROTOCOL, r)
      r.keep = true
      f.arrive(f.neighbour, f.local, PROTOCOL, new Uint8Array(8))
      demand(r.kept !== null, 'a packet came')
      const header = new contract.NetworkHeader()
      f.network.readHeader(r.kept, header)
      demandSame(`${header.source} ${header.destination}`, `${f.neighbour} ${f.local}`, 'addresses')
      demandSame(header.protocol, PROTOCOL, 'protocol')
      demandSame(header.version, f.network.version, 'version')
      demandSame(header.cast, contract.CAST_UNICAST, 'cast')
      demandSame(header.headerLength, r.kept.start - r.kept.networkHeader, 'header length')
      r.kept.release()
    }),
    one('a route to a neighbour leads out of the interface, from its address', (f) => {
      const route = routeTo(f, f.neighbour)
      demandSame(`${route.source}`, f.local, 'source')
      demandSame(route.interface, f.interface, 'interface')
      demandSame(`${route.nextHop}`, f.neighbour, 'next hop')
      demandSame(route.cast, contract.CAST_UNICAST, 'cast')
      demandSame(route.local, false, 'local')
      demand(route.valid && route.mtu > 0 && route.maxSegment >= route.mtu, 'valid, with an MTU')
      demandSame(routeTo(f, f.group).cast, contract.CAST_MULTICAST, 'cast of a group')
    }),
    one('send takes the packet and puts the addresses of the flow on it', (f) => {
      const flow = flowTo(f, f.neighbour)
      demandSame(f.network.send(f.pool.copyOf(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)), flow), 0, 'send')
      demand(flow.route?.valid === true, 'the route is kept on the flow')
      const [packet] = f.departed()
      demandSame(`${packet?.source} ${packet?.destination}`, `${f.local} ${f.neighbour}`, 'addresses')
      demandSame(packet?.protocol, PROTOCOL, 'protocol')
      demandSame(packet?.payload.join(), '1,2,3,4,5,6,7,8', 'payload')
    }),
    one('send takes up to maxPacketLength, header included, and no more', (f) => {
      const most = f.network.maxPacketLength - f.network.headerLength
      demandSame(f.network.send(f.pool.allocate(most), flowTo(f, f.neighbour)), 0, 'send of the most')
      f.departed()
      demandSame(f.network.send(f.pool.allocate(most + 1), flowTo(f, f.neighbour)), EMSGSIZE, 'send of one byte more')
      demandSame(f.departed().length, 0, 'packets sent')
    }),
    one('send refuses with EMSGSIZE what is too large and may not be fragmented, and takes it all the same', (f) => {
      const flow = flowTo(f, f.neighbour)
      flow.mtuDiscover = IP_PMTUDISC_DO
      demandSame(f.network.send(f.pool.allocate(f.interface.mtu), flow), EMSGSIZE, 'send')
      demandSame(f.departed().length, 0, 'packets sent')
    }),
    one('a broadcast needs allowBroadcast', (f) => {
      const broadcast = f.network.addresses().find((each) => each.broadcast !== null)?.broadcast
      if (broadcast === undefined || broadcast === null) return
      const flow = flowTo(f, `${broadcast}`)
      demandSame(f.network.send(f.pool.allocate(8), flow), EACCES, 'send without')
      flow.allowBroadcast = true
      demandSame(f.network.send(f.pool.allocate(8), flow), 0, 'send with')
      demandSame(f.departed().length, 1, 'packets sent')
    }),
    one('a datagram larger than the MTU leaves, in pieces that make it up where there are several', (f) => {
      const payload = Uint8Array.from({ length: f.interface.mtu * 2 }, (_, i) => i % 251)
      demandSame(f.network.send(f.pool.copyOf(payload), flowTo(f, f.neighbour)), 0, 'send')
      const pieces = f.departed()
      demand(
        pieces.every((each) => each.protocol === PROTOCOL),
        'all of them of the protocol',
      )
      const total = pieces.flatMap((each) => [...each.payload])
      demandSame(total.join(), payload.join(), 'what they make up')
    }),
    one('a packet for a group that no socket takes is released', (f, r) => {
      f.network.attach(PROTOCOL, r)
      r.answer = contract.UNREACHABLE
      f.network.setGroupFilter(r, f.interface, IpAddress.parse(f.group), 'exclude', [])
      f.arrive(f.neighbour, f.group, PROTOCOL, new Uint8Array(8))
      demandSame(r.events.filter((each) => each.startsWith('receive')).length, 1, 'packets received')
      f.network.setGroupFilter(r, f.interface, IpAddress.parse(f.group), 'include', [])
      f.departed()
    }),
    one('an error about a packet of this host reaches its taps and its transport', (f, r) => {
      f.network.attach(PROTOCOL, r)
      f.network.tap(PROTOCOL, tapOf(r, false))
      dispatch(f, f.local, f.neighbour, 8)
      const told = `tap error ${PROTOCOL},error ${f.local} ${f.neighbour} ${PROTOCOL} ${ECONNREFUSED}`
      demandSame(r.events.join(), told, 'what was told')
    }),
    one('an error whose quote is too short reaches nobody', (f, r) => {
      f.network.attach(PROTOCOL, r)
      for (let length = 0; length < 8; length++) dispatch(f, f.local, f.neighbour, length)
      demandSame(r.events.join(), '', 'what was told')
    }),
    one('an address is local while it is there, and its coming and going makes routes stale', (f) => {
      const prefix = Prefix.parse(f.unused)
      const route = routeTo(f, f.neighbour)
      demandSame(f.network.isLocal(prefix.address, 0), false, 'local before')
      f.network.addAddress(f.interface, prefix)
      demandSame(f.network.isLocal(prefix.address, 0), true, 'local then')
      demandSame(f.network.castOf(prefix.address, 0), contract.CAST_UNICAST, 'cast')
      demandSame(route.valid, false, 'the old route is valid')
      const addresses = f.network.addresses().map((each) => `${each.prefix}`)
      demand(addresses.includes(f.unused), 'the address is listed')
      const later = routeTo(f, f.neighbour)
      f.network.removeAddress(f.interface, prefix.address)
      demandSame(f.network.isLocal(prefix.address, 0), false, 'local after')
      demandSame(later.valid, false, 'the later route is valid')
    }),
    one('a group may be joined and left', (f) => {
      const owner = {}
      const group = IpAddress.parse(f.group)
      demandSame(f.network.setGroupFilter(owner, f.interface, group, 'exclude', []), 0, 'join')
      demandSame(f.network.setGroupFilter(owner, f.interface, group, 'include', []), 0, 'leave')
      demandSame(f.network.castOf(group, 0), contract.CAST_MULTICAST, 'cast')
      f.departed()
    }),
  ]
}

function routeTo(fixture: NetworkLayerFixture, destination: string): contract.Route {
  const query = contract.createRouteQuery(IpAddress.parse(destination))
  query.interface = fixture.interface.index
  const route = fixture.network.route(query)
  demand(typeof route !== 'number', `no route to ${destination}: error ${String(route)}`)
  return route
}

function flowTo(fixture: NetworkLayerFixture, destination: string): contract.NetworkFlow {
  const to = IpAddress.parse(destination)
  const any = to.version === 4 ? IpAddress.v4(0) : IpAddress.v6(0, 0, 0, 0)
  const flow = new contract.NetworkFlow(PROTOCOL, any, to)
  flow.interfaceIndex = fixture.interface.index
  return flow
}

/** An ICMP error that quotes a packet of `length` bytes of transport, sent from one address to another. */
function dispatch(fixture: NetworkLayerFixture, from: string, to: string, length: number): void {
  const { network, pool } = fixture
  const four = network.version === 4
  const packet = pool.allocate((four ? 20 : 40) + length)
  const { view, start } = packet
  packet.bytes.fill(0, start, packet.end)
  view.setUint8(start, four ? 0x45 : 0x60)
  view.setUint16(start + (four ? 2 : 4), four ? packet.length : length)
  view.setUint8(start + (four ? 9 : 6), PROTOCOL)
  view.setUint8(start + (four ? 8 : 7), 64)
  IpAddress.parse(from).writeTo(view, start + (four ? 12 : 8))
  IpAddress.parse(to).writeTo(view, start + (four ? 16 : 24))
  const report = new IcmpReport()
  report.version = network.version
  report.kind = contract.ERROR_PORT_UNREACHABLE
  report.errno = ECONNREFUSED
  setSlot(report.offender as IpAddressSlot, IpAddress.parse(to))
  report.interfaceIndex = fixture.interface.index
  report.packet = packet
  report.quoteStart = start
  network.dispatchError(report)
  packet.release()
}
