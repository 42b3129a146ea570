import type { IpAddress } from '@jackfield/addr'
import type { Clock, RandomSource, Timer } from '@jackfield/clock'
import { IFF_UP, type NetworkInterface } from '@jackfield/interfaces'
import { type GroupFilter, NO_MEMBERSHIP } from '../group-filter.js'
import {
  type MembershipProtocol,
  type MembershipQuery,
  REPORT_FILTERS,
  REPORT_GROUPS,
  REPORT_ONLY,
  type ReportSettings,
} from './protocol.js'
import { ReportWriter } from './report-writer.js'
import { ReportedGroup } from './reported-group.js'

/** Query interval and response interval until a querier tells its own, in seconds (RFC 3376 8.2, 8.3; RFC 3810 9.2, 9.3). */
const QUERY_INTERVAL = 125
const RESPONSE_INTERVAL = 10

/** The time in which IGMPv1's queries are answered, in microseconds (RFC 2236 4). */
const V1_RESPONSE = 10e6

/** The least time in which a query is answered, and between two answers, in microseconds. */
const LEAST_RESPONSE = 100_000

/** Groups that were left and are still being reported; beyond, the oldest is not repeated. */
const MAX_LEAVING = 256

/** What a reporter is made with. */
export interface MembershipReporterOptions {
  readonly clock: Clock
  readonly random: RandomSource
  readonly protocol: MembershipProtocol
  readonly settings: ReportSettings
  readonly networkInterface: NetworkInterface
}

/**
 * The host's side of IGMP or MLD on one interface: the version that its queriers speak, and the reports that are due (RFC 2236 6,
 * RFC 3376 5 and 7; RFC 2710 4 and 5, RFC 3810 6 and 8). One timer, and only what the groups that were joined need.
 */
export class MembershipReporter {
  private readonly networkInterface: NetworkInterface
  private readonly clock: Clock
  private readonly random: RandomSource
  private readonly protocol: MembershipProtocol
  private readonly settings: ReportSettings
  /** By the address in text. */
  private readonly groups = new Map<string, ReportedGroup>()
  private readonly timer: Timer
  private readonly writer: ReportWriter
  private up: boolean
  private version: number = REPORT_FILTERS
  /** Until when an older querier is taken to be there, in microseconds (RFC 3376 7.2.1, RFC 3810 8.2.1). */
  private onlyUntil = -1
  private groupsUntil = -1
  private robustness = 0
  private queryInterval = QUERY_INTERVAL
  private responseInterval = RESPONSE_INTERVAL
  private generalDue = Infinity
  private changeDue = Infinity
  /** Before this no query is answered, so that a flood of them makes few reports. */
  private quietUntil = 0
  private readonly record = (type: number, group: IpAddress, sources: readonly IpAddress[]): void =>
    this.writer.add(type, group, sources)

  constructor(options: MembershipReporterOptions) {
    this.clock = options.clock
    this.random = options.random
    this.protocol = options.protocol
    this.settings = options.settings
    this.networkInterface = options.networkInterface
    this.timer = options.clock.createTimer(() => this.expire(), { background: true })
    this.writer = new ReportWriter(options.protocol, options.networkInterface)
    this.up = isUp(options.networkInterface)
  }

  /** What the interface wants of a group changed. */
  changed(address: IpAddress, after: GroupFilter): void {
    const version = this.currentVersion()
    const key = String(address)
    let group = this.groups.get(key)
    if (group === undefined) {
      group = new ReportedGroup(address.copy())
      this.groups.set(key, group)
    }
    this.update(group, after, version)
    if (!group.member && !group.changing) this.groups.delete(key)
    this.boundLeaving()
    this.arm()
  }

  /** Flags changed: coming up, all groups are reported as if they were joined now. */
  interfaceChanged(): void {
    const up = isUp(this.networkInterface)
    if (up === this.up) return
    this.up = up
    this.cancelAll()
    this.onlyUntil = -1
    this.groupsUntil = -1
    this.robustness = 0
    this.queryInterval = QUERY_INTERVAL
    this.responseInterval = RESPONSE_INTERVAL
    if (up) this.reportAnew()
    this.arm()
  }

  /** What is joined is reported as if it were joined now: who heard of it before could not use it (RFC 3590). */
  restart(): void {
    if (!this.up) return
    this.reportAnew()
    this.arm()
  }

  /** A query came in. */
  query(query: MembershipQuery): void {
    if (!this.up) return
    const now = this.clock.now()
    const { group } = query
    if (query.version === REPORT_ONLY) this.onlyUntil = now + this.olderQuerierTimeout()
    else if (query.version === REPORT_GROUPS) this.groupsUntil = now + this.olderQuerierTimeout()
    else {
      this.robustness = query.robustness
      this.queryInterval = query.interval || QUERY_INTERVAL
      if (group === null) this.responseInterval = query.longest / 1e6
    }
    const version = this.currentVersion()
    // RFC 2236 4: an IGMPv1 querier knows neither other times nor queries for one group.
    const asked = query.version === REPORT_ONLY || version === REPORT_ONLY ? V1_RESPONSE : query.longest
    const longest = Math.max(asked, LEAST_RESPONSE)
    if (group !== null && version !== REPORT_ONLY) this.groupQuery(group, now, longest, version, query.sources)
    else if (version === REPORT_FILTERS) {
      // Rules 1 and 2 of RFC 3376 5.2.
      this.generalDue = Math.min(this.generalDue, this.answerTime(now, longest))
    } else {
      for (const each of this.groups.values()) {
        if (each.member && this.reports(each)) each.delay(this.answerTime(now, longest), now + longest)
      }
    }
    this.arm()
  }

