import { fieldSetting, integerSetting, type Setting, secondsSetting } from '@jackfield/interfaces'
import type { DestinationCache, ErrorRateLimit, Reassembler } from '@jackfield/ip'
import type { Configurations } from './configuration.js'

/** The settings that the packet path reads, as plain numbers. */
export class Ipv4Settings {
  /** `net.ipv4.ip_default_ttl` */
  defaultTtl = 64
  /**
   * `net.ipv4.ip_no_pmtu_disc`. 0: path MTU discovery; 1: packets leave without DF unless a socket wants it, and a
   * "fragmentation needed" sets the path's MTU to `min_pmtu`; 2: as 1, and those messages are ignored.
   */
  noPmtuDisc = 0
  /** `net.ipv4.ip_forward_use_pmtu`: forwarded packets heed learnt path MTUs too. */
  forwardUsePmtu = 0
  /** `net.ipv4.route.redirect_number`: redirects sent to a host before it is taken to be deaf. */
  redirectNumber = 9
  /** `net.ipv4.route.redirect_load`, milliseconds: between redirects to a host, doubled with each. */
  redirectLoad = 20
  /** `net.ipv4.route.redirect_silence`, milliseconds: after this without traffic a host is told again. */
  redirectSilence = 20_480
}

const MOST = 2_147_483_647

/** What `net.ipv4.*` lists of this layer, the per-interface ones apart. */
export function ipv4SettingList(
  settings: Ipv4Settings,
  configurations: Configurations,
  reassembler: Reassembler,
  destinations: DestinationCache,
  rate: ErrorRateLimit,
): readonly Setting[] {
  const own = (name: string, key: keyof Ipv4Settings, minimum: number, maximum: number): Setting =>
    fieldSetting(`net.ipv4.${name}`, minimum, maximum, settings, key)
  return [
    own('ip_default_ttl', 'defaultTtl', 1, 255),
    own('ip_no_pmtu_disc', 'noPmtuDisc', 0, 2),
    own('ip_forward_use_pmtu', 'forwardUsePmtu', 0, 1),
    own('route.redirect_number', 'redirectNumber', 0, MOST),
    own('route.redirect_load', 'redirectLoad', 0, MOST),
    own('route.redirect_silence', 'redirectSilence', 0, MOST),
    integerSetting(
      'net.ipv4.ip_forward',
      0,
      1,
      () => configurations.all.forwarding,
      (value) => configurations.setForwarding(value),
    ),
    fieldSetting('net.ipv4.ipfrag_high_thresh', 0, MOST, reassembler, 'highThreshold'),
    fieldSetting('net.ipv4.ipfrag_low_thresh', 0, MOST, reassembler, 'lowThreshold'),
    secondsSetting('net.ipv4.ipfrag_time', 1, 86_400, reassembler, 'timeout'),
    fieldSetting('net.ipv4.ipfrag_max_dist', 0, MOST, reassembler, 'maxDistance'),
    fieldSetting('net.ipv4.route.min_pmtu', 68, 65_535, destinations, 'minPmtu'),
    secondsSetting('net.ipv4.route.mtu_expires', 1, 86_400 * 365, destinations, 'mtuExpires'),
    fieldSetting('net.ipv4.icmp_ratelimit', 0, MOST, rate, 'ratelimit'),
    fieldSetting('net.ipv4.icmp_ratemask', 0, MOST, rate.types, 'mask'),
  ]
}
