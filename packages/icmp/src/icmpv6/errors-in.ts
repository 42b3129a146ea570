import { type IpAddressSlot, setSlot } from '@jackfield/addr'
import {
  EHOSTUNREACH,
  EMSGSIZE,
  EPROTO,
  ERROR_PACKET_TOO_BIG,
  ERROR_PARAMETER_PROBLEM,
  ERROR_REASSEMBLY_TIMEOUT,
  ERROR_TTL_EXCEEDED,
  IcmpReport,
  type NetworkHeader,
  type NetworkLayer,
} from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import * as wire from '../wire/icmpv6.js'
import { PARAMETER_PROBLEMS, UNREACHABLES } from './error-table.js'

/** Bytes of the quoted packet that every error must have: its fixed header. */
const IPV6_HEADER_LENGTH = 40

/** Reads ICMPv6 errors and tells the network layer, which knows whose packets they quote. */
export class ErrorsIn {
  private readonly network: NetworkLayer
  private readonly message = new wire.Icmpv6Message()
  private readonly report = new IcmpReport()

  constructor(network: NetworkLayer) {
    this.network = network
  }

  /**
   * An error whose checksum is right, of 8 bytes or more. Borrows the packet; may take extensions off its end.
   * @returns false: malformed, to be counted
   */
  receive(packet: Packet, header: NetworkHeader): boolean {
    const { message, report } = this
    if (!wire.parseIcmpv6(packet.view, packet.start, packet.end, message)) return false
    const quote = message.dataStart
    if (message.quoteEnd - quote < IPV6_HEADER_LENGTH || packet.view.getUint8(quote) >>> 4 !== 6) return false
    // The extension structure (RFC 4884 section 7) is no part of the quote.
    packet.end = message.quoteEnd
    this.classify(header)
    report.packet = packet
    report.quoteStart = quote
    this.network.dispatchError(report)
    report.packet = null
    return true
  }

  /** Fills the report as Linux's `icmpv6_err_convert`: errors of types that nobody knows reach the transport too (RFC 4443 2.4 a). */
  private classify(header: NetworkHeader): void {
    const { message, report } = this
    report.version = 6
    report.type = message.type
    report.code = message.code
    report.kind = ERROR_PARAMETER_PROBLEM
    report.errno = EPROTO
    report.info = 0
    report.fatal = false
    report.interfaceIndex = header.interfaceIndex
    setSlot(report.offender as IpAddressSlot, header.source)
    switch (message.type) {
      case wire.ICMPV6_DEST_UNREACH: {
        const meaning = UNREACHABLES[message.code]
        report.fatal = true
        if (meaning === undefined) break
        report.kind = meaning.kind
        report.errno = meaning.errno
        report.fatal = meaning.fatal
        break
      }
      case wire.ICMPV6_PKT_TOOBIG:
        report.kind = ERROR_PACKET_TOO_BIG
        report.errno = EMSGSIZE
        report.info = message.mtu
        break
      case wire.ICMPV6_TIME_EXCEED:
        report.kind = message.code === wire.ICMPV6_EXC_FRAGTIME ? ERROR_REASSEMBLY_TIMEOUT : ERROR_TTL_EXCEEDED
        report.errno = EHOSTUNREACH
        break
      case wire.ICMPV6_PARAMPROB:
        report.kind = PARAMETER_PROBLEMS[message.code] ?? ERROR_PARAMETER_PROBLEM
        report.fatal = true
        report.info = message.pointer
    }
  }
}
