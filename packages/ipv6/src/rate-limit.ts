import { type CounterGroup, fieldSetting, type Host, type Setting } from '@jackfield/interfaces'
import { ErrorRateLimit, errorCredit } from '@jackfield/ip'

/** Milliseconds for each error to one destination, by Linux's default of `net.ipv6.icmp.ratelimit`. */
const RATELIMIT = 100

/** Linux's default of `net.ipv6.icmp.ratemask`: all errors but "packet too big", on which path MTU discovery depends. */
const RATEMASK = '0-1,3-127'

/** How many ICMPv6 messages leave (RFC 4443 2.4 f). */
export function createRateLimit(host: Host, counters: CounterGroup): ErrorRateLimit {
  const { clock, secret0, secret1 } = host
  const credit = errorCredit(host)
  const names = { global: 'Icmp6OutRateLimitGlobal', host: 'Icmp6OutRateLimitHost' }
  const rate = new ErrorRateLimit({ clock, credit, secret0, secret1, types: RATEMASK, counters, names })
  rate.ratelimit = RATELIMIT
  return rate
}

/** `net.ipv6.icmp.ratelimit` and `ratemask`, which is a list of types. */
export function rateSettings(rate: ErrorRateLimit): readonly Setting[] {
  const name = 'net.ipv6.icmp.ratemask'
  return [
    fieldSetting('net.ipv6.icmp.ratelimit', 0, 2_147_483_647, rate, 'ratelimit'),
    {
      name,
      get: () => rate.types.list,
      set(value) {
        if (typeof value !== 'string') throw new RangeError(`${name} is a list of types, as 0-1,3-127, not ${value}`)
        rate.types.list = value
      },
    },
  ]
}
