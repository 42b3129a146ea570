import { type IpAddress, SocketAddress } from '@jackfield/addr'
import {
  AF_INET6,
  type ControlData,
  type ControlMessage,
  EINVAL,
  ENODEV,
  type Host,
  IP_ORIGDSTADDR,
  IP_PKTINFO,
  IP_RECVFRAGSIZE,
  IP_RECVOPTS,
  IP_TOS,
  IP_TTL,
  IPV6_DONTFRAG,
  IPV6_DSTOPTS,
  IPV6_FLOWINFO,
  IPV6_HOPLIMIT,
  IPV6_HOPOPTS,
  IPV6_ORIGDSTADDR,
  IPV6_PKTINFO,
  IPV6_RECVFRAGSIZE,
  IPV6_RTHDR,
  IPV6_TCLASS,
  type Message,
  type NetworkHeader,
  type PacketInfo,
  SO_MARK,
  SO_PRIORITY,
  SO_RXQ_OVFL,
  SO_TIMESTAMP,
  SO_TIMESTAMPNS,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
} from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import { eachExtension, optionsHeader } from './extension-headers.js'
import type { IpSocketOptions } from './ip-socket-options.js'
import { needsZone } from './zone.js'

// Bits of `IpSocketOptions.wantedControl`.
export const WANT_TTL: number = 1 << 0
export const WANT_TOS: number = 1 << 1
export const WANT_PKTINFO: number = 1 << 2
export const WANT_ORIGDST: number = 1 << 3
export const WANT_OPTIONS: number = 1 << 4
export const WANT_FRAGSIZE: number = 1 << 5
export const WANT_TIMESTAMP: number = 1 << 6
export const WANT_TIMESTAMPNS: number = 1 << 7
export const WANT_OVERFLOW: number = 1 << 8
export const WANT_HOPLIMIT: number = 1 << 9
export const WANT_TCLASS: number = 1 << 10
export const WANT_PKTINFO6: number = 1 << 11
export const WANT_ORIGDST6: number = 1 << 12
export const WANT_FRAGSIZE6: number = 1 << 13
export const WANT_FLOWINFO: number = 1 << 14
export const WANT_HOPOPTS: number = 1 << 15
export const WANT_RTHDR: number = 1 << 16
export const WANT_DSTOPTS: number = 1 << 17
const WANT_EXTENSIONS: number = WANT_HOPOPTS | WANT_RTHDR | WANT_DSTOPTS

/** What a send call's ancillary data asks for. One reused object a transport: `read` begins anew. */
export class SendControl {
  /** -1: the socket's. */
  ttl = -1
  tos = -1
  mark = -1
  priority = -1
  /** Flow label, -1: the socket's. */
  flowLabel = -1
  /** `IPV6_DONTFRAG`: 0 or 1, -1: the socket's. */
  dontFragment = -1
  /** Interface to send by, 0: the socket's. */
  interfaceIndex = 0
  /** Source to use, or null for the socket's. */
  source: IpAddress | null = null
  /** Whether it names options headers, which are then all of the message's. */
  extensions = false
  hopByHop: Uint8Array | null = null
  destinationOptions: Uint8Array | null = null

  /**
   * Reads the messages of `SOL_SOCKET`, `SOL_IP` and (for `AF_INET6`) `SOL_IPV6`; other levels are the transport's.
   * @returns 0; `-EINVAL` for one that Linux does not take when sending or a value out of range; `-ENODEV` where the host has no such
   * interface as `IPV6_PKTINFO` names
   */
  read(control: readonly ControlMessage[], family: number, host: Pick<Host, 'interfaceByIndex'>): number {
    this.ttl = this.tos = this.mark = this.priority = this.flowLabel = this.dontFragment = -1
    this.interfaceIndex = 0
    this.source = this.hopByHop = this.destinationOptions = null
    this.extensions = false
    for (const { level, type, data } of control) {
      let good = true
      if (level === SOL_SOCKET) good = this.readSocketLevel(type, data)
      else if (level === SOL_IP) good = this.readIpLevel(type, data)
      else if (level === SOL_IPV6 && family === AF_INET6) good = this.readIpv6Level(type, data)
      if (!good) return -EINVAL
    }
    const { interfaceIndex } = this
    const missing = interfaceIndex !== 0 && host.interfaceByIndex(interfaceIndex) === undefined
    return missing && family === AF_INET6 ? -ENODEV : 0
  }

