import { IpAddress } from '@jackfield/addr'
import type { CounterGroup, NetworkInterface } from '@jackfield/interfaces'
import { type MembershipProtocol, REPORT_ONLY } from '@jackfield/ip'
import { checksum, type Packet, type PacketPool } from '@jackfield/packet'
import type { IgmpConfigurations } from './configuration.js'
import {
  IGMP_LEAVE_GROUP,
  IGMP_MIN_LENGTH,
  IGMP_V1_MEMBERSHIP_REPORT,
  IGMP_V2_MEMBERSHIP_REPORT,
  IGMP_V3_MEMBERSHIP_REPORT,
  writeIgmp,
} from './wire.js'

/** All multicast routers, to whom leaves go (RFC 2236 9). */
const ALL_ROUTERS: IpAddress = /* @__PURE__ */ IpAddress.v4(0xe000_0002)
/** All IGMPv3-capable multicast routers. */
const IGMP_V3_ROUTERS: IpAddress = /* @__PURE__ */ IpAddress.v4(0xe000_0016)

/** How IGMP's messages leave. */
export type IgmpSend = (packet: Packet, destination: IpAddress, networkInterface: NetworkInterface) => void

/** The messages that a host sends. */
export class IgmpOutput implements MembershipProtocol {
  readonly pool: PacketPool
  readonly addressLength = 4
  /** With the Router Alert option. */
  readonly headerLength = 24
  readonly leastMtu = 68
  readonly filterReportType: number = IGMP_V3_MEMBERSHIP_REPORT
  private readonly counters: CounterGroup
  private readonly configurations: IgmpConfigurations
  private readonly send: IgmpSend

  constructor(pool: PacketPool, counters: CounterGroup, configurations: IgmpConfigurations, send: IgmpSend) {
    this.pool = pool
    this.counters = counters
    this.configurations = configurations
    this.send = send
  }

  /** 224.0.0.0/24 is not routed, so that reporting it serves only switches that listen. */
  reports(group: IpAddress): boolean {
    return group.w3 >>> 8 !== 0xe0_0000 || this.configurations.linkLocalReports !== 0
  }

  sendFilterReport(packet: Packet, networkInterface: NetworkInterface): void {
    const { view, start, end } = packet
    view.setUint16(start + 2, checksum(view, start, end))
    this.count('IgmpOutReports')
    this.send(packet, IGMP_V3_ROUTERS, networkInterface)
  }

  sendGroupReport(group: IpAddress, version: number, networkInterface: NetworkInterface): void {
    this.count('IgmpOutReports')
    const type = version === REPORT_ONLY ? IGMP_V1_MEMBERSHIP_REPORT : IGMP_V2_MEMBERSHIP_REPORT
    this.sendSimple(type, group, group, networkInterface)
  }

  sendLeave(group: IpAddress, networkInterface: NetworkInterface): void {
    this.count('IgmpOutLeaves')
    this.sendSimple(IGMP_LEAVE_GROUP, group, ALL_ROUTERS, networkInterface)
  }

  private sendSimple(type: number, group: IpAddress, destination: IpAddress, networkInterface: NetworkInterface): void {
    const packet = this.pool.allocate(IGMP_MIN_LENGTH)
    writeIgmp(packet.view, packet.start, type, 0, group)
    this.send(packet, destination, networkInterface)
  }

  private count(name: string): void {
    this.counters[name] = (this.counters[name] ?? 0) + 1
  }
}
