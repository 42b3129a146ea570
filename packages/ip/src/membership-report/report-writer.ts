import type { IpAddress } from '@jackfield/addr'
import type { NetworkInterface } from '@jackfield/interfaces'
import { CHANGE_TO_EXCLUDE_MODE, MODE_IS_EXCLUDE } from '../group-filter.js'
import type { MembershipProtocol } from './protocol.js'

/** Bytes before the records, and of a record before its addresses (RFC 3376 4.2, RFC 3810 5.2). */
const REPORT_LENGTH = 8
const RECORD_LENGTH = 4

interface GroupRecord {
  readonly type: number
  readonly group: IpAddress
  readonly sources: readonly IpAddress[]
}

/** Gathers group records into as few reports as the interface's MTU allows. IGMPv3's and MLDv2's differ only in their addresses. */
export class ReportWriter {
  private readonly protocol: MembershipProtocol
  private readonly networkInterface: NetworkInterface
  private records: GroupRecord[] = []
  private length = REPORT_LENGTH

  constructor(protocol: MembershipProtocol, networkInterface: NetworkInterface) {
    this.protocol = protocol
    this.networkInterface = networkInterface
  }

  /** Adds a record, and sends what is full. */
  add(type: number, group: IpAddress, sources: readonly IpAddress[]): void {
    const { addressLength, headerLength, leastMtu } = this.protocol
    const capacity = Math.max(this.networkInterface.mtu, leastMtu) - headerLength
    const bare = RECORD_LENGTH + addressLength
    const most = Math.floor((capacity - REPORT_LENGTH - bare) / addressLength)
    // RFC 3376 4.2.16: sources that do not fit go into another report, but an exclude list stands in one record and is cut.
    const whole = type === MODE_IS_EXCLUDE || type === CHANGE_TO_EXCLUDE_MODE ? sources.slice(0, most) : sources
    let from = 0
    do {
      const part = whole.slice(from, from + most)
      const length = bare + addressLength * part.length
      if (this.length + length > capacity) this.flush()
      this.records.push({ type, group, sources: part })
      this.length += length
      from += most
    } while (from < whole.length)
  }

  /** Sends what there is. */
  flush(): void {
    const { records, protocol } = this
    if (records.length === 0) return
    const packet = protocol.pool.allocate(this.length)
    this.records = []
    this.length = REPORT_LENGTH
    const { view, start } = packet
    view.setUint32(start, protocol.filterReportType << 24)
    view.setUint32(start + 4, records.length)
    let at = start + REPORT_LENGTH
    for (const { type, group, sources } of records) {
      view.setUint8(at, type)
      view.setUint8(at + 1, 0)
      view.setUint16(at + 2, sources.length)
      group.writeTo(view, at + RECORD_LENGTH)
      at += RECORD_LENGTH + protocol.addressLength
      for (const source of sources) {
        source.writeTo(view, at)
        at += protocol.addressLength
      }
    }
    protocol.sendFilterReport(packet, this.networkInterface)
  }
}
