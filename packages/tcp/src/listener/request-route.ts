import { isLinkLocal } from '@jackfield/addr'
import { routeFlow } from '@jackfield/transport'
import type { ArrivingSegment } from '../arriving-segment.js'
import type { Connection } from '../connection.js'
import { TCP_HEADER_LENGTH } from '../wire/segment.js'
import type { Request } from './request.js'

/** The least segment size that is advertised whatever the path (`net.ipv4.route.min_adv_mss`), in bytes. */
const LEAST_ADVERTISED = 256

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
  flow.ttl = options.ttl
  flow.tos = options.tos & ~3
  flow.mark = options.mark
  flow.priority = options.priority
  flow.mtuDiscover = options.mtuDiscover
  flow.onLink = options.dontRoute
  flow.anySource = options.transparent || options.freebind
  if (routeFlow(network, flow) !== 0 || flow.route === null) return false
  const mss = Math.max(flow.route.mtu - network.headerLength - TCP_HEADER_LENGTH, LEAST_ADVERTISED)
  r.advertisedMss = c.userMss > 0 ? Math.min(mss, c.userMss) : mss
  r.tsOffset = r.timestampsOk ? tcp.initialSequence.timestampOffset(destination, source) : 0
  return true
}
