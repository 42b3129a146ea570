import {
  EINVAL,
  ENOPROTOOPT,
  ENOTCONN,
  IP_PMTUDISC_OMIT,
  OptionFailure,
  SOCK_RAW,
  SOCK_STREAM,
} from '@jackfield/interfaces'
import type { IpSocketOptions } from './ip-socket-options.js'

/** An option that is an integer. `SOL_IP` and `SOL_IPV6` have names of their own for many of the same. */
export interface IntegerOption {
  /** 0 or a negative error number. */
  set(options: IpSocketOptions, value: number): number
  get(options: IpSocketOptions): number | OptionFailure
}

/** Fields of the state that are switched on and off. */
type Flag =
  | 'bindAddressNoPort'
  | 'dontFragment'
  | 'flowInfoSend'
  | 'freebind'
  | 'hdrIncl'
  | 'multicastAll'
  | 'multicastLoop'
  | 'recvErr'
  | 'transparent'

/** On for whatever is not 0. */
export function flag(field: Flag): IntegerOption {
  return {
    set(options, value) {
      options[field] = value !== 0
      return 0
    },
    get: (options) => Number(options[field]),
  }
}

/** 0 or 1, and nothing else. */
export function strictFlag(field: Flag): IntegerOption {
  const { set, get } = flag(field)
  return { set: (options, value) => (value === 0 || value === 1 ? set(options, value) : -EINVAL), get }
}

/** Of raw sockets only. */
export function rawFlag(field: Flag): IntegerOption {
  const { set, get } = flag(field)
  const raw = (options: IpSocketOptions): boolean => options.socket.type === SOCK_RAW
  return {
    set: (options, value) => (raw(options) ? set(options, value) : -ENOPROTOOPT),
    get: (options) => (raw(options) ? get(options) : new OptionFailure(ENOPROTOOPT)),
  }
}

/** The default of packets where no network layer says its own (RFC 1340). */
export const DEFAULT_TTL = 64

/** TTL or hop limit; -1: the host's default. */
export function hopLimit(version: 4 | 6, least: number): IntegerOption {
  return {
    set(options, value) {
      if (value !== -1 && (value < least || value > 255)) return -EINVAL
      options.ttl = value
      return 0
    },
    get: (options) => (options.ttl >= 0 ? options.ttl : (options.host.network(version)?.defaultTtl ?? DEFAULT_TTL)),
  }
}

/** The same of multicast; -1: 1. `refusal` is the error that streams get. */
export function multicastHopLimit(refusal: number): IntegerOption {
  return {
    set(options, value) {
      if (options.socket.type === SOCK_STREAM) return -refusal
      if (value < -1 || value > 255) return -EINVAL
      options.multicastTtl = value === -1 ? 1 : value
      return 0
    },
    get: (options) => options.multicastTtl,
  }
}

/** Type of service. Linux derives the priority from it (`rt_tos2priority`). */
export const TYPE_OF_SERVICE: IntegerOption = {
  set(options, value) {
    options.tos = tosOf(options, value & 0xff)
    options.priority = priorityOf(options.tos)
    return 0
  },
  get: (options) => options.tos,
}

/** The same of IPv6; -1: 0. */
export const TRAFFIC_CLASS: IntegerOption = {
  set(options, value) {
    if (value < -1 || value > 255) return -EINVAL
    options.tos = tosOf(options, Math.max(value, 0))
    return 0
  },
  get: (options) => options.tos,
}

/** A stream's ECN bits are its transport's (RFC 3168 6.1). */
function tosOf(options: IpSocketOptions, tos: number): number {
  return options.socket.type === SOCK_STREAM ? (tos & ~3) | (options.tos & 3) : tos
}

export function priorityOf(tos: number): number {
  return PRIORITIES[(tos >>> 1) & 15] as number
}

const PRIORITIES: readonly number[] = [0, 0, 0, 0, 2, 2, 2, 2, 6, 6, 6, 6, 4, 4, 4, 4]

/** Packets that came from farther away than 255 minus this are dropped (RFC 5082). */
export const LEAST_TTL: IntegerOption = {
  set(options, value) {
    if (value < 0 || value > 255) return -EINVAL
    options.minTtl = value
    return 0
  },
  get: (options) => options.minTtl,
}

/** `IP_PMTUDISC_WANT` and the like. */
export const MTU_DISCOVER: IntegerOption = {
  set(options, value) {
    if (value < 0 || value > IP_PMTUDISC_OMIT) return -EINVAL
    options.mtuDiscover = value
    return 0
  },
  get: (options) => options.mtuDiscover,
}

/** The MTU of the path to the peer; `ENOTCONN` where there is none. It is not set. */
export const PATH_MTU: IntegerOption = {
  set: () => -ENOPROTOOPT,
  get(options) {
    const error = options.socket.routeToPeer?.() ?? 0
    if (error !== 0) return new OptionFailure(-error)
    const { route } = options.flow
    return route?.valid ? route.mtu : new OptionFailure(ENOTCONN)
  },
}