  /** Another host reported a group: in the older versions that does for all (RFC 2236 3, RFC 2710 4). */
  heard(address: IpAddress): void {
    if (!this.up || this.currentVersion() === REPORT_FILTERS) return
    const group = this.groups.get(String(address))
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

  private reportAnew(): void {
    const version = this.currentVersion()
    for (const group of this.groups.values()) {
      const { filter } = group
      group.filter = NO_MEMBERSHIP
      this.update(group, filter, version)
    }
  }

  private groupQuery(
    address: IpAddress,
    now: number,
    longest: number,
    version: number,
    sources: readonly IpAddress[],
  ): void {
    const group = this.groups.get(String(address))
    if (group === undefined || !group.member || !this.reports(group)) return
    const time = this.answerTime(now, longest)
    if (version !== REPORT_FILTERS) group.delay(time, now + longest)
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
    const now = this.clock.now()
    if (version === REPORT_FILTERS) {
      group.change(after, this.robustnessVariable())
      group.writeChange(this.record)
      this.writer.flush()
      if (group.changing)
        this.changeDue = Math.min(this.changeDue, this.after(now, this.settings.filterInterval * 1000))
      return
    }
    group.filter = after
    if (group.member === was) return
    group.settle()
    if (group.member) {
      this.report(group, version)
      group.unsolicitedLeft = this.robustnessVariable() - 1
      if (group.unsolicitedLeft > 0) group.due = this.after(now, this.settings.groupInterval * 1000)
    } else if (version === REPORT_GROUPS && group.reporter) {
      // RFC 2236 3: who was not the last to report may keep silent.
      this.protocol.sendLeave(group.address, this.networkInterface)
    }
  }

  private expire(): void {
    const now = this.clock.now()
    this.quietUntil = now + LEAST_RESPONSE
    const version = this.currentVersion()
    if (version === REPORT_FILTERS) this.expireFilters(now)
    else {
      for (const group of this.groups.values()) {
        if (group.due > now) continue
        group.due = Infinity
        this.report(group, version)
        if (group.unsolicitedLeft > 0) group.unsolicitedLeft--
        if (group.unsolicitedLeft > 0) group.due = this.after(now, this.settings.groupInterval * 1000)
      }
    }
    this.arm()
  }

  private expireFilters(now: number): void {
    const general = this.generalDue <= now
    if (general) this.generalDue = Infinity
    for (const group of this.groups.values()) {
      if (general && this.reports(group)) group.writeState(this.record)
      if (group.due <= now) group.writeAnswer(this.record)
    }
    this.writer.flush()
    if (this.changeDue > now) return
    this.changeDue = Infinity
    let again = false
    for (const group of this.groups.values()) {
      if (group.changing) group.writeChange(this.record)
      if (group.changing) again = true
      else if (!group.member) this.groups.delete(String(group.address))
    }
    this.writer.flush()
    if (again) this.changeDue = this.after(now, this.settings.filterInterval * 1000)
  }

  /** The version in use. A change cancels all that was pending (RFC 3376 7.2.1). */
  private currentVersion(): number {
    let version = this.settings.forcedVersion
    if (version === 0) {
      const now = this.clock.now()
      version = this.onlyUntil > now ? REPORT_ONLY : this.groupsUntil > now ? REPORT_GROUPS : REPORT_FILTERS
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
      if (!group.member) this.groups.delete(String(group.address))
    }
  }

  private reports(group: ReportedGroup): boolean {
    return this.protocol.reports(group.address)
  }

  private report(group: ReportedGroup, version: number): void {
    if (!group.member) return
    group.reporter = true
    this.protocol.sendGroupReport(group.address, version, this.networkInterface)
  }

  private boundLeaving(): void {
    if (this.groups.size <= MAX_LEAVING) return
    let leaving = 0
    for (const group of this.groups.values()) if (!group.member) leaving++
    if (leaving <= MAX_LEAVING) return
    for (const group of this.groups.values()) {
      if (group.member) continue
      this.groups.delete(String(group.address))
      return
    }
  }

  private robustnessVariable(): number {
    return this.robustness || this.settings.robustness
  }

  /** How long an older querier is taken to be there after its last query, in microseconds (RFC 3376 8.12). */
  private olderQuerierTimeout(): number {
    return (this.robustnessVariable() * this.queryInterval + this.responseInterval) * 1e6
  }

  /** A random time in the `longest` microseconds from now. */
  private after(now: number, longest: number): number {
    return now + this.random.fraction() * longest
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
}

function isUp(networkInterface: NetworkInterface): boolean {
  return (networkInterface.flags & IFF_UP) !== 0
}
