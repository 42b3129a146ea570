import { IpAddress } from '@jackfield/addr'
import type { Clock, RandomSource } from '@jackfield/clock'
import {
  CAST_UNICAST,
  type CounterGroup,
  fieldSetting,
  type NetworkHeader,
  type NetworkInterface,
  type Setting,
} from '@jackfield/interfaces'
import { type GroupFilter, type GroupMembership, MembershipQuery, MembershipReporters } from '@jackfield/ip'
import { checksum, type Packet, type PacketPool } from '@jackfield/packet'
import { IgmpConfigurations } from './configuration.js'
import { IgmpOutput } from './output.js'
import {
  decodeIgmpCode,
  IGMP_LEAVE_GROUP,
  IGMP_MEMBERSHIP_QUERY,
  IGMP_V1_MEMBERSHIP_REPORT,
  IGMP_V2_MEMBERSHIP_REPORT,
  IGMP_V3_MEMBERSHIP_REPORT,
  IgmpMessage,
  readIgmp,
} from './wire.js'

/** All systems on the subnet: joined on every interface, never reported (RFC 3376 6). */
export const ALL_SYSTEMS: IpAddress = /* @__PURE__ */ IpAddress.v4(0xe000_0001)

const MOST = 2_147_483_647

/** Max Resp Time counts in tenths of a second; here in microseconds. */
const TENTH = 100_000

/** What IGMP is made with. */
export interface IgmpOptions {
  readonly clock: Clock
  readonly random: RandomSource
  readonly pool: PacketPool
  readonly groups: GroupMembership
  /**
   * Sends an IGMP message (window at it, checksum complete). Takes it. It leaves by this interface alone, with TTL 1, TOS 0xc0 and the
   * Router Alert option, from the interface's primary address or 0.0.0.0 (RFC 3376 4 and 4.2.13).
   */
  send(packet: Packet, destination: IpAddress, networkInterface: NetworkInterface): void
}

/**
 * IGMP, the host's side: versions 1 to 3 as the queriers of a link speak them (RFC 1112, RFC 2236, RFC 3376). It holds one timer for
 * each interface, and only what the groups that were joined need.
 */
export class Igmp {
  /** For `Host.addCounters`. */
  readonly counters: CounterGroup = {
    IgmpInMsgs: 0,
    IgmpInErrors: 0,
    IgmpInCsumErrors: 0,
    IgmpInQueries: 0,
    IgmpInReports: 0,
    IgmpInLeaves: 0,
    IgmpInUnknown: 0,
    IgmpInIgnored: 0,
    IgmpOutReports: 0,
    IgmpOutLeaves: 0,
  }
  private readonly groups: GroupMembership
  private readonly configurations = new IgmpConfigurations()
  private readonly reporters: MembershipReporters
  private readonly message = new IgmpMessage()
  private readonly query = new MembershipQuery()

  constructor(options: IgmpOptions) {
    this.groups = options.groups
    const { clock, random } = options
    const { configurations } = this
    const protocol = new IgmpOutput(options.pool, this.counters, configurations, options.send)
    this.reporters = new MembershipReporters({ clock, random, protocol, configurations })
  }

  /** The settings of all interfaces together, and the limits of the membership table. */
  settings(): readonly Setting[] {
    const { groups, configurations } = this
    return [
      fieldSetting('net.ipv4.igmp_qrv', 1, 255, configurations, 'robustness'),
      fieldSetting('net.ipv4.igmp_link_local_mcast_reports', 0, 1, configurations, 'linkLocalReports'),
      fieldSetting('net.ipv4.igmp_max_memberships', 0, MOST, groups, 'maxMemberships'),
      fieldSetting('net.ipv4.igmp_max_msf', 0, MOST, groups, 'maxSources'),
    ]
  }

  /** The settings of one interface, of all, or of those to come. */
  interfaceSettings(networkInterface: NetworkInterface | 'all' | 'default'): readonly Setting[] {
    return this.configurations.settings(networkInterface)
  }

