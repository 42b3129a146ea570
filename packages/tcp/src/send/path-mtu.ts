import { EMSGSIZE, IP_PMTUDISC_DO, IP_PMTUDISC_PROBE, IP_PMTUDISC_WANT } from '@jackfield/interfaces'
import { routeFlow } from '@jackfield/transport'
import type { Connection } from '../connection.js'
import { syncMss } from './mss.js'
import { simpleRetransmit } from './retransmit.js'

/**
 * ICMP told of a smaller path MTU, about a segment that is under way (RFC 1191 6.4): the path is known to have it from now on,
 * and what does not fit is sent again at once (Linux's `tcp_v4_mtu_reduced`).
 */
export function setPathMtu(c: Connection, mtu: number): void {
  const { flow, network, options } = c
  if (network === null || routeFlow(network, flow) !== 0) return
  network.updatePathMtu(flow.destination, mtu)
  if (routeFlow(network, flow) !== 0 || flow.route === null) return
  // The network layer has a least that it goes to, and does not believe an MTU that is larger than the one it knows.
  const known = flow.route.mtu
  const mode = options.forVersion(network.version).mtuDiscover
  if (mtu < known && mode === IP_PMTUDISC_DO) c.softError = EMSGSIZE
  if (mode < IP_PMTUDISC_WANT || mode > IP_PMTUDISC_PROBE || known >= c.pathMtu) return
  syncMss(c, known)
  simpleRetransmit(c)
}
