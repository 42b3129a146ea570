import type { IpAddress } from '@jackfield/addr'
import { EADDRINUSE, EADDRNOTAVAIL, EINVAL, ENODEV, type Host, type NetworkInterface } from '@jackfield/interfaces'

interface Group {
  readonly group: IpAddress
  readonly interface: NetworkInterface
  mode: 'include' | 'exclude'
  sources: readonly IpAddress[]
}

/**
 * The multicast groups of one socket and their source filters (RFC 3376 3.1, RFC 3678). The network layer hears of
 * every change and holds the limits (`net.ipv4.igmp_max_memberships`, `igmp_max_msf`: `ENOBUFS`).
 * Calls return 0 or a negative error number, as Linux's options of the same names.
 */
export class SocketGroups {
  private readonly host: Host
  private groups: Group[] = []

  constructor(host: Host) {
    this.host = host
  }

  /** Groups joined. */
  get size(): number {
    return this.groups.length
  }

  /**
   * Whether the socket wants what this source sends to this group (`ip_mc_sf_allow`).
   * @param fallback what holds for a group that it did not join: `IP_MULTICAST_ALL`
   */
  accepts(group: IpAddress, source: IpAddress, interfaceIndex: number, fallback: boolean): boolean {
    const groups = this.groups
    for (let i = 0; i < groups.length; i++) {
      const each = groups[i] as Group
      if (each.interface.index !== interfaceIndex || !each.group.equals(group)) continue
      const listed = indexOfAddress(each.sources, source) >= 0
      return each.mode === 'include' ? listed : !listed
    }
    return fallback
  }

  /** `IP_ADD_MEMBERSHIP`: any source. `-EADDRINUSE` where it is joined already. */
  join(group: IpAddress, networkInterface: NetworkInterface): number {
    if (!group.isMulticast) return -EINVAL
    if (this.find(group, networkInterface) !== undefined) return -EADDRINUSE
    return this.add(group, networkInterface, 'exclude', [])
  }

  /** `IP_DROP_MEMBERSHIP`. `-EADDRNOTAVAIL` where it was not joined. */
  leave(group: IpAddress, networkInterface: NetworkInterface): number {
    if (!group.isMulticast) return -EINVAL
    const entry = this.find(group, networkInterface)
    if (entry === undefined) return -EADDRNOTAVAIL
    this.drop(entry)
    return 0
  }

  /** `IP_ADD_SOURCE_MEMBERSHIP`: joins for one source more. */
  joinSource(group: IpAddress, networkInterface: NetworkInterface, source: IpAddress): number {
    if (!group.isMulticast) return -EINVAL
    const entry = this.find(group, networkInterface)
    if (entry === undefined) return this.add(group, networkInterface, 'include', [source.copy()])
    // A filter may change its mode only while it names nobody.
    if (entry.mode !== 'include' && entry.sources.length > 0) return -EINVAL
    if (indexOfAddress(entry.sources, source) >= 0) return -EADDRNOTAVAIL
    return this.change(entry, 'include', [...entry.sources, source.copy()])
  }

  /** `IP_DROP_SOURCE_MEMBERSHIP`: the last source gone, it leaves the group. */
  leaveSource(group: IpAddress, networkInterface: NetworkInterface, source: IpAddress): number {
    const entry = this.find(group, networkInterface)
    if (entry === undefined || entry.mode !== 'include') return -EINVAL
    const at = indexOfAddress(entry.sources, source)
    if (at < 0) return -EADDRNOTAVAIL
    const left = entry.sources.filter((_, i) => i !== at)
    if (left.length > 0) return this.change(entry, 'include', left)
    this.drop(entry)
    return 0
  }

  /** `IP_BLOCK_SOURCE`: one source less of a group that was joined for any. */
  block(group: IpAddress, networkInterface: NetworkInterface, source: IpAddress): number {
    const entry = this.find(group, networkInterface)
    if (entry === undefined || entry.mode !== 'exclude') return -EINVAL
    if (indexOfAddress(entry.sources, source) >= 0) return -EADDRNOTAVAIL
    return this.change(entry, 'exclude', [...entry.sources, source.copy()])
  }

  /** `IP_UNBLOCK_SOURCE`. */
  unblock(group: IpAddress, networkInterface: NetworkInterface, source: IpAddress): number {
    const entry = this.find(group, networkInterface)
    if (entry === undefined || entry.mode !== 'exclude') return -EINVAL
    const at = indexOfAddress(entry.sources, source)
    if (at < 0) return -EADDRNOTAVAIL
    const left = entry.sources.filter((_, i) => i !== at)
    return this.change(entry, 'exclude', left)
  }

  /** `IP_MSFILTER`: the whole filter of a group that was joined. Including nobody is to leave. */
  setFilter(
    group: IpAddress,
    networkInterface: NetworkInterface,
    mode: 'include' | 'exclude',
    sources: readonly IpAddress[],
  ): number {
    const entry = this.find(group, networkInterface)
    if (entry === undefined) return -EINVAL
    if (mode === 'exclude' || sources.length > 0) {
      const own = sources.map((source) => source.copy())
      return this.change(entry, mode, own)
    }
    this.drop(entry)
    return 0
  }

  /** Leaves those of one version. */
  leaveVersion(version: 4 | 6): void {
    for (const entry of [...this.groups]) if (entry.group.version === version) this.drop(entry)
  }

  /** Leaves all. */
  close(): void {
    for (const entry of [...this.groups]) this.drop(entry)
  }

  private find(group: IpAddress, networkInterface: NetworkInterface): Group | undefined {
    return this.groups.find((each) => each.interface === networkInterface && each.group.equals(group))
  }

  private add(
    group: IpAddress,
    networkInterface: NetworkInterface,
    mode: 'include' | 'exclude',
    sources: readonly IpAddress[],
  ): number {
    const entry: Group = { group: group.copy(), interface: networkInterface, mode, sources }
    const error = this.tell(entry, mode, sources)
    if (error !== 0) return -error
    // A new array, so that a delivery which is under way keeps its own.
    this.groups = [...this.groups, entry]
    return 0
  }

  private change(entry: Group, mode: 'include' | 'exclude', sources: readonly IpAddress[]): number {
    const error = this.tell(entry, mode, sources)
    if (error !== 0) return -error
    entry.mode = mode
    entry.sources = sources
    return 0
  }

  private drop(entry: Group): void {
    this.groups = this.groups.filter((each) => each !== entry)
    // The interface may have gone, and its groups with it.
    if (this.host.interfaceByIndex(entry.interface.index) !== undefined) this.tell(entry, 'include', [])
  }

  private tell(entry: Group, mode: 'include' | 'exclude', sources: readonly IpAddress[]): number {
    const network = this.host.network(entry.group.version)
    if (network === undefined) return ENODEV
    const error = network.setGroupFilter(this, entry.interface, entry.group, mode, sources)
    // Reports leave with the end of the burst.
    this.host.needBurstEnd()
    return error
  }
}

function indexOfAddress(addresses: readonly IpAddress[], address: IpAddress): number {
  for (let i = 0; i < addresses.length; i++) if ((addresses[i] as IpAddress).equals(address)) return i
  return -1
}
