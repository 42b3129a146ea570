import type { IpAddress } from '@jackfield/addr'
import { CAST_UNICAST, ENETUNREACH, type NetworkFlow, type RouteQuery, type RouteResult } from '@jackfield/interfaces'

/** Finds the routes of sockets' flows for a network layer. */
export class FlowRouter {
  private readonly lookup: (query: RouteQuery) => RouteResult
  private readonly query: RouteQuery

  /** @param any the unspecified address of the version */
  constructor(any: IpAddress, lookup: (query: RouteQuery) => RouteResult) {
    this.lookup = lookup
    this.query = {
      destination: any,
      source: null,
      interface: 0,
      scope: 0,
      tos: 0,
      mark: 0,
      flowHash: 0,
      anySource: false,
    }
  }

  /** Sets `flow.route`, null where there is none. 0 or the error number. */
  find(flow: NetworkFlow): number {
    const { query } = this
    query.destination = flow.destination
    query.source = flow.source.isUnspecified ? null : flow.source
    query.interface = flow.interfaceIndex
    query.scope = flow.scopeId
    query.tos = flow.tos
    query.mark = flow.mark
    query.flowHash = flow.flowHash
    query.anySource = flow.anySource
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
