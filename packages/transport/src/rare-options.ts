import { IpAddress } from '@jackfield/addr'
import {
  AF_INET,
  EADDRNOTAVAIL,
  EINVAL,
  ENOPROTOOPT,
  ENOTCONN,
  IPV6_PREFER_SRC_CGA,
  IPV6_PREFER_SRC_COA,
  IPV6_PREFER_SRC_HOME,
  IPV6_PREFER_SRC_NONCGA,
  IPV6_PREFER_SRC_PUBLIC,
  IPV6_PREFER_SRC_PUBTMP_DEFAULT,
  IPV6_PREFER_SRC_TMP,
  OptionFailure,
  type OptionValue,
  SOCK_STREAM,
} from '@jackfield/interfaces'
import { optionsHeader } from './extension-headers.js'
import { type IntegerOption, PATH_MTU } from './integer-option.js'
import type { IpSocketOptions } from './ip-socket-options.js'
import { pathMtu } from './path-mtu.js'

/** What IPv6 has every link carry, in bytes (RFC 8200 5). */
const IPV6_MIN_MTU = 1280

/** A connected socket of both versions whose peer is one of IPv4 becomes one of `AF_INET` (RFC 2292's `IPV6_ADDRFORM`). */
export const ADDRESS_FORM: IntegerOption = {
  set(options, value) {
    if (value !== AF_INET) return -EINVAL
    return options.socket.becomeIpv4?.() ?? -ENOPROTOOPT
  },
  get(options) {
    const { socket } = options
    if (socket.becomeIpv4 === undefined) return new OptionFailure(ENOPROTOOPT)
    return socket.established === true ? socket.family : new OptionFailure(ENOTCONN)
  },
}

const TEMPORARY = IPV6_PREFER_SRC_TMP | IPV6_PREFER_SRC_PUBLIC
const CARE_OF = IPV6_PREFER_SRC_COA

/** RFC 5014 5. Care-of and cryptographic addresses are accepted, as in Linux, and mean nothing: there are none. */
export const SOURCE_PREFERENCES: IntegerOption = {
  set(options, value) {
    const several = [
      TEMPORARY | IPV6_PREFER_SRC_PUBTMP_DEFAULT,
      IPV6_PREFER_SRC_HOME | IPV6_PREFER_SRC_COA,
      IPV6_PREFER_SRC_CGA | IPV6_PREFER_SRC_NONCGA,
    ]
    for (const mask of several) {
      const bits = value & mask
      if ((bits & (bits - 1)) !== 0) return -EINVAL
    }
    options.setRare({ sourcePreferences: value & (TEMPORARY | CARE_OF) })
    return 0
  },
  get(options) {
    const value = options.rare.sourcePreferences
    const temporary = (value & TEMPORARY) === 0 ? IPV6_PREFER_SRC_PUBTMP_DEFAULT : value & TEMPORARY
    return temporary | ((value & CARE_OF) === 0 ? IPV6_PREFER_SRC_HOME : CARE_OF)
  },
}

/** What packets and fragments are kept to; reads as the MTU of the path to the peer. */
export const FRAGMENT_SIZE: IntegerOption = {
  set(options, value) {
    if (value !== 0 && value < IPV6_MIN_MTU) return -EINVAL
    options.setRare({ fragmentSize: value })
    return 0
  },
  get: PATH_MTU.get,
}

/** `IPV6_RECVPATHMTU`. */
export const RECEIVE_PATH_MTU: IntegerOption = {
  set(options, value) {
    options.setRare({ receivePathMtu: value !== 0 })
    return 0
  },
  get: (options) => Number(options.rare.receivePathMtu),
}

/** The interface of unicast, as Linux has it: its index in network byte order, 0 for the route's. The socket is not bound to it. */
export function unicastInterface(field: 'unicastInterface4' | 'unicastInterface6'): IntegerOption {
  return {
    set(options, value) {
      const index = swapped(value)
      if (index !== 0 && options.host.interfaceByIndex(index) === undefined) return -EADDRNOTAVAIL
      if (index !== 0 && options.boundInterface !== 0 && options.boundInterface !== index) return -EINVAL
      options.setRare({ [field]: index })
      return 0
    },
    get: (options) => swapped(options.rare[field]),
  }
}

/** The other byte order. */
function swapped(value: number): number {
  return (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)
}

/** `IPV6_PKTINFO`: as in Linux its interface alone is used, for what names none itself. */
export function setPacketInfo(options: IpSocketOptions, value: OptionValue): number {
  if (typeof value !== 'object' || !('interfaceIndex' in value)) return -EINVAL
  const { interfaceIndex, address } = value
  if (typeof interfaceIndex !== 'number' || !Number.isInteger(interfaceIndex) || interfaceIndex < 0) return -EINVAL
  if (address !== undefined && !(address instanceof IpAddress)) return -EINVAL
  if (options.boundInterface !== 0 && options.boundInterface !== interfaceIndex) return -EINVAL
  options.setRare({ packetInterface: interfaceIndex })
  return 0
}

/** `IPV6_HOPOPTS`, `IPV6_DSTOPTS`: a whole header, or no bytes for none. Of datagrams: a stream's segments have none. */
export function setOptionsHeader(
  options: IpSocketOptions,
  field: 'hopByHop' | 'destinationOptions',
  value: OptionValue,
): number {
  if (options.socket.type === SOCK_STREAM) return -ENOPROTOOPT
  if (!(value instanceof Uint8Array)) return -EINVAL
  const header = value.length === 0 ? null : optionsHeader(value)
  if (header === null && value.length !== 0) return -EINVAL
  options.setRare({ [field]: header })
  return 0
}

export function getOptionsHeader(
  options: IpSocketOptions,
  field: 'hopByHop' | 'destinationOptions',
): Uint8Array | OptionFailure {
  if (options.socket.type === SOCK_STREAM) return new OptionFailure(ENOPROTOOPT)
  return options.rare[field]?.slice() ?? new Uint8Array(0)
}

/** `IPV6_PATHMTU`: of the path to the peer. */
export function getPathMtu(options: IpSocketOptions): OptionValue | OptionFailure {
  const mtu = PATH_MTU.get(options)
  return typeof mtu === 'number' ? { ...pathMtu(mtu, null) } : mtu
}
