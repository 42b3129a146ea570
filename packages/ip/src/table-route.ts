import type { IpAddress } from '@jackfield/addr'
import type { NetworkInterface, Route, RouteEntry } from '@jackfield/interfaces'
import type { Destination, DestinationCache } from './destination-cache.js'

/** @internal What makes routes stale, shared by a table and all routes that it handed out. */
export class RouteGeneration {
  current = 0
}

/** The largest network packet that there is, in bytes (RFC 791; RFC 8200 without jumbograms). */
const MAX_PACKET = 65_535

/** @internal What a route was asked for, and what was found. */
export interface TableRouteFields {
  readonly destination: IpAddress
  readonly source: IpAddress
  readonly interface: NetworkInterface
  readonly nextHop: IpAddress
  readonly cast: number
  readonly local: boolean
  readonly entry: RouteEntry | null
  /** What the network layer takes of the interface's MTU; absent: all of it. */
  readonly mtu?: number
}

/**
 * The `Route` contract over a `RouteTable`. It follows what is learnt about its destination (path MTU, redirects) and the MTU of
 * its interface as they change; a change of routes, addresses or interfaces makes it stale.
 */
export class TableRoute implements Route {
  readonly source: IpAddress
  readonly interface: NetworkInterface
  readonly cast: number
  readonly local: boolean
  /** The entry that it came from; null for a destination taken to be on the link of the interface that was asked for. */
  readonly entry: RouteEntry | null
  /** @internal What it leads to. */
  readonly destination: IpAddress
  /** @internal The routes to the same destination over the other equal paths, by path; null where there is one path. */
  siblings: (TableRoute | null)[] | null = null
  /** @internal For the cache. */
  chain: TableRoute | null = null
  /** @internal For the cache. */
  hash = 0
  /** @internal What was asked: interface (with a bit for the kind of question) and source. */
  askedInterface = 0
  /** @internal Null where any source would do. */
  askedSource: IpAddress | null = null
  private readonly ownNextHop: IpAddress
  readonly advertisedMss: number | undefined
  private readonly fixedMtu: number
  private readonly generation: RouteGeneration
  private readonly born: number
  private readonly destinations: DestinationCache
  private learnt: Destination | null = null
  private learntAt = -1

  /** @internal Routes come from `RouteTable.lookup`. */
  constructor(fields: TableRouteFields, generation: RouteGeneration, destinations: DestinationCache) {
    this.destination = fields.destination
    this.source = fields.source
    this.interface = fields.interface
    this.cast = fields.cast
    this.local = fields.local
    this.entry = fields.entry
    this.ownNextHop = fields.nextHop
    this.advertisedMss = fields.entry?.advertisedMss
    this.fixedMtu = Math.min(fields.entry?.mtu ?? MAX_PACKET, fields.mtu ?? MAX_PACKET, MAX_PACKET)
    this.generation = generation
    this.born = generation.current
    this.destinations = destinations
  }

  get valid(): boolean {
    return this.born === this.generation.current
  }

  get nextHop(): IpAddress {
    const learnt = this.known()
    if (learnt === null || learnt.gatewayInterface !== this.interface.index) return this.ownNextHop
    return this.destinations.liveGateway(learnt) ?? this.ownNextHop
  }

  get mtu(): number {
    const link = this.interface.mtu
    const limit = Math.min(link, this.fixedMtu)
    const learnt = this.known()
    if (learnt === null) return limit
    const mtu = this.destinations.liveMtu(learnt)
    return mtu !== 0 && mtu < limit ? mtu : limit
  }

  /** Whether the path's MTU is below what this host goes to, so that packets leave without DF (RFC 1191 3). */
  get mtuLocked(): boolean {
    const learnt = this.known()
    return learnt?.locked === true && this.destinations.liveMtu(learnt) !== 0
  }

  get maxSegment(): number {
    // A device without segmentation has it done by the stack, for which any size will do.
    const most = this.interface.offload.maxSegmentedLength
    if (most === 0 || most > MAX_PACKET) return MAX_PACKET
    const mtu = this.mtu
    return Math.max(most, mtu)
  }

  confirm(): void {
    if (!this.local) this.interface.link.confirm(this.nextHop)
  }

  /** What was learnt of the destination; only paths to other hosts learn. */
  private known(): Destination | null {
    const { destinations } = this
    if (this.learntAt === destinations.generation) return this.learnt
    this.learnt = this.local || this.cast !== 0 ? null : destinations.find(this.destination)
    // After `find`, which may itself have dropped what expired.
    this.learntAt = destinations.generation
    return this.learnt
  }
}
