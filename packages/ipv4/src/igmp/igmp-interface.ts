import { IpAddress } from '@jackfield/addr'
import type { Clock, RandomSource, Timer } from '@jackfield/clock'
import { type CounterGroup, IFF_UP, type NetworkInterface } from '@jackfield/interfaces'
import { type GroupFilter, NO_MEMBERSHIP } from '@jackfield/ip'
import type { Packet, PacketPool } from '@jackfield/packet'
import type { IgmpConfiguration, IgmpConfigurations } from './configuration.js'
import { ReportWriter } from './report.js'
import { ReportedGroup } from './reported-group.js'
import {
  decodeIgmpCode,
  IGMP_LEAVE_GROUP,
  IGMP_MIN_LENGTH,
  IGMP_V1_MEMBERSHIP_REPORT,
  IGMP_V2_MEMBERSHIP_REPORT,
  type IgmpMessage,
  writeIgmp,
} from './wire.js'

/** All multicast routers, to whom leaves go (RFC 2236 9). */
const ALL_ROUTERS: IpAddress = /* @__PURE__ */ IpAddress.v4(0xe000_0002)

/** Query interval and response interval until a querier tells its own, in seconds (RFC 3376 8.2, 8.3). */
const QUERY_INTERVAL = 125
const RESPONSE_INTERVAL = 10

/** The time in which IGMPv1's queries are answered, in microseconds (RFC 2236 4). */
const V1_RESPONSE = 10e6

/** Max Resp Time counts in tenths of a second; here in microseconds. */
const TENTH = 100_000

/** The least time in which a query is answered, and between two answers, in microseconds. */
const LEAST_RESPONSE = 100_000

/** Groups that were left and are still being reported; beyond, the oldest is not repeated. */
const MAX_LEAVING = 256

/** What the interfaces of a host share. */
export interface IgmpContext {
  readonly clock: Clock
  readonly random: RandomSource
  readonly pool: PacketPool
  readonly counters: CounterGroup
  readonly configurations: IgmpConfigurations
  send(packet: Packet, destination: IpAddress, networkInterface: NetworkInterface): void
}

/** IGMP on one interface: the version that its queriers speak, and the reports that are due (RFC 2236 6, RFC 3376 5 and 7). */
export class IgmpInterface {
  readonly networkInterface: NetworkInterface
  private readonly context: IgmpContext
  private readonly configuration: IgmpConfiguration
  private readonly groups = new Map<number, ReportedGroup>()
  private readonly timer: Timer
  private readonly writer: ReportWriter
  private up: boolean
  private version = 3
  /** Until when an older querier is taken to be there, in microseconds (RFC 3376 7.2.1). */
  private v1Until = -1
  private v2Until = -1
  private robustness = 0
  private queryInterval = QUERY_INTERVAL
  private responseInterval = RESPONSE_INTERVAL
  private generalDue = Infinity
  private changeDue = Infinity
  /** Before this no query is answered, so that a flood of them makes few reports. */
  private quietUntil = 0
  private readonly record = (type: number, group: IpAddress, sources: readonly IpAddress[]): void =>
    this.writer.add(this.networkInterface, type, group, sources)

  constructor(context: IgmpContext, networkInterface: NetworkInterface) {
    this.context = context
    this.networkInterface = networkInterface
    this.configuration = context.configurations.of(networkInterface.index)
    this.timer = context.clock.createTimer(() => this.expire(), { background: true })
    this.writer = new ReportWriter(context.pool, (packet, destination) => {
      this.count('IgmpOutReports')
      context.send(packet, destination, networkInterface)
    })
    this.up = isUp(networkInterface)
  }

  /** What the interface wants of a group changed. */
  changed(address: IpAddress, after: GroupFilter): void {
    const version = this.currentVersion()
    let group = this.groups.get(address.w3)
    if (group === undefined) {
      group = new ReportedGroup(address.copy())
      this.groups.set(address.w3, group)
    }
    this.update(group, after, version)
    if (!group.member && !group.changing) this.groups.delete(address.w3)
    this.boundLeaving()
    this.arm()
  }

