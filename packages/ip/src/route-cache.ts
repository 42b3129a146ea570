import { hashFlow, IPV4_ANY, type IpAddress } from '@jackfield/addr'
import type { TableRoute } from './table-route.js'

/**
 * @internal Routes that were found, by what was asked, so that asking again costs no allocation. Bounded: the oldest goes first.
 * A route that goes stays valid for the flows that keep it.
 */
export class RouteCache {
  private readonly secret0: number
  private readonly secret1: number
  private readonly buckets: (TableRoute | null)[]
  private readonly ring: (TableRoute | null)[]
  private place = 0
  private last: TableRoute | null = null

  constructor(size: number, secret0: number, secret1: number) {
    this.secret0 = secret0
    this.secret1 = secret1
    this.buckets = new Array<TableRoute | null>(1 << (32 - Math.clz32(size - 1))).fill(null)
    this.ring = new Array<TableRoute | null>(size).fill(null)
  }

  find(destination: IpAddress, source: IpAddress | null, asked: number): TableRoute | null {
    const { last } = this
    if (last !== null && matches(last, destination, source, asked)) return last
    const hash = this.hash(destination, source, asked)
    let route = this.buckets[hash & (this.buckets.length - 1)] as TableRoute | null
    while (route !== null && !(route.hash === hash && matches(route, destination, source, asked))) route = route.chain
    if (route !== null) this.last = route
    return route
  }

  /** Keeps a route whose `destination` and source are its own copies. */
  add(route: TableRoute, source: IpAddress | null, asked: number): void {
    const former = this.ring[this.place] as TableRoute | null
    if (former !== null) this.drop(former)
    this.ring[this.place] = route
    this.place = (this.place + 1) % this.ring.length
    route.askedSource = source
    route.askedInterface = asked
    route.hash = this.hash(route.destination, source, asked)
    const bucket = route.hash & (this.buckets.length - 1)
    route.chain = this.buckets[bucket] as TableRoute | null
    this.buckets[bucket] = route
    this.last = route
  }

  clear(): void {
    this.buckets.fill(null)
    this.ring.fill(null)
    this.place = 0
    this.last = null
  }

  private drop(route: TableRoute): void {
    const bucket = route.hash & (this.buckets.length - 1)
    let at = this.buckets[bucket] as TableRoute | null
    if (at === route) this.buckets[bucket] = route.chain
    else {
      while (at !== null && at.chain !== route) at = at.chain
      if (at !== null) at.chain = route.chain
    }
    route.chain = null
    if (this.last === route) this.last = null
  }

  private hash(destination: IpAddress, source: IpAddress | null, asked: number): number {
    return hashFlow(this.secret0, this.secret1, source ?? IPV4_ANY, asked >>> 16, destination, asked & 0xffff)
  }
}

function matches(route: TableRoute, destination: IpAddress, source: IpAddress | null, asked: number): boolean {
  if (route.askedInterface !== asked || !route.destination.equals(destination)) return false
  const own = route.askedSource
  return source === null ? own === null : own?.equals(source) === true
}
