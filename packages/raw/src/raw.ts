import {
  AF_INET,
  AF_PACKET,
  ANY_PROTOCOL,
  EAFNOSUPPORT,
  EINVAL,
  EPROTONOSUPPORT,
  type Host,
  IPPROTO_ICMP,
  SOCK_DGRAM,
  SOCK_RAW,
  type StackModule,
} from '@jackfield/interfaces'
import { createRawCounters } from './counters.js'
import { PacketAddressFamily } from './packet-address.js'
import { PacketSocket } from './packet-socket.js'
import { PacketSockets } from './packet-sockets.js'
import { PingSocket } from './ping-socket.js'
import { PingTable } from './ping-table.js'
import { RawSocket } from './raw-socket.js'

/** Raw sockets (`AF_INET`), ICMP datagram sockets and packet sockets (`AF_PACKET`) for a stack. */
export function raw(): StackModule<'network', 'raw'> {
  return { name: 'raw', provides: ['raw'], needs: ['network'], install }
}

function install(host: Host): void {
  const counters = createRawCounters()
  const pings = new PingTable(host)
  const packets = new PacketSockets(host)
  host.addCounters(counters)
  host.addAddressFamily(new PacketAddressFamily(host))
  host.addSocketProvider({
    family: AF_INET,
    type: SOCK_RAW,
    protocol: ANY_PROTOCOL,
    isDefault: false,
    create(protocol) {
      if (!isByte(protocol)) return -EINVAL
      if (protocol === 0) return -EPROTONOSUPPORT
      const network = host.network(4)
      return network === undefined ? -EAFNOSUPPORT : new RawSocket(host, network, AF_INET, protocol, counters)
    },
  })
  host.addSocketProvider({
    family: AF_INET,
    type: SOCK_DGRAM,
    protocol: IPPROTO_ICMP,
    isDefault: false,
    create: () => (host.network(4) === undefined ? -EAFNOSUPPORT : new PingSocket(host, pings, counters)),
  })
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

function isByte(protocol: number): boolean {
  return Number.isInteger(protocol) && protocol >= 0 && protocol <= 0xff
}
