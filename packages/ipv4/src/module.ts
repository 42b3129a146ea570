import type { Host, StackModule } from '@jackfield/interfaces'
import { inetFamily } from './address-family.js'
import { Ipv4Layer, type Ipv4Options } from './layer.js'

/** IPv4 for a stack: `createStack({ clock, random }).with(ipv4())`. RangeError where an option is out of its bounds. */
export function ipv4(options: Ipv4Options = {}): StackModule<never, 'ipv4' | 'network'> {
  return {
    name: 'ipv4',
    provides: ['ipv4', 'network'],
    needs: [],
    install(host: Host): void {
      const layer = new Ipv4Layer(host, options)
      host.addAddressFamily(inetFamily)
      host.addCounters(layer.counters)
      host.addCounters(layer.rateCounters)
      host.addCounters(layer.igmp.counters)
      host.addSettings(layer.settings)
      host.addSettings(layer.igmp.settings())
      host.addInterfaceSettings((of) => layer.configurations.settings(of))
      host.addInterfaceSettings((of) => layer.igmp.interfaceSettings(of))
      host.addNetwork(layer)
      host.onClose(() => layer.close())
    },
  }
}
