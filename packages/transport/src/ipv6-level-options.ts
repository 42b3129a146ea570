import {
  EINVAL,
  ENOPROTOOPT,
  IPV6_FREEBIND,
  IPV6_MTU,
  IPV6_MTU_DISCOVER,
  IPV6_MULTICAST_HOPS,
  IPV6_MULTICAST_IF,
  IPV6_MULTICAST_LOOP,
  IPV6_RECVERR,
  IPV6_RECVHOPLIMIT,
  IPV6_RECVORIGDSTADDR,
  IPV6_RECVPKTINFO,
  IPV6_RECVTCLASS,
  IPV6_TCLASS,
  IPV6_TRANSPARENT,
  IPV6_UNICAST_HOPS,
  IPV6_V6ONLY,
  OptionFailure,
  type OptionValue,
  SOCK_STREAM,
} from '@jackfield/interfaces'
import { WANT_HOPLIMIT, WANT_ORIGDST6, WANT_PKTINFO6, WANT_TCLASS } from './control.js'
import { setMulticastInterface } from './group-options.js'
import { pathMtu, setMtuDiscover, setTos } from './ip-level-options.js'
import type { IpSocketOptions } from './ip-socket-options.js'
import { optionInteger } from './option-integer.js'

/** Options that only ask for a control message. */
const WANTED: ReadonlyMap<number, number> = new Map([
  [IPV6_RECVPKTINFO, WANT_PKTINFO6],
  [IPV6_RECVHOPLIMIT, WANT_HOPLIMIT],
  [IPV6_RECVORIGDSTADDR, WANT_ORIGDST6],
  [IPV6_RECVTCLASS, WANT_TCLASS],
])

/**
 * Sets a `SOL_IPV6` option of an `AF_INET6` socket: 0 or a negative error number. What has a twin at `SOL_IP` shares
 * its state: a socket that speaks both versions has one hop limit and one traffic class.
 */
export function setIpv6Option(options: IpSocketOptions, name: number, value: OptionValue): number {
  const { type } = options.socket
  if (name === IPV6_MULTICAST_IF) return type === SOCK_STREAM ? -ENOPROTOOPT : setMulticastInterface(options, value)
  const wanted = WANTED.get(name)
  if (wanted !== undefined) return options.want(wanted, value)
  const number = optionInteger(value)
  if (Number.isNaN(number)) return -EINVAL
  const on = number !== 0
  switch (name) {
    case IPV6_V6ONLY:
      if ((options.socket.localPort ?? 0) !== 0) return -EINVAL
      options.v6only = on
      return 0
    case IPV6_UNICAST_HOPS:
      if (number < -1 || number > 255) return -EINVAL
      options.ttl = number
      return 0
    case IPV6_MULTICAST_HOPS:
      if (type === SOCK_STREAM) return -ENOPROTOOPT
      if (number < -1 || number > 255) return -EINVAL
      options.multicastTtl = number === -1 ? 1 : number
      return 0
    case IPV6_MULTICAST_LOOP:
      if (number !== 0 && number !== 1) return -EINVAL
      options.multicastLoop = on
      return 0
    case IPV6_TCLASS:
      if (number < -1 || number > 255) return -EINVAL
      setTos(options, number === -1 ? 0 : number)
      return 0
    case IPV6_MTU_DISCOVER:
      return setMtuDiscover(options, number)
    case IPV6_RECVERR:
      options.recvErr = on
      return 0
    case IPV6_FREEBIND:
      options.freebind = on
      return 0
    case IPV6_TRANSPARENT:
      options.transparent = on
      return 0
    default:
      return -ENOPROTOOPT
  }
}

/** The value of a `SOL_IPV6` option. */
export function getIpv6Option(options: IpSocketOptions, name: number): OptionValue | OptionFailure {
  const wanted = WANTED.get(name)
  if (wanted !== undefined) return Number((options.wantedControl & wanted) !== 0)
  switch (name) {
    case IPV6_V6ONLY:
      return Number(options.v6only)
    case IPV6_UNICAST_HOPS:
      return options.ttl >= 0 ? options.ttl : (options.host.network(6)?.defaultTtl ?? 64)
    case IPV6_MULTICAST_HOPS:
      return options.multicastTtl
    case IPV6_MULTICAST_LOOP:
      return Number(options.multicastLoop)
    case IPV6_MULTICAST_IF:
      return options.multicastInterface
    case IPV6_TCLASS:
      return options.tos
    case IPV6_MTU_DISCOVER:
      return options.mtuDiscover
    case IPV6_RECVERR:
      return Number(options.recvErr)
    case IPV6_FREEBIND:
      return Number(options.freebind)
    case IPV6_TRANSPARENT:
      return Number(options.transparent)
    case IPV6_MTU:
      return pathMtu(options)
    default:
      return new OptionFailure(ENOPROTOOPT)
  }
}
