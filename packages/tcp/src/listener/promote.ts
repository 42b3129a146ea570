import { aimFlow } from '@jackfield/transport'
import type { ArrivingSegment } from '../arriving-segment.js'
import type { Connection } from '../connection.js'
import { ECN_OK } from '../connection-state.js'
import { Md5Keys } from '../md5/md5-keys.js'
import { initReceiveMss } from '../receive/window.js'
import { initialRto, synAckedRtt } from '../recovery/rtt.js'
import { setTsRecent, takeTimestamps } from '../recovery/ts-recent.js'
import { undoSpuriousSyn } from '../recovery/undo.js'
import { syncMss } from '../send/mss.js'
import { SYN_RECEIVED } from '../state.js'
import { FLAG_SYN } from '../wire/segment.js'
import { MD5_ALIGNED, TIMESTAMP_ALIGNED } from '../wire/write-options.js'
import { inheritOptions } from './inherit.js'
import type { Listener } from './listener.js'
import type { Request } from './request.js'

/**
 * Makes the connection of a request, in SYN-RECEIVED: `s` is the acknowledgement of the SYN-ACK, or with Fast Open the SYN
 * (Linux's `tcp_v4_syn_recv_sock`). The request has left the SYN queue, and stays the caller's.
 * @returns null where the accept queue is full
 */
export function promote(listener: Listener, r: Request, s: ArrivingSegment): Connection | null {
  const { connection } = listener
  const { tcp } = connection
  const { source, destination } = s
  if (source === null || destination === null) return null
  if (listener.acceptQueueFull) {
    tcp.counters.TcpExtListenOverflows++
    tcp.counters.TcpExtListenDrops++
    return null
  }
  const c = tcp.createConnection(connection.family)
  inheritOptions(connection, c)
  // RFC 4007: a link-local peer is one of that interface's.
  if (r.flow.scopeId !== 0) c.boundInterface = c.options.boundInterface = r.flow.scopeId
  if (tcp.table.adopt(c, destination, r.port, source, r.peerPort) !== 0) {
    tcp.connections.delete(c)
    tcp.counters.TcpExtListenDrops++
    return null
  }
  c.state = SYN_RECEIVED
  if (tcp.settings.reflectTos !== 0) c.options.setTos(source.version, r.tos & ~3)
  aimFlow(c.options, destination, source, r.flow.scopeId, null)
  c.network = tcp.host.network(source.version) ?? null
  c.flow.route = r.flow.route
  c.savedSyn = r.savedSyn
  const key = connection.md5Keys?.find(source) ?? null
  c.md5Keys = null
  if (key !== null) {
    c.md5Keys = Md5Keys.forPeer(source, key)
    c.md5Key = key
    c.headerOptions = MD5_ALIGNED
  }
  sequences(c, r)
  agreed(c, r, s)
  segmentSizes(c, r)
  measured(c, r, s)
  tcp.counters.TcpPassiveOpens++
  return c
}

function sequences(c: Connection, r: Request): void {
  const { now } = c.tcp
  const first = (r.iss + 1) | 0
  c.iss = r.iss
  c.sndUna = first
  c.sndNxt = first
  c.sndSml = first
  c.sndUp = first
  c.writeSeq = first
  c.pushedSeq = first
  c.bufferSeq = first
  c.rttSeq = first
  c.highSeq = first
  c.cwndUsageSeq = first
  c.irs = r.irs
  c.rcvNxt = (r.irs + 1) | 0
  c.rcvWup = c.rcvNxt
  c.copiedSeq = c.rcvNxt
  c.sndWl1 = r.irs
  c.ackLastReceived = now
  c.lastReceived = now
  c.lastSent = now
  // The SYN; what ends the handshake is counted when the connection has it.
  c.segsIn = 1
  c.segsOut = 1 + r.retransmissions
}

/** What SYN and SYN-ACK agreed on. */
function agreed(c: Connection, r: Request, s: ArrivingSegment): void {
  c.rcvWnd = r.window
  c.rcvSsthresh = r.window
  c.windowClamp = r.windowClamp
  c.sackOk = r.sackOk
  c.windowScaleOk = r.windowScaleOk
  c.sndScale = r.windowScaleOk ? r.sndScale : 0
  c.rcvScale = r.windowScaleOk ? r.rcvScale : 0
  if (!r.windowScaleOk) c.windowClamp = Math.min(c.windowClamp, 65_535)
  c.sndWnd = s.window << c.sndScale
  c.maxWindow = c.sndWnd
  c.timestampsOk = r.timestampsOk
  c.tsOffset = r.tsOffset
  if (r.timestampsOk) {
    c.headerOptions += TIMESTAMP_ALIGNED
    setTsRecent(c, r.tsRecent)
    takeTimestamps(c, s)
  }
  c.ecn = r.ecnOk ? ECN_OK : 0
}

function segmentSizes(c: Connection, r: Request): void {
  c.mssClamp = r.mss
  c.advertisedMss = r.advertisedMss - c.headerOptions
  syncMss(c, r.flow.route?.mtu ?? r.advertisedMss + 40)
  initReceiveMss(c)
}

/** The round trip of SYN-ACK and acknowledgement, and what its retransmissions mean for the beginning. */
function measured(c: Connection, r: Request, s: ArrivingSegment): void {
  initialRto(c)
  c.totalRetrans = r.retransmissions
  // The SYN-ACK was delivered.
  c.delivered = 1
  if (r.timeouts > 0) {
    c.totalTimeouts = r.timeouts
    c.undoMarker = r.iss === 0 ? 1 : r.iss
    c.retransStamp = r.sentAt | 0
    undoSpuriousSyn(c)
    c.retransStamp = 0
  }
  if ((s.flags & FLAG_SYN) !== 0) return
  synAckedRtt(c, r.retransmissions === 0 && r.sentAt > 0 ? Math.floor(c.tcp.clockNow - r.sentAt) : -1)
}
