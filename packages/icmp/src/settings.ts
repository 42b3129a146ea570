import type { Setting } from '@jackfield/interfaces'

/** What `icmp()` takes: the first values of its settings. */
export interface IcmpOptions {
  /** `net.ipv4.icmp_echo_ignore_all`: answer no echo request. Default false. */
  echoIgnoreAll?: boolean
  /** `net.ipv4.icmp_echo_ignore_broadcasts`: answer no echo or timestamp request to a broadcast or group. Default true. */
  echoIgnoreBroadcasts?: boolean
  /**
   * `net.ipv4.icmp_ignore_bogus_error_responses`: take errors about packets to a broadcast address as any others.
   * False drops them. Default true.
   */
  ignoreBogusErrorResponses?: boolean
  /**
   * `net.ipv4.icmp_errors_use_inbound_ifaddr`: errors about packets for others come from an address of the interface
   * the packet came in by, instead of the one that the error leaves by. Default false.
   */
  errorsUseInboundAddress?: boolean
  /** `net.ipv6.icmp.echo_ignore_all`: answer no ICMPv6 echo request. Default false. */
  echoIgnoreAll6?: boolean
  /** `net.ipv6.icmp.echo_ignore_multicast`: answer no ICMPv6 echo request to a group. Default false. */
  echoIgnoreMulticast?: boolean
  /** `net.ipv6.icmp.echo_ignore_anycast`: answer no ICMPv6 echo request to an anycast address. Default false. */
  echoIgnoreAnycast?: boolean
}

/** The settings as the packet path reads them. */
export class IcmpSettings {
  echoIgnoreAll: boolean
  echoIgnoreBroadcasts: boolean
  ignoreBogusErrorResponses: boolean
  errorsUseInboundAddress: boolean
  echoIgnoreAll6: boolean
  echoIgnoreMulticast: boolean
  echoIgnoreAnycast: boolean

  constructor(options: IcmpOptions) {
    this.echoIgnoreAll = flag(options, 'echoIgnoreAll', false)
    this.echoIgnoreBroadcasts = flag(options, 'echoIgnoreBroadcasts', true)
    this.ignoreBogusErrorResponses = flag(options, 'ignoreBogusErrorResponses', true)
    this.errorsUseInboundAddress = flag(options, 'errorsUseInboundAddress', false)
    this.echoIgnoreAll6 = flag(options, 'echoIgnoreAll6', false)
    this.echoIgnoreMulticast = flag(options, 'echoIgnoreMulticast', false)
    this.echoIgnoreAnycast = flag(options, 'echoIgnoreAnycast', false)
  }

  /** Those of ICMPv4, under their sysctl names. */
  listIcmpv4(): readonly Setting[] {
    return [
      this.setting('net.ipv4.icmp_echo_ignore_all', 'echoIgnoreAll'),
      this.setting('net.ipv4.icmp_echo_ignore_broadcasts', 'echoIgnoreBroadcasts'),
      this.setting('net.ipv4.icmp_ignore_bogus_error_responses', 'ignoreBogusErrorResponses'),
      this.setting('net.ipv4.icmp_errors_use_inbound_ifaddr', 'errorsUseInboundAddress'),
    ]
  }

  /** Those of ICMPv6. */
  listIcmpv6(): readonly Setting[] {
    return [
      this.setting('net.ipv6.icmp.echo_ignore_all', 'echoIgnoreAll6'),
      this.setting('net.ipv6.icmp.echo_ignore_multicast', 'echoIgnoreMulticast'),
      this.setting('net.ipv6.icmp.echo_ignore_anycast', 'echoIgnoreAnycast'),
    ]
  }

  private setting(name: string, key: keyof IcmpOptions): Setting {
    return {
      name,
      minimum: 0,
      maximum: 1,
      get: () => (this[key] ? 1 : 0),
      set: (value) => {
        if (value !== 0 && value !== 1) throw new RangeError(`${name} is 0 or 1, not ${value}`)
        this[key] = value === 1
      },
    }
  }
}

function flag(options: IcmpOptions, key: keyof IcmpOptions, otherwise: boolean): boolean {
  const value: unknown = options[key]
  if (value === undefined) return otherwise
  if (typeof value !== 'boolean') throw new TypeError(`icmp: ${key} is true or false, not ${String(value)}`)
  return value
}
