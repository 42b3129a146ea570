import {
  AF_INET,
  AF_INET6,
  EAFNOSUPPORT,
  EPROTONOSUPPORT,
  type Forwarder,
  type Host,
  IPPROTO_UDP,
  IPPROTO_UDPLITE,
  SOCK_DGRAM,
  type SocketProvider,
  type StackModule,
} from '@jackfield/interfaces'
import { forwardCounters, MemoryPool, transportSettings } from '@jackfield/transport'
import { countersOf } from './counters.js'
import { memorySetting } from './settings.js'
import { UdpProtocol } from './udp-protocol.js'
import { UdpSocket } from './udp-socket.js'

/** What `udp()` takes. */
export interface UdpOptions {
  /** Whether the stack speaks UDP-Lite (RFC 3828) too. Default true. */
  lite?: boolean
  /** Who is asked about datagrams (UDP's) to addresses and ports that no socket is there for. `sockets.setForwarder` gives descriptors. */
  forwarder?: Forwarder
}

/** UDP, and UDP-Lite unless it is not wanted, with their datagram sockets. */
export function udp(options: UdpOptions = {}): StackModule<'network', 'udp'> {
  const { lite = true } = options
  return {
    name: 'udp',
    provides: ['udp'],
    needs: ['network'],
    install(host) {
      transportSettings(host)
      const memory = new MemoryPool(0)
      host.addSettings([memorySetting(memory)])
      const protocol = new UdpProtocol(host, IPPROTO_UDP, memory)
      addProtocol(host, protocol, 'Udp')
      if (options.forwarder !== undefined) protocol.setForwarder(options.forwarder)
      if (lite) addProtocol(host, new UdpProtocol(host, IPPROTO_UDPLITE, memory), 'UdpLite')
    },
  }
}

function addProtocol(host: Host, protocol: UdpProtocol, prefix: string): void {
  host.addTransport(protocol)
  host.onClose(() => protocol.close())
  host.addCounters(countersOf(protocol.counts, prefix))
  host.addCounters(forwardCounters(protocol.forwards, prefix))
  for (const family of [AF_INET, AF_INET6]) host.addSocketProvider(providerOf(host, protocol, family))
}

function providerOf(host: Host, udp: UdpProtocol, family: number): SocketProvider {
  return {
    family,
    type: SOCK_DGRAM,
    protocol: udp.protocol,
    isDefault: udp.protocol === IPPROTO_UDP,
    create(protocol) {
      if (protocol !== 0 && protocol !== udp.protocol) return -EPROTONOSUPPORT
      if (host.network(family === AF_INET6 ? 6 : 4) === undefined) return -EAFNOSUPPORT
      return new UdpSocket(udp, family)
    },
    setForwarder: (forwarder) => udp.setForwarder(forwarder),
  }
}
