import {
  EINVAL,
  ENOPROTOOPT,
  IPV6_ADDR_PREFERENCES,
  IPV6_ADDRFORM,
  IPV6_AUTOFLOWLABEL,
  IPV6_DONTFRAG,
  IPV6_DSTOPTS,
  IPV6_FLOWINFO,
  IPV6_FLOWINFO_SEND,
  IPV6_FREEBIND,
  IPV6_HDRINCL,
  IPV6_HOPOPTS,
  IPV6_MINHOPCOUNT,
  IPV6_MTU,
  IPV6_MTU_DISCOVER,
  IPV6_MULTICAST_ALL,
  IPV6_MULTICAST_HOPS,
  IPV6_MULTICAST_IF,
  IPV6_MULTICAST_LOOP,
  IPV6_PATHMTU,
  IPV6_PKTINFO,
  IPV6_RECVDSTOPTS,
  IPV6_RECVERR,
  IPV6_RECVFRAGSIZE,
  IPV6_RECVHOPLIMIT,
  IPV6_RECVHOPOPTS,
  IPV6_RECVORIGDSTADDR,
  IPV6_RECVPATHMTU,
  IPV6_RECVPKTINFO,
  IPV6_RECVRTHDR,
  IPV6_RECVTCLASS,
  IPV6_TCLASS,
  IPV6_TRANSPARENT,
  IPV6_UNICAST_HOPS,
  IPV6_UNICAST_IF,
  IPV6_V6ONLY,
  OptionFailure,
  type OptionValue,
  SOCK_RAW,
  SOCK_STREAM,
} from '@jackfield/interfaces'
import {
  WANT_DSTOPTS,
  WANT_FLOWINFO,
  WANT_FRAGSIZE6,
  WANT_HOPLIMIT,
  WANT_HOPOPTS,
  WANT_ORIGDST6,
  WANT_PKTINFO6,
  WANT_RTHDR,
  WANT_TCLASS,
} from './control.js'
import { setMulticastInterface } from './group-options.js'
import {
  flag,
  hopLimit,
  type IntegerOption,
  LEAST_TTL,
  MTU_DISCOVER,
  multicastHopLimit,
  rawFlag,
  strictFlag,
  TRAFFIC_CLASS,
} from './integer-option.js'
import type { IpSocketOptions } from './ip-socket-options.js'
import { optionInteger } from './option-integer.js'
import {
  ADDRESS_FORM,
  FRAGMENT_SIZE,
  getOptionsHeader,
  getPathMtu,
  RECEIVE_PATH_MTU,
  SOURCE_PREFERENCES,
  setOptionsHeader,
  setPacketInfo,
  unicastInterface,
} from './rare-options.js'

/** Options that only ask for a control message. */
const WANTED: ReadonlyMap<number, number> = new Map([
  [IPV6_RECVPKTINFO, WANT_PKTINFO6],
  [IPV6_RECVHOPLIMIT, WANT_HOPLIMIT],
  [IPV6_RECVORIGDSTADDR, WANT_ORIGDST6],
  [IPV6_RECVTCLASS, WANT_TCLASS],
  [IPV6_RECVFRAGSIZE, WANT_FRAGSIZE6],
  [IPV6_FLOWINFO, WANT_FLOWINFO],
  [IPV6_RECVHOPOPTS, WANT_HOPOPTS],
  [IPV6_RECVRTHDR, WANT_RTHDR],
  [IPV6_RECVDSTOPTS, WANT_DSTOPTS],
])

/** Fixed once the socket is bound. */
const ONLY_IPV6: IntegerOption = {
  set(options, value) {
    // A raw socket is bound to its protocol from the start.
    if ((options.socket.localPort ?? 0) !== 0 || options.socket.type === SOCK_RAW) return -EINVAL
    options.v6only = value !== 0
    return 0
  },
  get: (options) => Number(options.v6only),
}

/** Whether packets without a label get one by their flow (RFC 6437); not set, the host decides (`net.ipv6.auto_flowlabels`). */
const AUTO_FLOW_LABEL: IntegerOption = {
  set(options, value) {
    options.autoFlowLabel = Number(value !== 0)
    return 0
  },
  get: (options) => (options.autoFlowLabel < 0 ? 1 : options.autoFlowLabel),
}

const INTEGERS: ReadonlyMap<number, IntegerOption> = new Map<number, IntegerOption>([
  [IPV6_V6ONLY, ONLY_IPV6],
  [IPV6_UNICAST_HOPS, hopLimit(6, 0)],
  [IPV6_MULTICAST_HOPS, multicastHopLimit(ENOPROTOOPT)],
  [IPV6_MULTICAST_LOOP, strictFlag('multicastLoop')],
  [IPV6_MULTICAST_ALL, flag('multicastAll')],
  [IPV6_TCLASS, TRAFFIC_CLASS],
  [IPV6_MINHOPCOUNT, LEAST_TTL],
  [IPV6_MTU_DISCOVER, MTU_DISCOVER],
  [IPV6_MTU, FRAGMENT_SIZE],
  [IPV6_DONTFRAG, flag('dontFragment')],
  [IPV6_RECVERR, flag('recvErr')],
  [IPV6_FREEBIND, flag('freebind')],
  [IPV6_TRANSPARENT, flag('transparent')],
  [IPV6_FLOWINFO_SEND, flag('flowInfoSend')],
  [IPV6_AUTOFLOWLABEL, AUTO_FLOW_LABEL],
  [IPV6_HDRINCL, rawFlag('hdrIncl')],
  [IPV6_ADDRFORM, ADDRESS_FORM],
  [IPV6_ADDR_PREFERENCES, SOURCE_PREFERENCES],
  [IPV6_RECVPATHMTU, RECEIVE_PATH_MTU],
  [IPV6_UNICAST_IF, unicastInterface('unicastInterface6')],
])

/**
 * Sets a `SOL_IPV6` option of an `AF_INET6` socket: 0 or a negative error number. What has a twin at `SOL_IP` shares
 * its state: a socket that speaks both versions has one hop limit and one traffic class.
 */
export function setIpv6Option(options: IpSocketOptions, name: number, value: OptionValue): number {
  const { type } = options.socket
  if (name === IPV6_MULTICAST_IF) return type === SOCK_STREAM ? -ENOPROTOOPT : setMulticastInterface(options, 6, value)
  const wanted = WANTED.get(name)
  if (wanted !== undefined) return options.want(wanted, value)
  if (name === IPV6_PKTINFO) return setPacketInfo(options, value)
  if (name === IPV6_HOPOPTS) return setOptionsHeader(options, 'hopByHop', value)
  if (name === IPV6_DSTOPTS) return setOptionsHeader(options, 'destinationOptions', value)
  const number = optionInteger(value)
  if (Number.isNaN(number)) return -EINVAL
  return INTEGERS.get(name)?.set(options, number) ?? -ENOPROTOOPT
}

/** The value of a `SOL_IPV6` option. */
export function getIpv6Option(options: IpSocketOptions, name: number): OptionValue | OptionFailure {
  const wanted = WANTED.get(name)
  if (wanted !== undefined) return Number((options.wantedControl & wanted) !== 0)
  if (name === IPV6_MULTICAST_IF) return options.multicastInterface
  if (name === IPV6_HOPOPTS) return getOptionsHeader(options, 'hopByHop')
  if (name === IPV6_DSTOPTS) return getOptionsHeader(options, 'destinationOptions')
  if (name === IPV6_PATHMTU) return getPathMtu(options)
  return INTEGERS.get(name)?.get(options) ?? new OptionFailure(ENOPROTOOPT)
}
