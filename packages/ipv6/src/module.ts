import type { Host, StackModule } from '@jackfield/interfaces'
import { inet6Family } from './address-family.js'
import { Ipv6Layer, type Ipv6Options } from './layer.js'

/** IPv6 for a stack: `createStack({ clock, random }).with(ipv6())`. RangeError where an option is out of its bounds. */
export function ipv6(options: Ipv6Options = {}): StackModule<never, 'ipv6' | 'network'> {
  return {
    name: 'ipv6',
    provides: ['ipv6', 'network'],
    needs: [],
    install(host: Host): void {
      const layer = new Ipv6Layer(host, options)
      host.addAddressFamily(inet6Family(host))
      host.addCounters(layer.counters)
      host.addCounters(layer.rateCounters)
      host.addSettings(layer.settings)
      host.addInterfaceSettings((of) => layer.configurations.settings(of))
      host.addNetwork(layer)
      host.onClose(() => layer.close())
    },
  }
}
