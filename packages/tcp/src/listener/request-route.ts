import { isLinkLocal } from '@jackfield/addr'
import { routeFlow } from '@jackfield/transport'
import type { ArrivingSegment } from '../arriving-segment.js'
import type { Connection } from '../connection.js'
import { advertisableMss } from '../send/mss.js'
import type { Request } from './request.js'

/** Points a request's flow back at the peer, as the listener's options have it. False: there is no way. */
export function routeRequest(c: Connection, r: Request, s: ArrivingSegment): boolean {
  const { tcp, options } = c
  const { source, destination, header } = s
  if (source === null || destination === null || header === null) return false
  const network = tcp.host.network(source.version)
  if (network === undefined) return false
  const { flow } = r
  r.port = s.destinationPort
  r.peerPort = s.sourcePort
  r.setAddresses(destination, source)
  flow.interfaceIndex = options.boundInterface
  flow.scopeId = source.version === 6 && isLinkLocal(source) ? header.interfaceIndex : 0
  const { ttl, tos, mtuDiscover } = options.forVersion(source.version)
  flow.ttl = ttl
  flow.tos = tos & ~3
  flow.autoFlowLabel = options.autoFlowLabel
  flow.mark = options.mark
  flow.priority = options.priority
  flow.mtuDiscover = mtuDiscover
  flow.onLink = options.dontRoute
  flow.anySource = options.transparent || options.freebind
  if (routeFlow(network, flow) !== 0 || flow.route === null) return false
  r.advertisedMss = advertisableMss(network, flow.route, c.userMss)
  r.tsOffset = r.timestampsOk ? tcp.initialSequence.timestampOffset(destination, source) : 0
  return true
}