  /** Flags changed: coming up, all groups are reported as if they were joined now. */
  interfaceChanged(): void {
    const up = isUp(this.networkInterface)
    if (up === this.up) return
    this.up = up
    this.cancelAll()
    this.v1Until = -1
    this.v2Until = -1
    this.robustness = 0
    this.queryInterval = QUERY_INTERVAL
    this.responseInterval = RESPONSE_INTERVAL
    if (up) {
      const version = this.currentVersion()
      for (const group of this.groups.values()) {
        const { filter } = group
        group.filter = NO_MEMBERSHIP
        this.update(group, filter, version)
      }
    }
    this.arm()
  }

  /** A query came in; `sources` are those of an IGMPv3 query for a group. */
  query(message: IgmpMessage, sources: readonly IpAddress[]): void {
    if (!this.up) return
    const now = this.context.clock.now()
    let longest = message.code * TENTH
    if (message.version === 1) {
      longest = V1_RESPONSE
      this.v1Until = now + this.olderQuerierTimeout()
    } else if (message.version === 2) {
      this.v2Until = now + this.olderQuerierTimeout()
    } else {
      longest = decodeIgmpCode(message.code) * TENTH
      this.robustness = message.robustness
      this.queryInterval = decodeIgmpCode(message.intervalCode) || QUERY_INTERVAL
      if (message.group.w3 === 0) this.responseInterval = longest / 1e6
    }
    const version = this.currentVersion()
    // RFC 2236 4: an IGMPv1 querier knows neither other times nor queries for one group.
    if (version === 1) longest = V1_RESPONSE
    longest = Math.max(longest, LEAST_RESPONSE)
    if (message.group.w3 !== 0 && version !== 1) this.groupQuery(message.group.w3, now, longest, version, sources)
    else if (version === 3) {
      // Rules 1 and 2 of RFC 3376 5.2.
      this.generalDue = Math.min(this.generalDue, this.answerTime(now, longest))
    } else {
      for (const group of this.groups.values()) {
        if (group.member && this.reports(group)) group.delay(this.answerTime(now, longest), now + longest)
      }
    }
    this.arm()
  }

  /** Another host reported a group: in versions 1 and 2 that does for all (RFC 2236 3). */
  heard(address: IpAddress): void {
    if (!this.up || this.currentVersion() === 3) return
    const group = this.groups.get(address.w3)
    if (group === undefined) return
    group.settle()
    group.reporter = false
    this.arm()
  }

  /** Cancels its timer; nothing is sent any more. */
  close(): void {
    this.up = false
    this.groups.clear()
    this.timer.cancel()
  }

  private groupQuery(
    address: number,
    now: number,
    longest: number,
    version: number,
    sources: readonly IpAddress[],
  ): void {
    const group = this.groups.get(address)
    if (group === undefined || !group.member || !this.reports(group)) return
    const time = this.answerTime(now, longest)
    if (version !== 3) group.delay(time, now + longest)
    // Rule 1 of RFC 3376 5.2: the answer to the general query says it before.
    else if (this.generalDue > time) group.query(time, sources.length > 0 ? sources : null)
  }

  /** The group's filter becomes `after`, and that is reported. */
  private update(group: ReportedGroup, after: GroupFilter, version: number): void {
    const was = group.member
    if (!this.up || !this.reports(group)) {
      group.filter = after
      group.settle()
      return
    }
    const now = this.context.clock.now()
    if (version === 3) {
      group.change(after, this.robustnessVariable())
      group.writeChange(this.record)
      this.writer.flush(this.networkInterface)
      if (group.changing)
        this.changeDue = Math.min(this.changeDue, this.after(now, this.configuration.v3Interval * 1000))
      return
    }
    group.filter = after
    if (group.member === was) return
    group.settle()
    if (group.member) {
      this.report(group, version)
      group.unsolicitedLeft = this.robustnessVariable() - 1
      if (group.unsolicitedLeft > 0) group.due = this.after(now, this.configuration.v2Interval * 1000)
    } else if (version === 2 && group.reporter) {
      // RFC 2236 3: who was not the last to report may keep silent.
      this.count('IgmpOutLeaves')
      this.sendSimple(IGMP_LEAVE_GROUP, group.address, ALL_ROUTERS)
    }
  }

