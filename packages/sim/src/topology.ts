import { type IpAddress, Prefix } from '@jackfield/addr'

/** A link that several nodes share: a cable, or a switch with all that is plugged into it. */
export interface Segment {
  readonly number: number
  prefix: Prefix
  readonly attachments: Attachment[]
}

/** One interface of a node on a segment. */
export interface Attachment {
  readonly node: TopologyNode
  readonly segment: Segment
  readonly interfaceIndex: number
  readonly address: IpAddress
}

/** A host or router. */
export interface TopologyNode {
  readonly name: string
  readonly forwards: boolean
  readonly attachments: Attachment[]
}

/** How a node reaches a segment that it is not on. */
export interface ComputedRoute {
  readonly destination: Prefix
  readonly gateway: IpAddress
  readonly interfaceIndex: number
}

/** The shortest ways from a node to every other segment, in routers passed; the first found of equal ones. */
export function shortestRoutes(node: TopologyNode): ComputedRoute[] {
  const routes: ComputedRoute[] = []
  const reached = new Set<Segment>(node.attachments.map(({ segment }) => segment))
  const visited = new Set<TopologyNode>([node])
  // Each step: a router on a segment that is reached, and the first hop of the way to it.
  let frontier: { router: TopologyNode; gateway: IpAddress; interfaceIndex: number }[] = []
  for (const { segment, interfaceIndex } of node.attachments) {
    for (const { node: router, address } of segment.attachments) {
      if (router.forwards && !visited.has(router)) {
        visited.add(router)
        frontier.push({ router, gateway: address, interfaceIndex })
      }
    }
  }
  while (frontier.length > 0) {
    const next: typeof frontier = []
    for (const { router, gateway, interfaceIndex } of frontier) {
      for (const { segment } of router.attachments) {
        if (reached.has(segment)) continue
        reached.add(segment)
        routes.push({ destination: segment.prefix.masked, gateway, interfaceIndex })
        for (const { node: other } of segment.attachments) {
          if (!other.forwards || visited.has(other)) continue
          visited.add(other)
          next.push({ router: other, gateway, interfaceIndex })
        }
      }
    }
    frontier = next
  }
  return routes
}

/** The prefix that a segment has when nobody gives it one: 10.N.N.0/24 by its number from 1. */
export function automaticPrefix(number: number): Prefix {
  return Prefix.parse(`10.${number >>> 8}.${number & 0xff}.0/24`)
}
