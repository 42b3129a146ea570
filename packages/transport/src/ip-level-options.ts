import {
  EINVAL,
  ENOPROTOOPT,
  ENOTCONN,
  IP_BIND_ADDRESS_NO_PORT,
  IP_FREEBIND,
  IP_HDRINCL,
  IP_LOCAL_PORT_RANGE,
  IP_MINTTL,
  IP_MTU,
  IP_MTU_DISCOVER,
  IP_MULTICAST_ALL,
  IP_MULTICAST_IF,
  IP_MULTICAST_LOOP,
  IP_MULTICAST_TTL,
  IP_OPTIONS,
  IP_PKTINFO,
  IP_PMTUDISC_OMIT,
  IP_RECVERR,
  IP_RECVFRAGSIZE,
  IP_RECVOPTS,
  IP_RECVORIGDSTADDR,
  IP_RECVTOS,
  IP_RECVTTL,
  IP_TOS,
  IP_TRANSPARENT,
  IP_TTL,
  OptionFailure,
  type OptionValue,
  SOCK_RAW,
  SOCK_STREAM,
} from '@jackfield/interfaces'
import { WANT_FRAGSIZE, WANT_OPTIONS, WANT_ORIGDST, WANT_PKTINFO, WANT_TOS, WANT_TTL } from './control.js'
import { setMulticastInterface } from './group-options.js'
import type { IpSocketOptions } from './ip-socket-options.js'
import { optionInteger } from './option-integer.js'

/** Options that only ask for a control message. */
const WANTED: ReadonlyMap<number, number> = new Map([
  [IP_PKTINFO, WANT_PKTINFO],
  [IP_RECVTTL, WANT_TTL],
  [IP_RECVTOS, WANT_TOS],
  [IP_RECVORIGDSTADDR, WANT_ORIGDST],
  [IP_RECVOPTS, WANT_OPTIONS],
  [IP_RECVFRAGSIZE, WANT_FRAGSIZE],
])

/** The default TTL where no network layer says its own (RFC 1340). */
const DEFAULT_TTL = 64

/** Sets a `SOL_IP` option: 0 or a negative error number. */
export function setIpOption(options: IpSocketOptions, name: number, value: OptionValue): number {
  const { type } = options.socket
  if (name === IP_OPTIONS) return setHeaderOptions(options, value)
  if (name === IP_MULTICAST_IF) return type === SOCK_STREAM ? -EINVAL : setMulticastInterface(options, value)
  const wanted = WANTED.get(name)
  if (wanted !== undefined) return options.want(wanted, value)
  const number = optionInteger(value)
  if (Number.isNaN(number)) return -EINVAL
  const on = number !== 0
  switch (name) {
    case IP_TOS:
      setTos(options, number & 0xff)
      return 0
    case IP_TTL:
      if (number !== -1 && (number < 1 || number > 255)) return -EINVAL
      options.ttl = number
      return 0
    case IP_MINTTL:
      if (number < 0 || number > 255) return -EINVAL
      options.minTtl = number
      return 0
    case IP_MTU_DISCOVER:
      return setMtuDiscover(options, number)
    case IP_RECVERR:
      options.recvErr = on
      return 0
    case IP_HDRINCL:
      if (type !== SOCK_RAW) return -ENOPROTOOPT
      options.hdrIncl = on
      return 0
    case IP_FREEBIND:
      options.freebind = on
      return 0
    case IP_TRANSPARENT:
      options.transparent = on
      return 0
    case IP_BIND_ADDRESS_NO_PORT:
      options.bindAddressNoPort = on
      return 0
    case IP_MULTICAST_TTL:
      if (type === SOCK_STREAM || number < -1 || number > 255) return -EINVAL
      options.multicastTtl = number === -1 ? 1 : number
      return 0
    case IP_MULTICAST_LOOP:
      options.multicastLoop = on
      return 0
    case IP_MULTICAST_ALL:
      if (number !== 0 && number !== 1) return -EINVAL
      options.multicastAll = on
      return 0
    case IP_LOCAL_PORT_RANGE:
      return setPortRange(options, number)
    default:
      return -ENOPROTOOPT
  }
}

