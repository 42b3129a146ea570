import { IpAddress, isLinkLocal } from '@jackfield/addr'
import type { Clock, RandomSource } from '@jackfield/clock'
import { fieldSetting, type NetworkHeader, type NetworkInterface, type Setting } from '@jackfield/interfaces'
import {
  type GroupFilter,
  type GroupMembership,
  MembershipQuery,
  MembershipReporters,
  REPORT_FILTERS,
  REPORT_GROUPS,
  ReportConfigurations,
} from '@jackfield/ip'
import type { Packet, PacketPool } from '@jackfield/packet'
import type { GroupReporter } from '../group-reporter.js'
import { MLD_LISTENER_QUERY, MLD_LISTENER_REPORT } from '../wire/control-type.js'
import { createMldCounters, type MldCounters } from './counters.js'
import { MldOutput, type MldSend } from './output.js'
import { decodeQueryInterval, decodeResponseCode, MldMessage, readMld } from './wire.js'

const MILLISECOND = 1000

/** What MLD is made with. */
export interface MldOptions {
  readonly clock: Clock
  readonly random: RandomSource
  readonly pool: PacketPool
  readonly groups: GroupMembership
  readonly send: MldSend
}

/** Multicast listener discovery, the host's side: versions 1 and 2 as the queriers of a link speak them (RFC 2710, RFC 3810). */
export class Mld implements GroupReporter {
  /** For `Host.addCounters`. */
  readonly counters: MldCounters = createMldCounters()
  private readonly groups: GroupMembership
  private readonly configurations = new ReportConfigurations({
    prefix: 'net.ipv6.conf',
    forceVersion: 'force_mld_version',
    groupInterval: 'mldv1_unsolicited_report_interval',
    filterInterval: 'mldv2_unsolicited_report_interval',
    versions: [REPORT_GROUPS, REPORT_FILTERS],
  })
  private readonly reporters: MembershipReporters
  private readonly output: MldOutput
  private readonly message = new MldMessage()
  private readonly query = new MembershipQuery()

  constructor(options: MldOptions) {
    const { clock, random } = options
    const { configurations } = this
    this.groups = options.groups
    this.output = new MldOutput(options.pool, options.send)
    this.reporters = new MembershipReporters({ clock, random, protocol: this.output, configurations })
  }

  /** The settings of all interfaces together, and the limits of the membership table. */
  settings(): readonly Setting[] {
    const { groups, configurations } = this
    return [
      fieldSetting('net.ipv6.mld_qrv', 1, 255, configurations, 'robustness'),
      fieldSetting('net.ipv6.mld_max_msf', 0, 2_147_483_647, groups, 'maxSources'),
    ]
  }

  /** The settings of one interface, of all, or of those to come. */
  interfaceSettings(networkInterface: NetworkInterface | 'all' | 'default'): readonly Setting[] {
    return this.configurations.settings(networkInterface)
  }

  /** An interface came. */
  addInterface(networkInterface: NetworkInterface): void {
    this.reporters.add(networkInterface)
  }

  /** An interface is gone. */
  removeInterface(networkInterface: NetworkInterface): void {
    this.reporters.remove(networkInterface)
  }

  /** An interface came up (what was joined is reported again) or went down (its queriers are forgotten). */
  interfaceChanged(networkInterface: NetworkInterface): void {
    this.reporters.of(networkInterface)?.interfaceChanged()
  }

  /** For `GroupMembershipOptions.changed`. */
  changed(networkInterface: NetworkInterface, group: IpAddress, _before: GroupFilter, after: GroupFilter): void {
    if (this.output.reports(group)) this.reporters.of(networkInterface)?.changed(group, after)
  }

  /** The host has a link-local address now: what was reported from `::` is reported again, for routers to believe (RFC 3590). */
  linkLocalChanged(networkInterface: NetworkInterface): void {
    this.reporters.of(networkInterface)?.restart()
  }

  /** An MLD message came in. RFC 3810 6.2: without Router Alert, or from beyond the link, a query is not heard. */
  receive(packet: Packet, header: NetworkHeader, networkInterface: NetworkInterface, alert: boolean): boolean {
    const { message, counters } = this
    const { view, start, end } = packet
    if (!readMld(view, start, end, message)) return false
    if (message.type !== MLD_LISTENER_QUERY && message.type !== MLD_LISTENER_REPORT) return true
    const isQuery = message.type === MLD_LISTENER_QUERY
    // A general query names no sources (RFC 3810 5.1.10).
    if (isQuery && message.group.isUnspecified ? message.sources > 0 : !message.group.isMulticast) return false
    const here = this.reporters.of(networkInterface)
    if (here === undefined || !isLinkLocal(header.source) || header.ttl !== 1 || (isQuery && !alert)) {
      counters.MldInIgnored++
      return true
    }
    if (isQuery) {
      this.decode(view, networkInterface)
      here.query(this.query)
    } else here.heard(message.group)
    return true
  }

  /** Ends it: no timer stays. */
  close(): void {
    this.reporters.close()
  }

  /** What the query that was read asks. */
  private decode(view: DataView, networkInterface: NetworkInterface): void {
    const { message, query } = this
    const knowsFilters = message.version === 2
    query.version = knowsFilters ? REPORT_FILTERS : REPORT_GROUPS
    query.longest = (knowsFilters ? decodeResponseCode(message.code) : message.code) * MILLISECOND
    query.group = message.group.isUnspecified ? null : message.group
    query.sources = this.sourcesOf(view, networkInterface)
    query.robustness = message.robustness
    query.interval = knowsFilters ? decodeQueryInterval(message.intervalCode) : 0
  }

  /** The sources of a query for a group that is joined; nothing is made of others. */
  private sourcesOf(view: DataView, networkInterface: NetworkInterface): readonly IpAddress[] {
    const { message } = this
    if (message.sources === 0 || !this.groups.isMember(networkInterface.index, message.group)) return []
    const sources: IpAddress[] = []
    for (let i = 0; i < message.sources; i++) sources.push(IpAddress.readV6(view, message.sourcesAt + 16 * i))
    return sources
  }
}
