import { IpAddress } from '@jackfield/addr'
import type { NetworkInterface } from '@jackfield/interfaces'
import { CHANGE_TO_EXCLUDE_MODE, MODE_IS_EXCLUDE } from '@jackfield/ip'
import { checksum, type Packet, type PacketPool } from '@jackfield/packet'
import { IGMP_RECORD_LENGTH, IGMP_V3_MEMBERSHIP_REPORT } from './wire.js'

/** All IGMPv3-capable multicast routers. */
export const IGMP_V3_ROUTERS: IpAddress = /* @__PURE__ */ IpAddress.v4(0xe000_0016)

/** An IPv4 header with the Router Alert option. */
const HEADER_LENGTH = 24
const REPORT_LENGTH = 8
/** The least MTU that IPv4 has leaves room for a record with one source. */
const LEAST_CAPACITY = 68 - HEADER_LENGTH

interface GroupRecord {
  readonly type: number
  readonly group: IpAddress
  readonly sources: readonly IpAddress[]
}

/** Gathers group records into as few IGMPv3 reports as the interface's MTU allows. */
export class ReportWriter {
  private readonly pool: PacketPool
  private readonly send: (packet: Packet, destination: IpAddress, networkInterface: NetworkInterface) => void
  private records: GroupRecord[] = []
  private length = REPORT_LENGTH

  constructor(
    pool: PacketPool,
    send: (packet: Packet, destination: IpAddress, networkInterface: NetworkInterface) => void,
  ) {
    this.pool = pool
    this.send = send
  }

  /** Adds a record, and sends what is full. */
  add(networkInterface: NetworkInterface, type: number, group: IpAddress, sources: readonly IpAddress[]): void {
    const capacity = Math.max(networkInterface.mtu - HEADER_LENGTH, LEAST_CAPACITY)
    const most = Math.floor((capacity - REPORT_LENGTH - IGMP_RECORD_LENGTH) / 4)
    // RFC 3376 4.2.16: sources that do not fit go into another report, but an exclude list stands in one record and is cut.
    const whole = type === MODE_IS_EXCLUDE || type === CHANGE_TO_EXCLUDE_MODE ? sources.slice(0, most) : sources
    let from = 0
    do {
      const part = whole.slice(from, from + most)
      const length = IGMP_RECORD_LENGTH + 4 * part.length
      if (this.length + length > capacity) this.flush(networkInterface)
      this.records.push({ type, group, sources: part })
      this.length += length
      from += most
    } while (from < whole.length)
  }

  /** Sends what there is. */
  flush(networkInterface: NetworkInterface): void {
    const { records } = this
    if (records.length === 0) return
    const packet = this.pool.allocate(this.length)
    this.records = []
    this.length = REPORT_LENGTH
    const { view, start } = packet
    view.setUint32(start, IGMP_V3_MEMBERSHIP_REPORT << 24)
    view.setUint32(start + 4, records.length)
    let at = start + REPORT_LENGTH
    for (const { type, group, sources } of records) {
      view.setUint8(at, type)
      view.setUint8(at + 1, 0)
      view.setUint16(at + 2, sources.length)
      view.setInt32(at + 4, group.w3)
      at += IGMP_RECORD_LENGTH
      for (const source of sources) {
        view.setInt32(at, source.w3)
        at += 4
      }
    }
    view.setUint16(start + 2, checksum(view, start, at))
    this.send(packet, IGMP_V3_ROUTERS, networkInterface)
  }
}