/** @internal Linux derives the priority from the type of service (`rt_tos2priority`). */
export function setTos(options: IpSocketOptions, tos: number): void {
  // A stream's ECN bits are its transport's (RFC 3168 6.1).
  options.tos = options.socket.type === SOCK_STREAM ? (tos & ~3) | (options.tos & 3) : tos
  options.priority = PRIORITIES[(options.tos >>> 1) & 15] as number
}

const PRIORITIES: readonly number[] = [0, 0, 0, 0, 2, 2, 2, 2, 6, 6, 6, 6, 4, 4, 4, 4]

/** @internal */
export function setMtuDiscover(options: IpSocketOptions, mode: number): number {
  if (mode < 0 || mode > IP_PMTUDISC_OMIT) return -EINVAL
  options.mtuDiscover = mode
  return 0
}

/** The lower port in the low 16 bits, the upper in the high ones; 0 for the host's bound. */
function setPortRange(options: IpSocketOptions, value: number): number {
  const low = value & 0xffff
  const high = value >>> 16
  if (low !== 0 && high !== 0 && low > high) return -EINVAL
  options.portLow = low
  options.portHigh = high
  return 0
}

/** `IP_OPTIONS`: at most 40 bytes of well-formed options (RFC 791 3.1), padded to whole words. */
function setHeaderOptions(options: IpSocketOptions, value: OptionValue): number {
  if (!(value instanceof Uint8Array) || value.length > 40) return -EINVAL
  let at = 0
  while (at < value.length) {
    const kind = value[at] as number
    if (kind === 0) break
    if (kind === 1) {
      at++
      continue
    }
    const length = value[at + 1] ?? 0
    if (length < 2 || at + length > value.length) return -EINVAL
    at += length
  }
  if (value.length === 0) options.ipOptions = null
  else {
    const padded = new Uint8Array((value.length + 3) & ~3)
    padded.set(value)
    options.ipOptions = padded
  }
  options.flow.route = null
  return 0
}

/** The value of a `SOL_IP` option. */
export function getIpOption(options: IpSocketOptions, name: number): OptionValue | OptionFailure {
  const wanted = WANTED.get(name)
  if (wanted !== undefined) return Number((options.wantedControl & wanted) !== 0)
  switch (name) {
    case IP_TOS:
      return options.tos
    case IP_TTL:
      return options.ttl >= 0 ? options.ttl : (options.host.network(4)?.defaultTtl ?? DEFAULT_TTL)
    case IP_MINTTL:
      return options.minTtl
    case IP_MTU_DISCOVER:
      return options.mtuDiscover
    case IP_RECVERR:
      return Number(options.recvErr)
    case IP_HDRINCL:
      return options.socket.type === SOCK_RAW ? Number(options.hdrIncl) : new OptionFailure(ENOPROTOOPT)
    case IP_FREEBIND:
      return Number(options.freebind)
    case IP_TRANSPARENT:
      return Number(options.transparent)
    case IP_BIND_ADDRESS_NO_PORT:
      return Number(options.bindAddressNoPort)
    case IP_MULTICAST_TTL:
      return options.multicastTtl
    case IP_MULTICAST_LOOP:
      return Number(options.multicastLoop)
    case IP_MULTICAST_ALL:
      return Number(options.multicastAll)
    case IP_MULTICAST_IF:
      return options.multicastInterface
    case IP_LOCAL_PORT_RANGE:
      return ((options.portHigh << 16) | options.portLow) >>> 0
    case IP_OPTIONS:
      return options.ipOptions?.slice() ?? new Uint8Array(0)
    case IP_MTU:
      return pathMtu(options)
    default:
      return new OptionFailure(ENOPROTOOPT)
  }
}

/** @internal The MTU of the path to the peer; `ENOTCONN` where there is none. */
export function pathMtu(options: IpSocketOptions): number | OptionFailure {
  const error = options.socket.routeToPeer?.() ?? 0
  if (error !== 0) return new OptionFailure(-error)
  const { route } = options.flow
  return route?.valid ? route.mtu : new OptionFailure(ENOTCONN)
}
