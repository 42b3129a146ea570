import type { IpAddress } from '@jackfield/addr'
import {
  aimRouteQuery,
  CAST_UNICAST,
  createRouteQuery,
  ENETUNREACH,
  type NetworkFlow,
  type RouteQuery,
  type RouteResult,
} from '@jackfield/interfaces'

/** Finds the routes of sockets' flows for a network layer. */
export class FlowRouter {
  private readonly lookup: (query: RouteQuery) => RouteResult
  private readonly query: RouteQuery

  /** @param any the unspecified address of the version */
  constructor(any: IpAddress, lookup: (query: RouteQuery) => RouteResult) {
    this.lookup = lookup
    this.query = createRouteQuery(any)
  }

  /** Sets `flow.route`, null where there is none. 0 or the error number. */
  find(flow: NetworkFlow): number {
    const { query } = this
    aimRouteQuery(query, flow)
    flow.route = null
    const found = this.lookup(query)
    if (typeof found === 'number') return found
    // `SO_DONTROUTE`: a router is no neighbour of the destination's.
    if (flow.onLink && found.cast === CAST_UNICAST && !found.local && !found.nextHop.equals(flow.destination)) {
      return ENETUNREACH
    }
    flow.route = found
    return 0
  }
}
