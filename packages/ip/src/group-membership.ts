import { hashAddress, type IpAddress } from '@jackfield/addr'
import { EADDRNOTAVAIL, EINVAL, ENOBUFS, type NetworkInterface } from '@jackfield/interfaces'
import {
  type FilterMode,
  filterAccepts,
  filtersEqual,
  type GroupFilter,
  hasSource,
  mergeFilters,
  NO_MEMBERSHIP,
} from './group-filter.js'

/** What a membership table is made with. */
export interface GroupMembershipOptions {
  readonly version: 4 | 6
  readonly secret0: number
  readonly secret1: number
  /** Groups that one socket may join (`net.ipv4.igmp_max_memberships`). Default 20. */
  readonly maxMemberships?: number
  /** Sources in one socket's filter of a group (`net.ipv4.igmp_max_msf`). Default 10. */
  readonly maxSources?: number
  /** What an interface wants of a group changed: for IGMP or MLD to report. The table has the new state already. */
  changed(networkInterface: NetworkInterface, group: IpAddress, before: GroupFilter, after: GroupFilter): void
}

/** A group that somebody joined on an interface. */
class Group {
  readonly networkInterface: NetworkInterface
  readonly address: IpAddress
  readonly hash: number
  readonly owners = new Map<object, GroupFilter>()
  /** How often the host itself joined. */
  joins = 0
  filter: GroupFilter = NO_MEMBERSHIP
  chain: Group | null = null

  constructor(networkInterface: NetworkInterface, address: IpAddress, hash: number) {
    this.networkInterface = networkInterface
    this.address = address
    this.hash = hash
  }
}

/** What the host itself wants of a group that it joins. */
const EVERYTHING: GroupFilter = { mode: 'exclude', sources: [] }

const BUCKETS = 256

/** The groups of all interfaces, for one IP version: who joined what, and what the interfaces want therefore (RFC 3376 3.2). */
export class GroupMembership {
  maxMemberships: number
  maxSources: number
  private readonly options: GroupMembershipOptions
  private readonly buckets: (Group | null)[] = new Array<Group | null>(BUCKETS).fill(null)
  private readonly byInterface = new Map<number, Group[]>()
  private readonly memberships = new Map<object, number>()

  constructor(options: GroupMembershipOptions) {
    this.options = options
    this.maxMemberships = options.maxMemberships ?? 20
    this.maxSources = options.maxSources ?? 10
  }

  /**
   * Sets what one socket wants of a group on an interface; `include` of no sources is to leave.
   * @returns 0; `EINVAL` (no group, or a source that is no unicast address of this version), `EADDRNOTAVAIL` (leaving what it had not
   *   joined), `ENOBUFS` (more groups or sources than a socket may have)
   */
  setFilter(
    owner: object,
    networkInterface: NetworkInterface,
    group: IpAddress,
    mode: FilterMode,
    sources: readonly IpAddress[],
  ): number {
    const { version } = this.options
    if (group.version !== version || !group.isMulticast) return EINVAL
    const wanted: IpAddress[] = []
    for (const source of sources) {
      if (source.version !== version || source.isMulticast || source.isUnspecified) return EINVAL
      if (!hasSource(wanted, source)) wanted.push(source.copy())
    }
    if (wanted.length > this.maxSources) return ENOBUFS
    const known = this.find(networkInterface.index, group)
    const member = known?.owners.has(owner) === true
    if (mode === 'include' && wanted.length === 0) {
      if (known === null || !member) return EADDRNOTAVAIL
      known.owners.delete(owner)
      this.forget(owner)
      this.update(known)
      return 0
    }
    const count = this.memberships.get(owner) ?? 0
    if (!member && count >= this.maxMemberships) return ENOBUFS
    const joined = known ?? this.create(networkInterface, group)
    if (!member) this.memberships.set(owner, count + 1)
    joined.owners.set(owner, { mode, sources: wanted })
    this.update(joined)
    return 0
  }

  /** The host itself joins, without limit and as often as it likes: 224.0.0.1, solicited-node groups. */
  join(networkInterface: NetworkInterface, group: IpAddress): void {
    const joined = this.find(networkInterface.index, group) ?? this.create(networkInterface, group)
    joined.joins++
    this.update(joined)
  }

