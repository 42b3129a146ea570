import { IPV6_ANY } from '@jackfield/addr'
import {
  createRouteQuery,
  EADDRNOTAVAIL,
  EINVAL,
  ENETUNREACH,
  type RouteQuery,
  type RouteResult,
} from '@jackfield/interfaces'
import type { RouteTable } from '@jackfield/ip'
import { needsZone } from './scope.js'

/** Asks a route table with the zones of RFC 4007 in mind, and for a source address with every route. */
export class ZonedRoutes {
  private readonly table: RouteTable
  /** What is asked in place of a query whose zone says nothing. */
  private readonly zoneless = createRouteQuery(IPV6_ANY)

  constructor(table: RouteTable) {
    this.table = table
  }

  /**
   * As the table finds it; besides `EINVAL` for a link-local destination without its zone, `ENETUNREACH` for IPv4 in disguise, and
   * `EADDRNOTAVAIL` where the host has no source address for it.
   */
  lookup(query: RouteQuery): RouteResult {
    const { destination } = query
    if (destination.isMapped) return ENETUNREACH
    let asked = query
    if (needsZone(destination)) {
      if (query.interface === 0 && query.scope === 0 && !destination.isMulticast) return EINVAL
    } else if (query.scope !== 0) asked = this.withoutZone(query)
    const found = this.table.lookup(asked)
    if (typeof found === 'number') return found
    return found.source.isUnspecified && query.anySource !== true ? EADDRNOTAVAIL : found
  }

  /** RFC 4007 6: what means the same everywhere has no zone; one that is given says nothing. */
  private withoutZone(query: RouteQuery): RouteQuery {
    const { zoneless } = this
    zoneless.destination = query.destination
    zoneless.source = query.source
    zoneless.interface = query.interface
    zoneless.tos = query.tos
    zoneless.mark = query.mark
    zoneless.flowHash = query.flowHash
    zoneless.anySource = query.anySource === true
    return zoneless
  }
}
