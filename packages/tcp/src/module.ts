import {
  AF_INET,
  AF_INET6,
  EAFNOSUPPORT,
  EPROTONOSUPPORT,
  type Forwarder,
  type Host,
  IPPROTO_TCP,
  SOCK_STREAM,
  type SocketProvider,
  type StackModule,
} from '@jackfield/interfaces'
import { forwardCounters, transportSettings } from '@jackfield/transport'
import type { CongestionControl } from './congestion/congestion-control.js'
import { TcpProtocol } from './protocol.js'
import { tcpSysctls } from './settings.js'

/** What `tcp()` takes. */
export interface TcpModuleOptions {
  /** Congestion controls of one's own, besides `cubic`, `reno` and `bbr`. */
  congestionControls?: readonly CongestionControl[]
  /** Who is asked about connections to addresses and ports that no socket is there for. `sockets.setForwarder` gives descriptors. */
  forwarder?: Forwarder
}

/** TCP with its stream sockets. */
export function tcp(options: TcpModuleOptions = {}): StackModule<'network', 'tcp'> {
  return {
    name: 'tcp',
    provides: ['tcp'],
    needs: ['network'],
    install(host) {
      transportSettings(host)
      const protocol = new TcpProtocol(host)
      for (const control of options.congestionControls ?? []) protocol.registry.register(control)
      host.addTransport(protocol)
      host.addSettings(tcpSysctls(protocol.settings, protocol.registry))
      host.addSettings([protocol.fastOpen.setting()])
      host.addCounters(protocol.counters)
      host.addCounters(forwardCounters(protocol.forwards, 'TcpExt'))
      if (options.forwarder !== undefined) protocol.setForwarder(options.forwarder)
      host.onClose(() => protocol.close())
      for (const family of [AF_INET, AF_INET6]) host.addSocketProvider(providerOf(host, protocol, family))
    },
  }
}

function providerOf(host: Host, protocol: TcpProtocol, family: number): SocketProvider {
  return {
    family,
    type: SOCK_STREAM,
    protocol: IPPROTO_TCP,
    isDefault: true,
    create(number) {
      if (number !== 0 && number !== IPPROTO_TCP) return -EPROTONOSUPPORT
      if (host.network(family === AF_INET6 ? 6 : 4) === undefined) return -EAFNOSUPPORT
      return protocol.createConnection(family)
    },
    setForwarder: (forwarder) => protocol.setForwarder(forwarder),
  }
}
