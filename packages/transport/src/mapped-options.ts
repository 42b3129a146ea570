import {
  EINVAL,
  IP_MINTTL,
  IP_MTU_DISCOVER,
  IP_MULTICAST_ALL,
  IP_MULTICAST_LOOP,
  IP_MULTICAST_TTL,
  IP_PMTUDISC_OMIT,
  IP_RECVERR,
  IP_TOS,
  IP_TTL,
  SOCK_STREAM,
} from '@jackfield/interfaces'
import { DEFAULT_TTL, type IntegerOption, priorityOf } from './integer-option.js'
import type { VersionOptionValues } from './rare-option-values.js'

type Changes = Partial<VersionOptionValues>

/** An option of what an `AF_INET6` socket sends by IPv4: `read` gives what a value changes, or null for `-EINVAL`. */
function mapped(read: (value: number, stream: boolean) => Changes | null, get: IntegerOption['get']): IntegerOption {
  return {
    set(options, value) {
      const changes = read(value, options.socket.type === SOCK_STREAM)
      if (changes === null) return -EINVAL
      options.setRare({ mapped: { ...options.rare.mapped, ...changes } })
      return 0
    },
    get,
  }
}

/**
 * The options of `SOL_IP` that an `AF_INET6` socket has apart from their twins at `SOL_IPV6`: for its packets of IPv4. The same rules as
 * of an `AF_INET` socket.
 */
export const MAPPED: ReadonlyMap<number, IntegerOption> = new Map([
  [
    IP_TTL,
    mapped(
      (ttl) => (ttl === -1 || (ttl >= 1 && ttl <= 255) ? { ttl } : null),
      ({ rare, host }) => (rare.mapped.ttl >= 0 ? rare.mapped.ttl : (host.network(4)?.defaultTtl ?? DEFAULT_TTL)),
    ),
  ],
  [
    IP_TOS,
    {
      set(options, value) {
        // A stream's ECN bits are its transport's (RFC 3168 6.1).
        const tos = value & (options.socket.type === SOCK_STREAM ? 0xfc : 0xff)
        options.setTos(4, tos)
        options.priority = priorityOf(tos)
        return 0
      },
      get: ({ rare }) => rare.mapped.tos,
    },
  ],
  [
    IP_MULTICAST_TTL,
    mapped(
      (value, stream) => (stream || value < -1 || value > 255 ? null : { multicastTtl: value === -1 ? 1 : value }),
      ({ rare }) => rare.mapped.multicastTtl,
    ),
  ],
  [
    IP_MULTICAST_LOOP,
    mapped(
      (value) => ({ multicastLoop: value !== 0 }),
      ({ rare }) => Number(rare.mapped.multicastLoop),
    ),
  ],
  [
    IP_MULTICAST_ALL,
    mapped(
      (value) => (value === 0 || value === 1 ? { multicastAll: value === 1 } : null),
      ({ rare }) => Number(rare.mapped.multicastAll),
    ),
  ],
  [
    IP_MTU_DISCOVER,
    mapped(
      (value) => (value < 0 || value > IP_PMTUDISC_OMIT ? null : { mtuDiscover: value }),
      ({ rare }) => rare.mapped.mtuDiscover,
    ),
  ],
  [
    IP_RECVERR,
    mapped(
      (value) => ({ recvErr: value !== 0 }),
      ({ rare }) => Number(rare.mapped.recvErr),
    ),
  ],
  [
    IP_MINTTL,
    mapped(
      (value) => (value < 0 || value > 255 ? null : { minTtl: value }),
      ({ rare }) => rare.mapped.minTtl,
    ),
  ],
])