  private readSocketLevel(type: number, data: ControlData): boolean {
    if (typeof data !== 'number') return false
    if (type === SO_MARK) this.mark = data >>> 0
    else if (type === SO_PRIORITY && data >= 0) this.priority = data
    else return false
    return true
  }

  private readIpLevel(type: number, data: ControlData): boolean {
    if (type === IP_PKTINFO) return this.readPacketInfo(data)
    if (typeof data !== 'number' || !Number.isInteger(data)) return false
    if (type === IP_TTL && data >= 1 && data <= 255) this.ttl = data
    else if (type === IP_TOS && data >= 0 && data <= 255) this.tos = data
    else return false
    return true
  }

  private readIpv6Level(type: number, data: ControlData): boolean {
    if (type === IPV6_PKTINFO) return this.readPacketInfo(data)
    if (type === IPV6_HOPOPTS || type === IPV6_DSTOPTS) return this.readOptionsHeader(type, data)
    if (typeof data !== 'number' || !Number.isInteger(data)) return false
    if (type === IPV6_FLOWINFO) {
      this.flowLabel = data & 0xf_ffff
      return true
    }
    if (type === IPV6_DONTFRAG) {
      this.dontFragment = data
      return data === 0 || data === 1
    }
    if (data < -1 || data > 255) return false
    if (type === IPV6_HOPLIMIT) this.ttl = data
    else if (type === IPV6_TCLASS) this.tos = data
    else return false
    return true
  }

  private readOptionsHeader(type: number, data: ControlData): boolean {
    const header = data instanceof Uint8Array ? optionsHeader(data) : null
    if (header === null) return false
    this.extensions = true
    if (type === IPV6_HOPOPTS) this.hopByHop = header
    else this.destinationOptions = header
    return true
  }

  private readPacketInfo(data: ControlData): boolean {
    if (typeof data !== 'object' || !('interfaceIndex' in data)) return false
    const { interfaceIndex, address, specific } = data as PacketInfo
    if (!Number.isInteger(interfaceIndex) || interfaceIndex < 0) return false
    this.interfaceIndex = interfaceIndex
    // What came in with a packet can be sent back as it is: its local address, not the group that it was sent to.
    const source = specific ?? address
    this.source = source.isUnspecified || source.isMulticast ? null : source.unmapped()
    return true
  }
}

/**
 * Adds what the socket asked to be told of a received packet to `message.control`. Call it where
 * `options.wantedControl !== 0 && message.control !== null`: it allocates.
 * @param drops the queue's, for `SO_RXQ_OVFL`
 */
export function addReceiveControl(
  options: IpSocketOptions,
  packet: Packet,
  header: NetworkHeader,
  message: Message,
  destinationPort: number,
  drops: number,
): void {
  const control = message.control
  const wanted = options.wantedControl
  if (control === null || wanted === 0) return
  const add = (level: number, type: number, data: ControlData): void => {
    control.push({ level, type, data })
  }
  if ((wanted & (WANT_TIMESTAMP | WANT_TIMESTAMPNS)) !== 0) {
    const time = packet.timestamp === 0 ? options.host.clock.wallTime() : packet.timestamp
    if ((wanted & WANT_TIMESTAMPNS) !== 0) add(SOL_SOCKET, SO_TIMESTAMPNS, Math.round(time * 1000))
    else add(SOL_SOCKET, SO_TIMESTAMP, Math.floor(time))
  }
  if ((wanted & WANT_OVERFLOW) !== 0 && drops > 0) add(SOL_SOCKET, SO_RXQ_OVFL, drops)
  if ((wanted & WANT_PKTINFO6) !== 0) {
    const address = header.destination.toMapped().copy()
    add(SOL_IPV6, IPV6_PKTINFO, { interfaceIndex: header.interfaceIndex, address })
  }
  if (header.version === 4) addIpv4Control(options, packet, header, wanted, destinationPort, add)
  else addIpv6Control(packet, header, wanted, destinationPort, add)
}

