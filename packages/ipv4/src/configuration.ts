import { integerSetting, type NetworkInterface, type Setting } from '@jackfield/interfaces'

/** The per-interface settings, `net.ipv4.conf.NAME.*`. Flags are 0 or 1. */
export class InterfaceConfiguration {
  /** Packets that come in by this interface may be forwarded. */
  forwarding = 0
  /** 0: no check of sources; 1: the source must be reached by the interface it came in by (RFC 3704 strict); 2: by any. */
  rp_filter = 0
  /** ICMP redirects are believed. */
  accept_redirects = 1
  /** ... only for gateways that a default route names. Counts where `shared_media` is 0. */
  secure_redirects = 1
  /** A router here tells hosts of better first hops. */
  send_redirects = 1
  /** Different IP subnets may share this medium, so that redirects may name a gateway of another one. */
  shared_media = 1
  /** Directed broadcasts are forwarded (RFC 2644 says not to). */
  bc_forwarding = 0
  /** Packets with one of this host's own addresses as source may come in. */
  accept_local = 0
  /** 127.0.0.0/8 may be used on this interface. */
  route_localnet = 0
  /**
   * Strong host model for received packets (RFC 1122 3.3.4.2): one for an address of another interface is not
   * accepted. Not a Linux setting; Linux is a weak host, as 0 is.
   */
  strong_host_receive = 0
  /**
   * For gateways: unicast packets for whatever address that come in by this interface are this host's, where no rule of
   * addresses says otherwise, and are not forwarded; its sockets may send from any address. Not a Linux setting: there a
   * rule and a `local` route do it (`ip rule add iif NAME lookup 100; ip route add local 0.0.0.0/0 dev lo table 100`).
   */
  accept_any_destination = 0
}

type Key = keyof InterfaceConfiguration

/** The greatest value of each setting, in the order in which they are listed. */
const MAXIMA: Readonly<Record<Key, number>> = {
  forwarding: 1,
  rp_filter: 2,
  accept_redirects: 1,
  secure_redirects: 1,
  send_redirects: 1,
  shared_media: 1,
  bc_forwarding: 1,
  accept_local: 1,
  route_localnet: 1,
  strong_host_receive: 1,
  accept_any_destination: 1,
}

/** `conf.all`, `conf.default` and those of each interface, combined as Linux does (`include/linux/inetdevice.h`). */
export class Configurations {
  readonly all: InterfaceConfiguration = new InterfaceConfiguration()
  readonly default: InterfaceConfiguration = new InterfaceConfiguration()
  private readonly byIndex: (InterfaceConfiguration | undefined)[] = []
  private readonly changed: () => void

  /** @param changed called whenever a value changed */
  constructor(changed: () => void) {
    this.changed = changed
  }

  /** Of one interface; made from `default` when first asked for. */
  of(index: number): InterfaceConfiguration {
    return this.byIndex[index] ?? this.create(index)
  }

  remove(index: number): void {
    delete this.byIndex[index]
  }

  /** `net.ipv4.ip_forward`: sets `forwarding` everywhere; a router believes no redirects (RFC 1812 5.2.7.2). */
  setForwarding(on: number): void {
    for (const each of [this.all, this.default, ...this.byIndex]) if (each !== undefined) each.forwarding = on
    this.all.accept_redirects = on === 1 ? 0 : 1
    this.changed()
  }

  forwarding(index: number): boolean {
    return this.of(index).forwarding === 1
  }

  /** The stricter of both. */
  reversePathFilter(index: number): number {
    const own = this.of(index).rp_filter
    return Math.max(own, this.all.rp_filter)
  }

  acceptRedirects(index: number): boolean {
    const own = this.of(index)
    if (own.forwarding === 1) return (own.accept_redirects & this.all.accept_redirects) === 1
    return (own.accept_redirects | this.all.accept_redirects) === 1
  }

  /** One of the flags that hold where `all` or the interface has it. */
  either(index: number, key: Exclude<Key, 'forwarding' | 'rp_filter' | 'accept_redirects' | 'bc_forwarding'>): boolean {
    return (this.of(index)[key] | this.all[key]) === 1
  }

  /** Whether any interface has `accept_any_destination`. */
  get acceptsAny(): boolean {
    if (this.all.accept_any_destination === 1) return true
    return this.byIndex.some((each) => each?.accept_any_destination === 1)
  }

  /** Holds only where both `all` and the interface have it. */
  broadcastForwarding(index: number): boolean {
    return (this.of(index).bc_forwarding & this.all.bc_forwarding) === 1
  }

  /** For `Host.addInterfaceSettings`. */
  settings(of: NetworkInterface | 'all' | 'default'): readonly Setting[] {
    const name = typeof of === 'string' ? of : of.name
    const target = of === 'all' ? this.all : of === 'default' ? this.default : this.of(of.index)
    return (Object.keys(MAXIMA) as Key[]).map((key) =>
      integerSetting(
        `net.ipv4.conf.${name}.${key}`,
        0,
        MAXIMA[key],
        () => target[key],
        (value) => {
          if (key === 'forwarding' && of === 'all') this.setForwarding(value)
          else target[key] = value
          this.changed()
        },
      ),
    )
  }

  private create(index: number): InterfaceConfiguration {
    const made = Object.assign(new InterfaceConfiguration(), this.default)
    this.byIndex[index] = made
    return made
  }
}
