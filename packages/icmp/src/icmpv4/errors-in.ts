import { type IpAddressSlot, setSlot, setSlotV4 } from '@jackfield/addr'
import {
  CAST_BROADCAST,
  CAST_UNICAST,
  EHOSTUNREACH,
  EPROTO,
  ERROR_PARAMETER_PROBLEM,
  ERROR_TTL_EXCEEDED,
  IcmpReport,
  type NetworkHeader,
  type NetworkLayer,
} from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import type { IcmpSettings } from '../settings.js'
import {
  ICMP_DEST_UNREACH,
  ICMP_EXC_FRAGTIME,
  ICMP_FRAG_NEEDED,
  ICMP_PARAMETERPROB,
  ICMP_REDIR_HOSTTOS,
  ICMP_REDIRECT,
  ICMP_SOURCE_QUENCH,
  ICMP_TIME_EXCEEDED,
  Icmpv4Message,
  parseIcmpv4,
} from '../wire/icmpv4.js'
import { UNREACHABLES } from './error-table.js'

/** Quoted transport bytes that every error must have (RFC 792): enough to tell the socket. */
const QUOTED_TRANSPORT_BYTES = 8

/** Reads ICMP errors and tells the network layer, which knows whose packets they quote. */
export class ErrorsIn {
  private readonly network: NetworkLayer
  private readonly settings: IcmpSettings
  private readonly message = new Icmpv4Message()
  private readonly report = new IcmpReport()
  private readonly destination = new IcmpReport().destination

  constructor(network: NetworkLayer, settings: IcmpSettings) {
    this.network = network
    this.settings = settings
  }

  /**
   * An error whose checksum is right, of 8 bytes or more. Borrows the packet; may take extensions off its end.
   * @returns false: malformed, to be counted
   */
  receive(packet: Packet, header: NetworkHeader): boolean {
    const { message, network, destination } = this
    const { view } = packet
    if (!parseIcmpv4(view, packet.start, packet.end, message)) return false
    const quote = message.dataStart
    const end = message.quoteEnd
    if (end - quote < 20) return false
    const headerLength = (view.getUint8(quote) & 0x0f) * 4
    if (view.getUint8(quote) >>> 4 !== 4 || headerLength < 20) return false
    // RFC 6633 section 3: source quench has no effect on anything.
    if (message.type === ICMP_SOURCE_QUENCH) return true
    if (end - quote < headerLength + QUOTED_TRANSPORT_BYTES) return false
    setSlotV4(destination as IpAddressSlot, view.getInt32(quote + 16))
    if (message.type === ICMP_REDIRECT) return this.redirect(packet, header)
    // The extension structure (RFC 4884 section 7) is no part of the quote.
    packet.end = end
    if (!this.classify(header)) return true
    if (
      !this.settings.ignoreBogusErrorResponses &&
      network.castOf(destination, header.interfaceIndex) === CAST_BROADCAST
    ) {
      return false
    }
    const { report } = this
    report.packet = packet
    report.quoteStart = quote
    network.dispatchError(report)
    report.packet = null
    return true
  }

  /** Fills the report. @returns false for codes that mean nothing to a transport */
  private classify(header: NetworkHeader): boolean {
    const { message, report } = this
    report.version = 4
    report.type = message.type
    report.code = message.code
    report.info = 0
    report.fatal = false
    report.interfaceIndex = header.interfaceIndex
    setSlot(report.offender as IpAddressSlot, header.source)
    switch (message.type) {
      case ICMP_DEST_UNREACH: {
        const meaning = UNREACHABLES[message.code]
        if (meaning === undefined) return false
        report.kind = meaning.kind
        report.errno = meaning.errno
        report.fatal = meaning.fatal
        if (message.code === ICMP_FRAG_NEEDED) report.info = message.mtu
        return true
      }
      case ICMP_TIME_EXCEEDED:
        // That a datagram was not put together in time is counted and no more, as in Linux.
        if (message.code === ICMP_EXC_FRAGTIME) return false
        report.kind = ERROR_TTL_EXCEEDED
        report.errno = EHOSTUNREACH
        return true
      case ICMP_PARAMETERPROB:
        report.kind = ERROR_PARAMETER_PROBLEM
        report.errno = EPROTO
        report.fatal = true
        report.info = message.pointer
        return true
      default:
        return false
    }
  }

  /** RFC 1122 3.2.2.2. Whether the sender is our gateway and redirects are wanted is for the network layer to say. */
  private redirect(packet: Packet, header: NetworkHeader): boolean {
    const { message, network, report } = this
    if (message.code > ICMP_REDIR_HOSTTOS) return false
    const { gateway } = message
    // A gateway is one host, and the redirected packet was ours.
    if (gateway.isUnspecified || network.castOf(gateway, header.interfaceIndex) !== CAST_UNICAST) return false
    setSlotV4(report.source as IpAddressSlot, packet.view.getInt32(message.dataStart + 12))
    if (!network.isLocal(report.source, 0)) return false
    network.redirect(this.destination, gateway, header.source, header.interfaceIndex)
    return true
  }
}
