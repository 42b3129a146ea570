import type { IpAddress } from '@jackfield/addr'
import type { ControlMessages, Host, NetworkHeader, NetworkLayer, StackModule } from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import { createIcmpCounters } from './icmpv4/counters.js'
import { Icmpv4 } from './icmpv4/icmpv4.js'
import { createIcmp6Counters } from './icmpv6/counters.js'
import { Icmpv6 } from './icmpv6/icmpv6.js'
import { type IcmpOptions, IcmpSettings } from './settings.js'
import { IcmpTypeCounters } from './type-counters.js'

/**
 * ICMP for a stack, of the IP versions that it has: answers echo and timestamp requests, sends the network layers' errors, and gives
 * the errors that come in to the transport whose packet they quote. TypeError for options that are not true or false.
 */
export function icmp(options: IcmpOptions = {}): StackModule<'network', 'icmp'> {
  const settings = new IcmpSettings(options)
  return {
    name: 'icmp',
    provides: ['icmp'],
    needs: ['network'],
    install(host) {
      const errors = new Errors()
      host.eachNetwork((network) => {
        if (network.version === 4) errors.v4 = installIcmpv4(host, network, settings)
        else errors.v6 = installIcmpv6(host, network, settings)
      })
      host.setControl(errors)
    },
  }
}

function installIcmpv4(host: Host, network: NetworkLayer, settings: IcmpSettings): Icmpv4 {
  const counters = createIcmpCounters()
  const types = new IcmpTypeCounters('IcmpMsg')
  host.addSettings(settings.listIcmpv4())
  host.addCounters(counters)
  host.addCounters(types.group)
  const v4 = new Icmpv4(host, network, settings, counters, types)
  network.attach(v4.protocol, v4)
  return v4
}

function installIcmpv6(host: Host, network: NetworkLayer, settings: IcmpSettings): Icmpv6 {
  const counters = createIcmp6Counters()
  const types = new IcmpTypeCounters('Icmp6')
  host.addSettings(settings.listIcmpv6())
  host.addCounters(counters)
  host.addCounters(types.group)
  const v6 = new Icmpv6(host, network, settings, counters, types)
  network.attach(v6.protocol, v6)
  return v6
}

/** Each network layer's errors go out as its own version of ICMP has them. */
class Errors implements ControlMessages {
  v4: Icmpv4 | null = null
  v6: Icmpv6 | null = null

  sendError(
    network: NetworkLayer,
    packet: Packet,
    header: NetworkHeader,
    kind: number,
    info: number,
    gateway: IpAddress | null,
  ): boolean {
    if (network.version === 6) return this.v6?.sendError(packet, header, kind, info) === true
    return this.v4?.sendError(packet, header, kind, info, gateway) === true
  }

  countSent(network: NetworkLayer, type: number): void {
    if (network.version === 6) this.v6?.countSent(type)
    else this.v4?.countSent(type)
  }
}