  /** An interface came: joins 224.0.0.1 on it. */
  addInterface(networkInterface: NetworkInterface): void {
    this.reporters.add(networkInterface)
    this.groups.join(networkInterface, ALL_SYSTEMS)
  }

  /** An interface is gone, and all groups on it. */
  removeInterface(networkInterface: NetworkInterface): void {
    this.reporters.remove(networkInterface)
    this.groups.removeInterface(networkInterface)
  }

  /** An interface came up (what was joined is reported again) or went down (its queriers are forgotten). */
  interfaceChanged(networkInterface: NetworkInterface): void {
    this.reporters.of(networkInterface)?.interfaceChanged()
  }

  /** For `GroupMembershipOptions.changed`. */
  changed(networkInterface: NetworkInterface, group: IpAddress, _before: GroupFilter, after: GroupFilter): void {
    if (group.w3 === ALL_SYSTEMS.w3) return
    this.reporters.of(networkInterface)?.changed(group, after)
  }

  /** An IGMP packet came in; its window begins at the message. Takes it. */
  receive(packet: Packet, header: NetworkHeader, networkInterface: NetworkInterface): void {
    this.counters['IgmpInMsgs'] = (this.counters['IgmpInMsgs'] as number) + 1
    const name = this.read(packet, header, networkInterface)
    this.counters[name] = (this.counters[name] as number) + 1
    packet.release()
  }

  /** Ends it: no timer stays. */
  close(): void {
    this.reporters.close()
  }

  /** Acts on a message, and answers under which name it counts. */
  private read(packet: Packet, header: NetworkHeader, networkInterface: NetworkInterface): string {
    const { message } = this
    const { view, start, end } = packet
    if (!readIgmp(view, start, end, message)) return 'IgmpInErrors'
    if (checksum(view, start, end) !== 0) return 'IgmpInCsumErrors'
    const here = this.reporters.of(networkInterface)
    const { group } = message
    switch (message.type) {
      case IGMP_MEMBERSHIP_QUERY:
        // A general query names no sources (RFC 3376 4.1.9).
        if (group.w3 === 0 ? message.sources > 0 : !group.isMulticast) return 'IgmpInErrors'
        if (here === undefined) return 'IgmpInIgnored'
        this.decode(view, networkInterface)
        here.query(this.query)
        return 'IgmpInQueries'
      case IGMP_V1_MEMBERSHIP_REPORT:
      case IGMP_V2_MEMBERSHIP_REPORT:
        if (!group.isMulticast) return 'IgmpInErrors'
        // A report that only this host was sent tells the routers nothing (as Linux).
        if (here === undefined || header.cast === CAST_UNICAST) return 'IgmpInIgnored'
        here.heard(group)
        return 'IgmpInReports'
      case IGMP_V3_MEMBERSHIP_REPORT:
        return 'IgmpInReports'
      case IGMP_LEAVE_GROUP:
        return 'IgmpInLeaves'
      default:
        return 'IgmpInUnknown'
    }
  }

  /** What the query that was read asks. */
  private decode(view: DataView, networkInterface: NetworkInterface): void {
    const { message, query } = this
    const knowsFilters = message.version === 3
    query.version = message.version
    query.longest = (knowsFilters ? decodeIgmpCode(message.code) : message.code) * TENTH
    query.group = message.group.w3 === 0 ? null : message.group
    query.sources = this.sourcesOf(view, networkInterface)
    query.robustness = message.robustness
    query.interval = knowsFilters ? decodeIgmpCode(message.intervalCode) : 0
  }

  /** The sources of a query for a group that is joined; nothing is made of others. */
  private sourcesOf(view: DataView, networkInterface: NetworkInterface): readonly IpAddress[] {
    const { message } = this
    if (message.sources === 0 || !this.groups.isMember(networkInterface.index, message.group)) return []
    const sources: IpAddress[] = []
    for (let i = 0; i < message.sources; i++) sources.push(IpAddress.readV4(view, message.sourcesAt + 4 * i))
    return sources
  }
}
