import { IpAddress, Prefix } from '@jackfield/addr'

/** A link that several nodes share: a cable, or a switch with all that is plugged into it. */
export interface Segment {
  readonly number: number
  prefix: Prefix
  prefix6: Prefix
  readonly attachments: Attachment[]
}

/** One interface of a node on a segment. */
export interface Attachment {
  readonly node: TopologyNode
  readonly segment: Segment
  readonly interfaceIndex: number
  readonly address: IpAddress
  /** Null where IPv6 does not run on the interface. */
  readonly address6: IpAddress | null
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

/**
 * The shortest ways of one IP version from a node to every other segment, in routers passed; the first found of equal ones.
 */
export function shortestRoutes(node: TopologyNode, version: 4 | 6): ComputedRoute[] {
  const routes: ComputedRoute[] = []
  const own = node.attachments.filter((each) => addressOf(each, version) !== null)
  const reached = new Set<Segment>(own.map(({ segment }) => segment))
  const visited = new Set<TopologyNode>([node])
  // Each step: a router on a segment that is reached, and the first hop of the way to it.
  let frontier: { router: TopologyNode; gateway: IpAddress; interfaceIndex: number }[] = []
  for (const { segment, interfaceIndex } of own) {
    for (const attachment of segment.attachments) {
      const { node: router } = attachment
      const gateway = addressOf(attachment, version)
      if (gateway !== null && router.forwards && !visited.has(router)) {
        visited.add(router)
        frontier.push({ router, gateway, interfaceIndex })
      }
    }
  }
  while (frontier.length > 0) {
    const next: typeof frontier = []
    for (const { router, gateway, interfaceIndex } of frontier) {
      for (const attachment of router.attachments) {
        const { segment } = attachment
        if (reached.has(segment) || addressOf(attachment, version) === null) continue
        reached.add(segment)
        const { masked } = version === 6 ? segment.prefix6 : segment.prefix
        routes.push({ destination: masked, gateway, interfaceIndex })
        for (const other of segment.attachments) {
          if (!other.node.forwards || visited.has(other.node) || addressOf(other, version) === null) continue
          visited.add(other.node)
          next.push({ router: other.node, gateway, interfaceIndex })
        }
      }
    }
    frontier = next
  }
  return routes
}

function addressOf(attachment: Attachment, version: 4 | 6): IpAddress | null {
  return version === 6 ? attachment.address6 : attachment.address
}

/** The prefix that a segment has when nobody gives it one: 10.N.N.0/24 by its number from 1. */
export function automaticPrefix(number: number): Prefix {
  return Prefix.parse(`10.${number >>> 8}.${number & 0xff}.0/24`)
}

/** The same for IPv6: fd00:N:N::/64, with the digits that IPv4's has. */
export function automaticPrefix6(number: number): Prefix {
  return Prefix.parse(`fd00:${number >>> 8}:${number & 0xff}::/64`)
}

/** The lowest address of a segment that nobody on it has, with the prefix length. RangeError where there is none. */
export function nextAddress(segment: Segment, version: 4 | 6): Prefix {
  const { attachments } = segment
  const prefix = version === 6 ? segment.prefix6 : segment.prefix
  const { w0, w1, w2, w3 } = prefix.masked.address
  const bits = (version === 6 ? 128 : 32) - prefix.length
  // No segment has more nodes than this.
  const last = bits === 0 ? 1 : Math.max(2 ** Math.min(bits, 24) - 1, 2)
  for (let host = 1; host < last; host++) {
    const candidate = version === 6 ? IpAddress.v6(w0, w1, w2, w3 + host) : IpAddress.v4(w3 + host)
    if (!attachments.some((each) => addressOf(each, version)?.equals(candidate))) {
      return new Prefix(candidate, prefix.length)
    }
  }
  throw new RangeError(`the segment ${prefix} has no free address: give it a shorter prefix`)
}