  private expire(): void {
    const now = this.context.clock.now()
    this.quietUntil = now + LEAST_RESPONSE
    const version = this.currentVersion()
    if (version === 3) this.expireV3(now)
    else {
      for (const group of this.groups.values()) {
        if (group.due > now) continue
        group.due = Infinity
        this.report(group, version)
        if (group.unsolicitedLeft > 0) group.unsolicitedLeft--
        if (group.unsolicitedLeft > 0) group.due = this.after(now, this.configuration.v2Interval * 1000)
      }
    }
    this.arm()
  }

  private expireV3(now: number): void {
    const general = this.generalDue <= now
    if (general) this.generalDue = Infinity
    for (const group of this.groups.values()) {
      if (general && this.reports(group)) group.writeState(this.record)
      if (group.due <= now) group.writeAnswer(this.record)
    }
    this.writer.flush(this.networkInterface)
    if (this.changeDue > now) return
    this.changeDue = Infinity
    let again = false
    for (const group of this.groups.values()) {
      if (group.changing) group.writeChange(this.record)
      if (group.changing) again = true
      else if (!group.member) this.groups.delete(group.address.w3)
    }
    this.writer.flush(this.networkInterface)
    if (again) this.changeDue = this.after(now, this.configuration.v3Interval * 1000)
  }

  /** The version in use. A change cancels all that was pending (RFC 3376 7.2.1). */
  private currentVersion(): number {
    const forced = this.context.configurations.all.forceVersion || this.configuration.forceVersion
    let version = forced
    if (forced === 0) {
      const now = this.context.clock.now()
      version = this.v1Until > now ? 1 : this.v2Until > now ? 2 : 3
    }
    if (version !== this.version) {
      this.version = version
      this.cancelAll()
    }
    return version
  }

  private cancelAll(): void {
    this.generalDue = Infinity
    this.changeDue = Infinity
    for (const group of this.groups.values()) {
      group.settle()
      if (!group.member) this.groups.delete(group.address.w3)
    }
  }

  /** 224.0.0.0/24 is not routed, so that reporting it serves only switches that listen. */
  private reports(group: ReportedGroup): boolean {
    return group.address.w3 >>> 8 !== 0xe0_0000 || this.context.configurations.linkLocalReports !== 0
  }

  private report(group: ReportedGroup, version: number): void {
    if (!group.member) return
    group.reporter = true
    this.count('IgmpOutReports')
    const type = version === 1 ? IGMP_V1_MEMBERSHIP_REPORT : IGMP_V2_MEMBERSHIP_REPORT
    this.sendSimple(type, group.address, group.address)
  }

  private sendSimple(type: number, group: IpAddress, destination: IpAddress): void {
    const packet = this.context.pool.allocate(IGMP_MIN_LENGTH)
    writeIgmp(packet.view, packet.start, type, 0, group)
    this.context.send(packet, destination, this.networkInterface)
  }

  private boundLeaving(): void {
    if (this.groups.size <= MAX_LEAVING) return
    let leaving = 0
    for (const group of this.groups.values()) if (!group.member) leaving++
    if (leaving <= MAX_LEAVING) return
    for (const group of this.groups.values()) {
      if (group.member) continue
      this.groups.delete(group.address.w3)
      return
    }
  }

  private robustnessVariable(): number {
    return this.robustness || this.context.configurations.robustness
  }

  /** How long an older querier is taken to be there after its last query, in microseconds (RFC 3376 8.12). */
  private olderQuerierTimeout(): number {
    return (this.robustnessVariable() * this.queryInterval + this.responseInterval) * 1e6
  }

  /** A random time in the `longest` microseconds from now. */
  private after(now: number, longest: number): number {
    return now + this.context.random.fraction() * longest
  }

  /** When to answer a query that allows `longest` microseconds. */
  private answerTime(now: number, longest: number): number {
    return Math.max(this.after(now, longest), this.quietUntil)
  }

  private arm(): void {
    let due = Math.min(this.generalDue, this.changeDue)
    for (const group of this.groups.values()) if (group.due < due) due = group.due
    if (due === Infinity) this.timer.cancel()
    else this.timer.set(due)
  }

  private count(name: string): void {
    const { counters } = this.context
    counters[name] = (counters[name] ?? 0) + 1
  }
}

function isUp(networkInterface: NetworkInterface): boolean {
  return (networkInterface.flags & IFF_UP) !== 0
}
