import { type IpAddress, Prefix, PrefixTable } from '@jackfield/addr'
import type { RouteEntry, RouteType } from '@jackfield/interfaces'

/** @internal An entry as the table keeps it: every field filled in, nothing shared with the caller. */
export class StoredRoute implements RouteEntry {
  readonly destination: Prefix
  readonly type: RouteType
  readonly metric: number
  declare readonly gateway?: IpAddress
  declare readonly interface?: number
  declare readonly source?: IpAddress
  declare readonly mtu?: number
  declare readonly advertisedMss?: number

  /** @param networkInterface what was found for it, where the entry named none */
  constructor(entry: RouteEntry, networkInterface: number | undefined) {
    this.destination = new Prefix(entry.destination.network, entry.destination.length)
    this.type = entry.type
    this.metric = entry.metric ?? 0
    if (entry.gateway !== undefined) this.gateway = entry.gateway.copy()
    if (networkInterface !== undefined) this.interface = networkInterface
    if (entry.source !== undefined) this.source = entry.source.copy()
    if (entry.mtu !== undefined) this.mtu = entry.mtu
    if (entry.advertisedMss !== undefined) this.advertisedMss = entry.advertisedMss
  }

  /** Whether it goes where the other goes, whatever its source, MTU and segment size. */
  sameWay(other: StoredRoute): boolean {
    return (
      this.type === other.type &&
      this.metric === other.metric &&
      this.interface === other.interface &&
      (this.gateway === undefined
        ? other.gateway === undefined
        : other.gateway !== undefined && this.gateway.equals(other.gateway))
    )
  }

  /** Whether `pattern`, in which an absent field means any, describes it. */
  matches(pattern: RouteEntry): boolean {
    return (
      this.type === pattern.type &&
      (pattern.metric === undefined || this.metric === pattern.metric) &&
      (pattern.interface === undefined || this.interface === pattern.interface) &&
      (pattern.gateway === undefined || (this.gateway?.equals(pattern.gateway) ?? false))
    )
  }
}

/** @internal The entries of one prefix, lowest metric first, then as they were added. */
export class PrefixRoutes {
  readonly length: number
  readonly routes: StoredRoute[] = []

  constructor(length: number) {
    this.length = length
  }
}

/** @internal Entries by prefix. */
export class RouteEntries {
  private readonly table = new PrefixTable<PrefixRoutes>()

  /** The longest prefix with the address. */
  lookup(address: IpAddress): PrefixRoutes | undefined {
    return this.table.lookup(address)
  }

  /** The longest prefix with the address of those that `accept` agrees to. */
  lookupWhere(address: IpAddress, accept: (routes: PrefixRoutes) => boolean): PrefixRoutes | undefined {
    return this.table.lookupWhere(address, accept)
  }

  at(destination: Prefix): readonly StoredRoute[] {
    return this.table.get(destination)?.routes ?? []
  }

  add(route: StoredRoute): void {
    let list = this.table.get(route.destination)
    if (list === undefined) {
      list = new PrefixRoutes(route.destination.length)
      this.table.set(route.destination, list)
    }
    const place = list.routes.findIndex((other) => other.metric > route.metric)
    list.routes.splice(place < 0 ? list.routes.length : place, 0, route)
  }

  remove(route: StoredRoute): void {
    const list = this.table.get(route.destination)
    const place = list === undefined ? -1 : list.routes.indexOf(route)
    if (list === undefined || place < 0) return
    list.routes.splice(place, 1)
    if (list.routes.length === 0) this.table.delete(route.destination)
  }

  all(): StoredRoute[] {
    return this.table.entries().flatMap(([, list]) => list.routes)
  }
}
