import { fieldSetting, type Setting, secondsSetting } from '@jackfield/interfaces'
import type { DestinationCache, ErrorRateLimit, Reassembler } from '@jackfield/ip'
import { rateSettings } from './rate-limit.js'

/** The settings that the packet path reads, as plain numbers. */
export class Ipv6Settings {
  /** `net.ipv6.auto_flowlabels`: see `labelsFlow`. */
  autoFlowlabels = 1
}

const MOST = 2_147_483_647

/** What `net.ipv6.*` lists of this layer, the per-interface ones apart. */
export function ipv6SettingList(
  settings: Ipv6Settings,
  reassembler: Reassembler,
  destinations: DestinationCache,
  rate: ErrorRateLimit,
): readonly Setting[] {
  return [
    fieldSetting('net.ipv6.auto_flowlabels', 0, 3, settings, 'autoFlowlabels'),
    fieldSetting('net.ipv6.ip6frag_high_thresh', 0, MOST, reassembler, 'highThreshold'),
    fieldSetting('net.ipv6.ip6frag_low_thresh', 0, MOST, reassembler, 'lowThreshold'),
    secondsSetting('net.ipv6.ip6frag_time', 1, 86_400, reassembler, 'timeout'),
    secondsSetting('net.ipv6.route.mtu_expires', 1, 86_400 * 365, destinations, 'mtuExpires'),
    ...rateSettings(rate),
  ]
}
