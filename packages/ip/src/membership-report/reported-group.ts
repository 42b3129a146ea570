import type { IpAddress } from '@jackfield/addr'
import {
  ALLOW_NEW_SOURCES,
  BLOCK_OLD_SOURCES,
  CHANGE_TO_EXCLUDE_MODE,
  CHANGE_TO_INCLUDE_MODE,
  filterAccepts,
  type GroupFilter,
  hasSource,
  MODE_IS_EXCLUDE,
  MODE_IS_INCLUDE,
  NO_MEMBERSHIP,
} from '../group-filter.js'

/** Takes the records of a report. */
export type RecordSink = (type: number, group: IpAddress, sources: readonly IpAddress[]) => void

/** Sources of which group-and-source queries are remembered; beyond, the whole group is reported. */
const MAX_QUERIED = 128

interface ChangedSource {
  readonly source: IpAddress
  left: number
}

/** A group on an interface, as it is reported: what is wanted, and what has still to be said of it. */
export class ReportedGroup {
  readonly address: IpAddress
  filter: GroupFilter = NO_MEMBERSHIP
  /** When a query is answered, or an unsolicited report of an older version repeated; Infinity: nothing waits. */
  due: number = Infinity
  /** In the older versions: this host was the last to report the group (RFC 2236 3, RFC 2710 4). */
  reporter = false
  /** In the older versions: unsolicited reports still to send. */
  unsolicitedLeft = 0
  /** The sources that were asked for; null: the whole group. */
  private queried: IpAddress[] | null = null
  /** With source filters: how often the change of filter mode, or of single sources, has still to be sent (RFC 3376 5.1). */
  private modeLeft = 0
  private changed: ChangedSource[] = []

  constructor(address: IpAddress) {
    this.address = address
  }

  get member(): boolean {
    return this.filter.mode === 'exclude' || this.filter.sources.length > 0
  }

  /** Whether there is a state change to send (again). */
  get changing(): boolean {
    return this.modeLeft > 0 || this.changed.length > 0
  }

  /** Takes the new filter, whose change is to be sent `times` times. */
  change(after: GroupFilter, times: number): void {
    const before = this.filter
    this.filter = after
    if (before.mode !== after.mode) {
      this.modeLeft = times
      this.changed = []
      return
    }
    const differing = [
      ...before.sources.filter((source) => !hasSource(after.sources, source)),
      ...after.sources.filter((source) => !hasSource(before.sources, source)),
    ]
    this.changed = this.changed.filter(({ source }) => !hasSource(differing, source))
    for (const source of differing) this.changed.push({ source, left: times })
  }

  /** The records of a state-change report; what they say counts as said once more. */
  writeChange(sink: RecordSink): void {
    const { mode, sources } = this.filter
    if (this.modeLeft > 0) {
      this.modeLeft--
      sink(mode === 'exclude' ? CHANGE_TO_EXCLUDE_MODE : CHANGE_TO_INCLUDE_MODE, this.address, sources)
      // The whole list was in it.
      this.changed = spend(this.changed)
      return
    }
    const allowed: IpAddress[] = []
    const blocked: IpAddress[] = []
    for (const { source } of this.changed) (filterAccepts(this.filter, source) ? allowed : blocked).push(source)
    this.changed = spend(this.changed)
    if (allowed.length > 0) sink(ALLOW_NEW_SOURCES, this.address, allowed)
    if (blocked.length > 0) sink(BLOCK_OLD_SOURCES, this.address, blocked)
  }

  /** The record of a current-state report. */
  writeState(sink: RecordSink): void {
    if (!this.member) return
    sink(this.filter.mode === 'exclude' ? MODE_IS_EXCLUDE : MODE_IS_INCLUDE, this.address, this.filter.sources)
  }

  /** Answers the query that is due (RFC 3376 5.2). */
  writeAnswer(sink: RecordSink): void {
    const { queried } = this
    this.due = Infinity
    this.queried = null
    if (queried === null) {
      this.writeState(sink)
      return
    }
    const wanted = queried.filter((source) => filterAccepts(this.filter, source))
    if (wanted.length > 0) sink(MODE_IS_INCLUDE, this.address, wanted)
  }

  /** A query for this group, to be answered at a time; null sources: for the whole group (RFC 3376 5.2, rules 3 to 5). */
  query(time: number, sources: readonly IpAddress[] | null): void {
    if (this.due === Infinity) this.queried = sources === null ? null : merged([], sources)
    else if (sources === null || this.queried === null) this.queried = null
    else this.queried = merged(this.queried, sources)
    if (time < this.due) this.due = time
  }

  /** A query of an older version: to be answered at `time`, unless an answer waits that comes until `latest` (RFC 2236 3). */
  delay(time: number, latest: number): void {
    if (this.due > latest) this.due = time
  }

  /** Nothing has to be said any more. */
  settle(): void {
    this.due = Infinity
    this.queried = null
    this.modeLeft = 0
    this.changed = []
    this.unsolicitedLeft = 0
  }
}

function spend(list: readonly ChangedSource[]): ChangedSource[] {
  for (const item of list) item.left--
  return list.filter(({ left }) => left > 0)
}

function merged(list: readonly IpAddress[], more: readonly IpAddress[]): IpAddress[] | null {
  const all = [...list]
  for (const source of more) {
    if (hasSource(all, source)) continue
    if (all.length >= MAX_QUERIED) return null
    all.push(source)
  }
  return all
}
