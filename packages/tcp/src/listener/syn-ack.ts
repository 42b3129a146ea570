import { EAFNOSUPPORT } from '@jackfield/interfaces'
import { routeFlow } from '@jackfield/transport'
import { clockMilliseconds } from '../clock-units.js'
import type { Connection } from '../connection.js'
import { sealSegment } from '../send/seal.js'
import { FLAG_ACK, FLAG_ECE, FLAG_SYN, TCP_HEADER_LENGTH, writeTcpHeader } from '../wire/segment.js'
import { SynOptions, synOptionsLength, writeSynOptions } from '../wire/write-options.js'
import type { Request } from './request.js'

const options = new SynOptions()

/** Sends the SYN-ACK of a request, as its listener is set up. 0, or the positive number of the error. */
export function sendSynAck(c: Connection, r: Request): number {
  const { tcp } = c
  const { flow } = r
  const network = tcp.host.network(flow.destination.version)
  if (network === undefined) return EAFNOSUPPORT
  const unreachable = routeFlow(network, flow)
  if (unreachable !== 0) return unreachable
  const md5Key = c.md5Keys?.find(flow.destination) ?? null
  options.md5 = md5Key !== null
  // As Linux: SACK blocks have no room beside a digest and timestamps.
  if (md5Key !== null && !r.isCookie && r.sackOk) r.timestampsOk = false
  fillOptions(c, r)
  const length = TCP_HEADER_LENGTH + synOptionsLength(options)
  const packet = tcp.host.packets.allocate(length)
  const { view, start } = packet
  // RFC 3168 6.1.1: ECE alone agrees to ECN.
  const flags = FLAG_SYN | FLAG_ACK | (r.ecnOk ? FLAG_ECE : 0)
  // RFC 7323 2.2: the window of a SYN is never scaled.
  writeTcpHeader(view, start, r.port, r.peerPort, r.iss, r.rcvNxt, length, flags, Math.min(r.window, 0xffff))
  writeSynOptions(view, start + TCP_HEADER_LENGTH, options)
  sealSegment(packet, flow.source, flow.destination, md5Key)
  const { tos } = c.options
  flow.tos = tcp.settings.reflectTos !== 0 ? r.tos & ~3 : tos & ~3
  if (r.sentAt === 0) r.sentAt = tcp.clockNow === 0 ? 1 : tcp.clockNow
  tcp.counters.TcpOutSegs++
  tcp.host.needBurstEnd()
  return network.send(packet, flow)
}

/** Sends it once more; a failure is not counted. */
export function resendSynAck(r: Request): number {
  const c = r.listener.connection
  const error = sendSynAck(c, r)
  if (error !== 0) return error
  r.retransmissions++
  c.tcp.counters.TcpRetransSegs++
  c.tcp.counters.TcpExtTCPSynRetrans++
  return 0
}

function fillOptions(c: Connection, r: Request): void {
  options.mss = r.advertisedMss
  options.timestamps = r.timestampsOk
  if (r.timestampsOk) {
    const stamp = r.isCookie ? r.cookieTimestamp : clockMilliseconds(c.tcp)
    options.tsval = (stamp + r.tsOffset) | 0
    options.tsecr = r.tsRecent
    r.lastStamp = options.tsval
    if (r.sentAt === 0) r.firstStamp = options.tsval
  }
  options.sackPermitted = r.sackOk
  options.windowScale = r.windowScaleOk ? r.rcvScale : -1
  options.cookieLength = r.cookieLength
  options.cookie = r.cookie
  options.cookieExperimental = r.cookieExperimental
}