  /** Takes back one `join`. */
  leave(networkInterface: NetworkInterface, group: IpAddress): void {
    const joined = this.find(networkInterface.index, group)
    if (joined === null || joined.joins === 0) return
    joined.joins--
    this.update(joined)
  }

  /** A socket closed: takes back all that it wanted. */
  releaseOwner(owner: object): void {
    if (!this.memberships.delete(owner)) return
    for (const groups of [...this.byInterface.values()]) {
      for (const group of [...groups]) if (group.owners.delete(owner)) this.update(group)
    }
  }

  /** An interface is gone, and its groups with it; nobody is told. */
  removeInterface(networkInterface: NetworkInterface): void {
    for (const group of [...(this.byInterface.get(networkInterface.index) ?? [])]) {
      for (const owner of group.owners.keys()) this.forget(owner)
      this.drop(group)
    }
  }

  /** Whether somebody joined the group on the interface, for whatever sources. */
  isMember(interfaceIndex: number, group: IpAddress): boolean {
    return this.find(interfaceIndex, group) !== null
  }

  /** Whether the interface wants what this source sends to the group. Allocates nothing. */
  accepts(interfaceIndex: number, group: IpAddress, source: IpAddress): boolean {
    const joined = this.find(interfaceIndex, group)
    return joined !== null && filterAccepts(joined.filter, source)
  }

  /** What the interface wants of a group. */
  filter(interfaceIndex: number, group: IpAddress): GroupFilter {
    return this.find(interfaceIndex, group)?.filter ?? NO_MEMBERSHIP
  }

  /** The groups joined on an interface, in the order in which they were. */
  groups(interfaceIndex: number): readonly IpAddress[] {
    return (this.byInterface.get(interfaceIndex) ?? []).map((group) => group.address)
  }

  private update(group: Group): void {
    const before = group.filter
    const filters = [...group.owners.values()]
    if (group.joins > 0) filters.push(EVERYTHING)
    const after = mergeFilters(filters)
    group.filter = after
    if (group.owners.size === 0 && group.joins === 0) this.drop(group)
    if (!filtersEqual(before, after)) this.options.changed(group.networkInterface, group.address, before, after)
  }

  private forget(owner: object): void {
    const count = (this.memberships.get(owner) ?? 0) - 1
    if (count > 0) this.memberships.set(owner, count)
    else this.memberships.delete(owner)
  }

  private find(interfaceIndex: number, address: IpAddress): Group | null {
    const hash = this.hash(interfaceIndex, address)
    let group = this.buckets[hash & (BUCKETS - 1)] as Group | null
    while (
      group !== null &&
      !(group.hash === hash && group.networkInterface.index === interfaceIndex && group.address.equals(address))
    ) {
      group = group.chain
    }
    return group
  }

  private create(networkInterface: NetworkInterface, address: IpAddress): Group {
    const group = new Group(networkInterface, address.copy(), this.hash(networkInterface.index, address))
    const bucket = group.hash & (BUCKETS - 1)
    group.chain = this.buckets[bucket] as Group | null
    this.buckets[bucket] = group
    const groups = this.byInterface.get(networkInterface.index)
    if (groups === undefined) this.byInterface.set(networkInterface.index, [group])
    else groups.push(group)
    return group
  }

  private drop(group: Group): void {
    const bucket = group.hash & (BUCKETS - 1)
    let at = this.buckets[bucket] as Group | null
    if (at === group) this.buckets[bucket] = group.chain
    else {
      while (at !== null && at.chain !== group) at = at.chain
      if (at !== null) at.chain = group.chain
    }
    const { index } = group.networkInterface
    const groups = (this.byInterface.get(index) ?? []).filter((other) => other !== group)
    if (groups.length > 0) this.byInterface.set(index, groups)
    else this.byInterface.delete(index)
  }

  private hash(interfaceIndex: number, address: IpAddress): number {
    return hashAddress(this.options.secret0, this.options.secret1, address) ^ Math.imul(interfaceIndex, 0x9e37_79b1)
  }
}
