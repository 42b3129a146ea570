import {
  AF_PACKET,
  ANY_PROTOCOL,
  EAFNOSUPPORT,
  EINVAL,
  EPROTONOSUPPORT,
  type Host,
  SOCK_DGRAM,
  SOCK_RAW,
  type StackModule,
} from '@jackfield/interfaces'
import { createRawCounters, type RawCounters } from './counters.js'
import { type EchoProtocol, ICMP_ECHO_PROTOCOL, ICMPV6_ECHO_PROTOCOL } from './echo-protocol.js'
import { PacketAddressFamily } from './packet-address.js'
import { PacketSocket } from './packet-socket.js'
import { PacketSockets } from './packet-sockets.js'
import { PingSocket } from './ping-socket.js'
import { PingTable } from './ping-table.js'
import { RawSocket } from './raw-socket.js'

/** Raw sockets and ICMP datagram sockets (`AF_INET`, `AF_INET6`) and packet sockets (`AF_PACKET`) for a stack. */
export function raw(): StackModule<'network', 'raw'> {
  return { name: 'raw', provides: ['raw'], needs: ['network'], install }
}

function install(host: Host): void {
  const counters = createRawCounters()
  const packets = new PacketSockets(host)
  host.addCounters(counters)
  host.addAddressFamily(new PacketAddressFamily(host))
  for (const echo of [ICMP_ECHO_PROTOCOL, ICMPV6_ECHO_PROTOCOL]) addVersion(host, echo, counters)
  for (const type of [SOCK_RAW, SOCK_DGRAM]) {
    host.addSocketProvider({
      family: AF_PACKET,
      type,
      protocol: ANY_PROTOCOL,
      isDefault: true,
      create: (protocol) =>
        Number.isInteger(protocol) && protocol >= 0 && protocol <= 0xffff
          ? new PacketSocket(host, packets, type, protocol, counters)
          : -EINVAL,
    })
  }
}

/** The raw and ICMP datagram sockets of one IP version. */
function addVersion(host: Host, echo: EchoProtocol, counters: RawCounters): void {
  const { family, version } = echo
  const pings = new PingTable(host, echo)
  host.addSocketProvider({
    family,
    type: SOCK_RAW,
    protocol: ANY_PROTOCOL,
    isDefault: false,
    create(protocol) {
      if (!isByte(protocol)) return -EINVAL
      if (protocol === 0) return -EPROTONOSUPPORT
      const network = host.network(version)
      return network === undefined ? -EAFNOSUPPORT : new RawSocket(host, network, family, protocol, counters)
    },
  })
  host.addSocketProvider({
    family,
    type: SOCK_DGRAM,
    protocol: echo.protocol,
    isDefault: false,
    create: () => (host.network(version) === undefined ? -EAFNOSUPPORT : new PingSocket(host, pings, counters)),
  })
}

function isByte(protocol: number): boolean {
  return Number.isInteger(protocol) && protocol >= 0 && protocol <= 0xff
}
