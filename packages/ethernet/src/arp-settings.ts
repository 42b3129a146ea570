import { fieldSetting, type NetworkInterface, type Setting } from '@jackfield/interfaces'

/** How ARP behaves on an interface: `net.ipv4.conf.NAME.*`, as Linux's `ip-sysctl` has them. */
export interface ArpSettings {
  /** Source of requests: 0 the waiting packet's, 1 the same if it is in the target's subnet, 2 the best for the target. */
  arp_announce: number
  /** Answers for: 0 any local address, 1 addresses of the interface, 2 the same to senders in their subnet. */
  arp_ignore: number
  /** Entries for neighbours that announce themselves: 0 none, 1 all, 2 those in a subnet of the interface. */
  arp_accept: number
  /** Whether addresses that are added are announced. Default 1 (RFC 5227 2.3), where Linux leaves that to others. */
  arp_notify: number
  /** Whether to answer for hosts that are reached by another interface (RFC 1027). */
  proxy_arp: number
}

type Name = keyof ArpSettings

const MAXIMUM: Readonly<ArpSettings> = { arp_announce: 2, arp_ignore: 2, arp_accept: 2, arp_notify: 1, proxy_arp: 1 }

function quiet(): ArpSettings {
  return { arp_announce: 0, arp_ignore: 0, arp_accept: 0, arp_notify: 0, proxy_arp: 0 }
}

/** The settings of all interfaces. What holds on one is the larger of its own value and that of `all`. */
export class ArpSettingsTable {
  readonly all: ArpSettings = quiet()
  /** What new interfaces begin with. */
  readonly initial: ArpSettings = { ...quiet(), arp_notify: 1 }
  private readonly byIndex = new Map<number, ArpSettings>()

  /** An interface's own values. */
  of(index: number): ArpSettings {
    let settings = this.byIndex.get(index)
    if (settings === undefined) {
      settings = { ...this.initial }
      this.byIndex.set(index, settings)
    }
    return settings
  }

  /** The value that holds. */
  effective(index: number, name: Name): number {
    return Math.max(this.all[name], this.of(index)[name])
  }

  remove(index: number): void {
    this.byIndex.delete(index)
  }

  /** The sysctls of an interface, of `all`, or of `default`. */
  sysctls(networkInterface: NetworkInterface | 'all' | 'default'): Setting[] {
    const name = typeof networkInterface === 'string' ? networkInterface : networkInterface.name
    const settings =
      networkInterface === 'all'
        ? this.all
        : networkInterface === 'default'
          ? this.initial
          : this.of(networkInterface.index)
    return (Object.keys(MAXIMUM) as Name[]).map((key) =>
      fieldSetting(`net.ipv4.conf.${name}.${key}`, 0, MAXIMUM[key], settings, key),
    )
  }
}
