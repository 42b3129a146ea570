import { type IpAddress, isLinkLocal } from '@jackfield/addr'
import { integerSetting, type NetworkInterface, type Setting } from '@jackfield/interfaces'
import { IPV6_MIN_MTU } from './wire/header.js'

/** The per-interface settings, `net.ipv6.conf.NAME.*`. Flags are 0 or 1. */
export class InterfaceConfiguration {
  /** The host is a router: of `all`, whether it forwards at all; of an interface, whether it behaves as a router there. */
  forwarding = 0
  /** Hop limit of packets whose socket has none of its own. A router's advertisement may set it. */
  hop_limit = 64
  /** What IPv6 takes of the link's MTU, in bytes; 0: all of it. A router's advertisement may set it. */
  mtu = 0
  /** No IPv6 here: addresses go, and nothing is taken in or sent. */
  disable_ipv6 = 0
  /** ICMPv6 redirects are believed (by a host; a router believes none). */
  accept_redirects = 1
  /**
   * 0: no temporary addresses are made, 1: they may be had, 2: they come before others (RFC 6724 5, rule 7); -1: no more are
   * made, as too many were duplicates.
   */
  use_tempaddr = 0
  /**
   * How addresses are made: 0 from the hardware address (RFC 4291), 1 so, but no link-local one, 2 from `stable_secret` (RFC 7217), 3 the
   * same with a secret that is made up.
   */
  addr_gen_mode = 0
  /** Unicast packets that the link layer sent to many are dropped. */
  drop_unicast_in_l2_multicast = 0
  /**
   * For gateways: unicast packets for whatever address, other than link-local ones, that come in by this interface are this host's
   * and are not forwarded; its sockets may send from any address. Not a Linux setting, as `net.ipv4.conf.*` has it.
   */
  accept_any_destination = 0
}

export type ConfigurationKey = keyof InterfaceConfiguration

/** Bounds of each setting, in the order in which they are listed. */
const BOUNDS: Readonly<Record<ConfigurationKey, readonly [number, number]>> = {
  forwarding: [0, 1],
  hop_limit: [1, 255],
  mtu: [0, 65_535],
  disable_ipv6: [0, 1],
  accept_redirects: [0, 1],
  use_tempaddr: [-1, 2],
  addr_gen_mode: [0, 3],
  drop_unicast_in_l2_multicast: [0, 1],
  accept_any_destination: [0, 1],
}

/** Those that `all` gives to every interface. */
const FOR_ALL: readonly ConfigurationKey[] = ['forwarding', 'disable_ipv6', 'accept_any_destination']

/** Told when a setting of an interface changed. */
export type ConfigurationChanged = (interfaceIndex: number, key: ConfigurationKey) => void

/** `conf.all`, `conf.default` and those of each interface, as Linux combines them. */
export class Configurations {
  readonly all: InterfaceConfiguration = new InterfaceConfiguration()
  readonly default: InterfaceConfiguration = new InterfaceConfiguration()
  private readonly byIndex: (InterfaceConfiguration | undefined)[] = []
  private readonly changed: ConfigurationChanged

  /** @param changed called whenever a value of an interface changed, with its index */
  constructor(changed: ConfigurationChanged) {
    this.changed = changed
  }

  /** Of one interface; made from `default` when first asked for. */
  of(index: number): InterfaceConfiguration {
    return this.byIndex[index] ?? this.create(index)
  }

  remove(index: number): void {
    delete this.byIndex[index]
  }

  /** Whether packets for others are sent on: `conf.all.forwarding`, as in Linux. */
  get forwards(): boolean {
    return this.all.forwarding === 1
  }

  /** Whether any interface has `accept_any_destination`. */
  get acceptsAny(): boolean {
    return this.byIndex.some((each) => each?.accept_any_destination === 1)
  }

  /** Whether a unicast packet to an address that is not this host's is taken all the same: `accept_any_destination`. */
  accepts(index: number, destination: IpAddress): boolean {
    if (destination.isMulticast || destination.isUnspecified || isLinkLocal(destination)) return false
    return this.of(index).accept_any_destination === 1
  }

  /** Whether IPv6 is off on an interface. */
  disabled(index: number): boolean {
    return (this.of(index).disable_ipv6 | this.all.disable_ipv6) === 1
  }

  /** Whether redirects that come in by an interface are believed: never by a router (RFC 4861 8.3). */
  acceptRedirects(index: number): boolean {
    const own = this.of(index)
    return own.forwarding === 0 && own.accept_redirects === 1
  }

  /** Changes a value of an interface, as a router's advertisement does, and says so. */
  set(index: number, key: ConfigurationKey, value: number): void {
    if (this.of(index)[key] !== value) this.renew(index, key, value)
  }

  /** Changes a value of every interface, and of those to come. */
  setAll(key: ConfigurationKey, value: number): void {
    this.default[key] = value
    for (const index of this.byIndex.keys()) if (this.byIndex[index] !== undefined) this.renew(index, key, value)
  }

  /** Sets a value of an interface, and has it acted on though it may be the same: what it stands for has changed. */
  renew(index: number, key: ConfigurationKey, value: number): void {
    this.of(index)[key] = value
    this.changed(index, key)
  }

  /** For `Host.addInterfaceSettings`. */
  settings(of: NetworkInterface | 'all' | 'default'): readonly Setting[] {
    const name = typeof of === 'string' ? of : of.name
    const target = of === 'all' ? this.all : of === 'default' ? this.default : this.of(of.index)
    return (Object.keys(BOUNDS) as ConfigurationKey[])
      .filter((key) => of !== 'all' || FOR_ALL.includes(key))
      .map((key) => {
        const [low, high] = BOUNDS[key]
        const minimum = key === 'mtu' && typeof of !== 'string' ? IPV6_MIN_MTU : low
        return integerSetting(
          `net.ipv6.conf.${name}.${key}`,
          minimum,
          high,
          () => (key === 'mtu' && typeof of !== 'string' && target.mtu === 0 ? of.mtu : target[key]),
          (value) => {
            if (of === 'all') this.setEverywhere(key, value)
            else if (of === 'default') target[key] = value
            else this.set(of.index, key, value)
          },
        )
      })
  }

  /** What `all` has a meaning for it gives to `default` and to every interface. */
  private setEverywhere(key: ConfigurationKey, value: number): void {
    this.all[key] = value
    this.setAll(key, value)
  }

  private create(index: number): InterfaceConfiguration {
    const made = Object.assign(new InterfaceConfiguration(), this.default)
    this.byIndex[index] = made
    return made
  }
}
