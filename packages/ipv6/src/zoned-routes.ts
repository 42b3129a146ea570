import { IPV6_ANY, type IpAddress } from '@jackfield/addr'
import { createRouteQuery, EADDRNOTAVAIL, ENETUNREACH, type RouteQuery, type RouteResult } from '@jackfield/interfaces'
import type { RouteTable } from '@jackfield/ip'
import { needsZone } from './scope.js'
import type { SourceSelection } from './source-selection.js'

/** Asks a route table with the zones of RFC 4007 in mind, and for a source address with every route. */
export class ZonedRoutes {
  private readonly table: RouteTable
  private readonly sources: SourceSelection
  /** What is asked in place of a query whose zone says nothing. */
  private readonly zoneless = createRouteQuery(IPV6_ANY)

  constructor(table: RouteTable, sources: SourceSelection) {
    this.table = table
    this.sources = sources
  }

  /**
   * As the table finds it: a link-local destination without its zone by the first link that has such addresses, as in Linux. Besides,
   * `ENETUNREACH` for IPv4 in disguise, and `EADDRNOTAVAIL` where the host has no source address for it.
   */
  lookup(query: RouteQuery): RouteResult {
    const { destination } = query
    if (destination.isMapped) return ENETUNREACH
    const asked = query.scope !== 0 && !needsZone(destination) ? this.withoutZone(query) : query
    let found = this.table.lookup(asked)
    if (typeof found === 'number') return found
    // As Linux: a loopback interface is no link on which groups are.
    if (found.interface.loopback && destination.isMulticast) return ENETUNREACH
    const preference = query.sourcePreference ?? 0
    if (preference !== 0 && query.source === null) {
      const source = this.sources.select(destination, found.interface, false, preference)
      if (source !== null && !source.equals(found.source)) found = this.table.lookup(this.fromSource(asked, source))
      if (typeof found === 'number') return found
    }
    return found.source.isUnspecified && query.anySource !== true ? EADDRNOTAVAIL : found
  }

  /** The same from an address that a socket prefers (RFC 5014). */
  private fromSource(asked: RouteQuery, source: IpAddress): RouteQuery {
    const query = this.withoutZone(asked)
    query.source = source
    query.scope = asked.scope
    return query
  }

  /** RFC 4007 6: what means the same everywhere has no zone; one that is given says nothing. */
  private withoutZone(query: RouteQuery): RouteQuery {
    const { zoneless } = this
    zoneless.destination = query.destination
    zoneless.source = query.source
    zoneless.interface = query.interface
    zoneless.scope = 0
    zoneless.tos = query.tos
    zoneless.mark = query.mark
    zoneless.flowHash = query.flowHash
    zoneless.anySource = query.anySource === true
    return zoneless
  }
}
