import type { IpAddress } from '@jackfield/addr'
import type { ControlMessages, Host, NetworkHeader, NetworkLayer, StackModule } from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import { createIcmpCounters, IcmpTypeCounters } from './counters.js'
import { Icmpv4 } from './icmpv4/icmpv4.js'
import { type IcmpOptions, IcmpSettings } from './settings.js'

/**
 * ICMP for a stack: answers echo and timestamp requests, sends the network layers' errors, and gives the errors that
 * come in to the transport whose packet they quote. TypeError for options that are not true or false.
 */
export function icmp(options: IcmpOptions = {}): StackModule<'network', 'icmp'> {
  const settings = new IcmpSettings(options)
  return {
    name: 'icmp',
    provides: ['icmp'],
    needs: ['network'],
    install(host) {
      install(host, settings)
    },
  }
}

function install(host: Host, settings: IcmpSettings): void {
  const counters = createIcmpCounters()
  const types = new IcmpTypeCounters()
  host.addSettings(settings.list())
  host.addCounters(counters)
  host.addCounters(types.group)
  const errors = new Errors()
  host.eachNetwork((network) => {
    if (network.version !== 4) return
    const v4 = new Icmpv4(host, network, settings, counters, types)
    network.attach(v4.protocol, v4)
    errors.v4 = v4
  })
  host.setControl(errors)
}

/** Each network layer's errors go out as its own version of ICMP has them. */
class Errors implements ControlMessages {
  v4: Icmpv4 | null = null

  sendError(
    network: NetworkLayer,
    packet: Packet,
    header: NetworkHeader,
    kind: number,
    info: number,
    gateway: IpAddress | null,
  ): boolean {
    if (network.version !== 4 || this.v4 === null) return false
    return this.v4.sendError(packet, header, kind, info, gateway)
  }
}