type AddControl = (level: number, type: number, data: ControlData) => void

function addIpv4Control(
  options: IpSocketOptions,
  packet: Packet,
  header: NetworkHeader,
  wanted: number,
  destinationPort: number,
  add: AddControl,
): void {
  if ((wanted & WANT_PKTINFO) !== 0) add(SOL_IP, IP_PKTINFO, packetInfo(options, header))
  if ((wanted & WANT_TTL) !== 0) add(SOL_IP, IP_TTL, header.ttl)
  if ((wanted & WANT_TOS) !== 0) add(SOL_IP, IP_TOS, header.tos)
  if ((wanted & WANT_OPTIONS) !== 0 && header.headerLength > 20) {
    const at = packet.networkHeader
    add(SOL_IP, IP_RECVOPTS, packet.bytes.slice(at + 20, at + header.headerLength))
  }
  if ((wanted & WANT_ORIGDST) !== 0) {
    add(SOL_IP, IP_ORIGDSTADDR, new SocketAddress(header.destination, destinationPort))
  }
  if ((wanted & WANT_FRAGSIZE) !== 0 && header.fragmentSize > 0) add(SOL_IP, IP_RECVFRAGSIZE, header.fragmentSize)
}

const WANTED_EXTENSION: ReadonlyMap<number, number> = new Map([
  [IPV6_HOPOPTS, WANT_HOPOPTS],
  [IPV6_RTHDR, WANT_RTHDR],
  [IPV6_DSTOPTS, WANT_DSTOPTS],
])

/** As in Linux, of packets that came by IPv6 only. */
function addIpv6Control(
  packet: Packet,
  header: NetworkHeader,
  wanted: number,
  destinationPort: number,
  add: AddControl,
): void {
  if ((wanted & WANT_ORIGDST6) !== 0) {
    const { destination, interfaceIndex } = header
    const zone = needsZone(destination) ? interfaceIndex : 0
    add(SOL_IPV6, IPV6_ORIGDSTADDR, new SocketAddress(destination, destinationPort, zone))
  }
  if ((wanted & WANT_HOPLIMIT) !== 0) add(SOL_IPV6, IPV6_HOPLIMIT, header.ttl)
  if ((wanted & WANT_TCLASS) !== 0) add(SOL_IPV6, IPV6_TCLASS, header.tos)
  if ((wanted & WANT_FLOWINFO) !== 0) {
    const info = (header.tos << 20) | header.flowLabel
    if (info !== 0) add(SOL_IPV6, IPV6_FLOWINFO, info >>> 0)
  }
  if ((wanted & WANT_FRAGSIZE6) !== 0 && header.fragmentSize > 0) {
    add(SOL_IPV6, IPV6_RECVFRAGSIZE, header.fragmentSize)
  }
  if ((wanted & WANT_EXTENSIONS) !== 0 && header.hasOptions) {
    eachExtension(packet, header, (type, bytes) => {
      if ((wanted & (WANTED_EXTENSION.get(type) ?? 0)) !== 0) add(SOL_IPV6, type, bytes)
    })
  }
}

function packetInfo(options: IpSocketOptions, header: NetworkHeader): PacketInfo {
  const address = header.destination.copy()
  const interfaceIndex = header.interfaceIndex
  const own = options.host.network(header.version)
  const specific =
    own === undefined || own.isLocal(address, 0) ? address : own.sourceFor(header.source, interfaceIndex)?.copy()
  return { interfaceIndex, address, specific: specific ?? address }
}
