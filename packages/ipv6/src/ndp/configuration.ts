import { integerSetting, type NetworkInterface, type Setting } from '@jackfield/interfaces'

const MOST = 2_147_483_647

/** The settings of neighbour discovery on one interface, `net.ipv6.conf.NAME.*`, with Linux's defaults. Times in seconds. */
export class NdpConfiguration {
  /** Router advertisements: 0 not believed, 1 unless the interface forwards, 2 always. */
  accept_ra = 1
  /** What is taken from them: default router, prefixes, the router's preference, MTU. */
  accept_ra_defrtr = 1
  accept_ra_pinfo = 1
  accept_ra_rtr_pref = 1
  accept_ra_mtu = 1
  /** Those that come from an address of this host. */
  accept_ra_from_local = 0
  /** The least hop limit, and the least lifetime, that is believed. */
  accept_ra_min_hop_limit = 1
  accept_ra_min_lft = 0
  /** The longest prefix of a route information option that is believed (RFC 4191). */
  accept_ra_rt_info_max_plen = 0
  /** Metric of the default route. */
  ra_defrtr_metric = 1024
  /** Addresses are made from the prefixes of routers (RFC 4862 5.5). */
  autoconf = 1
  /** Most addresses made so, 0: no limit. */
  max_addresses = 16
  /** Duplicate address detection: 0 none, 1 yes, 2 and a duplicate link-local address turns IPv6 off. */
  accept_dad = 1
  /** Solicitations in duplicate address detection. */
  dad_transmits = 1
  /** They carry a nonce, so that they are known when they come back (RFC 7527). */
  enhanced_dad = 1
  /** Router solicitations, -1: until a router answers. */
  router_solicitations = -1
  router_solicitation_delay = 1
  router_solicitation_interval = 4
  router_solicitation_max_interval = 3600
  /** Lifetimes of temporary addresses (RFC 8981 3.8). */
  temp_prefered_lft = 86_400
  temp_valid_lft = 604_800
  max_desync_factor = 600
  /** How often another temporary address is tried in the place of a duplicate. */
  regen_max_retry = 3
  /** A neighbour advertisement is sent when an address or the link comes up. */
  ndisc_notify = 0
  /** Advertisements and solicitations that came in fragments are not believed (RFC 6980). */
  suppress_frag_ndisc = 1
}

export type NdpConfigurationKey = keyof NdpConfiguration

/** Bounds of each setting. */
const BOUNDS: Readonly<Record<NdpConfigurationKey, readonly [number, number]>> = {
  accept_ra: [0, 2],
  accept_ra_defrtr: [0, 1],
  accept_ra_pinfo: [0, 1],
  accept_ra_rtr_pref: [0, 1],
  accept_ra_mtu: [0, 1],
  accept_ra_from_local: [0, 1],
  accept_ra_min_hop_limit: [0, 255],
  accept_ra_min_lft: [0, MOST],
  accept_ra_rt_info_max_plen: [0, 128],
  ra_defrtr_metric: [1, MOST],
  autoconf: [0, 1],
  max_addresses: [0, 4096],
  accept_dad: [0, 2],
  dad_transmits: [0, 100],
  enhanced_dad: [0, 1],
  router_solicitations: [-1, 1000],
  router_solicitation_delay: [0, 3600],
  router_solicitation_interval: [1, 3600],
  router_solicitation_max_interval: [1, 86_400],
  temp_prefered_lft: [0, MOST],
  temp_valid_lft: [0, MOST],
  max_desync_factor: [0, MOST],
  regen_max_retry: [0, 100],
  ndisc_notify: [0, 1],
  suppress_frag_ndisc: [0, 1],
}

const KEYS = Object.keys(BOUNDS) as readonly NdpConfigurationKey[]

/** `conf.default` and what each interface has of its own. What `all` is set to, everyone has from then on. */
export class NdpConfigurations {
  private readonly all = new NdpConfiguration()
  private readonly default = new NdpConfiguration()
  private readonly own = new Map<number, NdpConfiguration>()

  /** Of one interface; made from `default` when first asked for. */
  of(interfaceIndex: number): NdpConfiguration {
    let configuration = this.own.get(interfaceIndex)
    if (configuration === undefined) {
      configuration = Object.assign(new NdpConfiguration(), this.default)
      this.own.set(interfaceIndex, configuration)
    }
    return configuration
  }

  forget(interfaceIndex: number): void {
    this.own.delete(interfaceIndex)
  }

  /** For `Host.addInterfaceSettings`. */
  settings(of: NetworkInterface | 'all' | 'default'): readonly Setting[] {
    const name = typeof of === 'string' ? of : of.name
    const target = of === 'all' ? this.all : of === 'default' ? this.default : this.of(of.index)
    return KEYS.map((key) => {
      const [minimum, maximum] = BOUNDS[key]
      return integerSetting(
        `net.ipv6.conf.${name}.${key}`,
        minimum,
        maximum,
        () => target[key],
        (value) => {
          target[key] = value
          if (of !== 'all') return
          this.default[key] = value
          for (const each of this.own.values()) each[key] = value
        },
      )
    })
  }
}
