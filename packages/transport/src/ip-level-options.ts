import {
  AF_INET6,
  EINVAL,
  ENOPROTOOPT,
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
  IP_RECVERR,
  IP_RECVFRAGSIZE,
  IP_RECVOPTS,
  IP_RECVORIGDSTADDR,
  IP_RECVTOS,
  IP_RECVTTL,
  IP_TOS,
  IP_TRANSPARENT,
  IP_TTL,
  IP_UNICAST_IF,
  OptionFailure,
  type OptionValue,
  SOCK_STREAM,
} from '@jackfield/interfaces'
import { WANT_FRAGSIZE, WANT_OPTIONS, WANT_ORIGDST, WANT_PKTINFO, WANT_TOS, WANT_TTL } from './control.js'
import { setMulticastInterface } from './group-options.js'
import {
  flag,
  hopLimit,
  type IntegerOption,
  LEAST_TTL,
  MTU_DISCOVER,
  multicastHopLimit,
  PATH_MTU,
  rawFlag,
  strictFlag,
  TYPE_OF_SERVICE,
} from './integer-option.js'
import type { IpSocketOptions } from './ip-socket-options.js'
import { MAPPED } from './mapped-options.js'
import { optionInteger } from './option-integer.js'
import { unicastInterface } from './rare-options.js'

/** Options that only ask for a control message. */
const WANTED: ReadonlyMap<number, number> = new Map([
  [IP_PKTINFO, WANT_PKTINFO],
  [IP_RECVTTL, WANT_TTL],
  [IP_RECVTOS, WANT_TOS],
  [IP_RECVORIGDSTADDR, WANT_ORIGDST],
  [IP_RECVOPTS, WANT_OPTIONS],
  [IP_RECVFRAGSIZE, WANT_FRAGSIZE],
])

/** The lower port in the low 16 bits, the upper in the high ones; 0 for the host's bound. */
const PORT_RANGE: IntegerOption = {
  set(options, value) {
    const low = value & 0xffff
    const high = value >>> 16
    if (low !== 0 && high !== 0 && low > high) return -EINVAL
    options.portLow = low
    options.portHigh = high
    return 0
  },
  get: (options) => ((options.portHigh << 16) | options.portLow) >>> 0,
}

const INTEGERS: ReadonlyMap<number, IntegerOption> = new Map<number, IntegerOption>([
  [IP_TOS, TYPE_OF_SERVICE],
  [IP_TTL, hopLimit(4, 1)],
  [IP_MINTTL, LEAST_TTL],
  [IP_MTU_DISCOVER, MTU_DISCOVER],
  [IP_MTU, PATH_MTU],
  [IP_RECVERR, flag('recvErr')],
  [IP_HDRINCL, rawFlag('hdrIncl')],
  [IP_FREEBIND, flag('freebind')],
  [IP_TRANSPARENT, flag('transparent')],
  [IP_BIND_ADDRESS_NO_PORT, flag('bindAddressNoPort')],
  [IP_MULTICAST_TTL, multicastHopLimit(EINVAL)],
  [IP_MULTICAST_LOOP, flag('multicastLoop')],
  [IP_MULTICAST_ALL, strictFlag('multicastAll')],
  [IP_LOCAL_PORT_RANGE, PORT_RANGE],
  [IP_UNICAST_IF, unicastInterface('unicastInterface4')],
])

function integerOf(options: IpSocketOptions, name: number): IntegerOption | undefined {
  return (options.family === AF_INET6 ? MAPPED.get(name) : undefined) ?? INTEGERS.get(name)
}

/** Sets a `SOL_IP` option: 0 or a negative error number. */
export function setIpOption(options: IpSocketOptions, name: number, value: OptionValue): number {
  const { type } = options.socket
  if (name === IP_OPTIONS) return setHeaderOptions(options, value)
  if (name === IP_MULTICAST_IF) return type === SOCK_STREAM ? -EINVAL : setMulticastInterface(options, 4, value)
  const wanted = WANTED.get(name)
  if (wanted !== undefined) {
    return name === IP_RECVFRAGSIZE && type === SOCK_STREAM ? -EINVAL : options.want(wanted, value)
  }
  const number = optionInteger(value)
  if (Number.isNaN(number)) return -EINVAL
  return integerOf(options, name)?.set(options, number) ?? -ENOPROTOOPT
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
  if (name === IP_MULTICAST_IF) return options.forVersion(4).multicastInterface
  if (name === IP_OPTIONS) return options.ipOptions?.slice() ?? new Uint8Array(0)
  return integerOf(options, name)?.get(options) ?? new OptionFailure(ENOPROTOOPT)
}
