import type { CounterGroup, Host } from '@jackfield/interfaces'
import { ErrorRateLimit } from '@jackfield/ip'

/** ICMPv6's "packet too big", on which path MTU discovery depends. */
const PACKET_TOO_BIG = 2

/** How many ICMPv6 messages leave (RFC 4443 2.4 f): all types but "packet too big" are limited, as by `net.ipv6.icmp.ratemask`. */
export function createRateLimit(host: Host, counters: CounterGroup): ErrorRateLimit {
  const { clock, random, secret0, secret1 } = host
  const names = { global: 'Icmp6OutRateLimitGlobal', host: 'Icmp6OutRateLimitHost' }
  return new ErrorRateLimit({ clock, random, secret0, secret1, ratemask: ~(1 << PACKET_TOO_BIG), counters, names })
}
