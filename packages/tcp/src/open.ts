import { createAddressSlot } from '@jackfield/addr'
import {
  EAFNOSUPPORT,
  EALREADY,
  EINPROGRESS,
  EISCONN,
  ENETUNREACH,
  POLLIN,
  POLLOUT,
  type Sockaddr,
} from '@jackfield/interfaces'
import {
  aimFlow,
  connectZone,
  flowLabelOf,
  ipName,
  readName,
  routeFlow,
  sourceOf,
  toLoopback,
} from '@jackfield/transport'
import type { ArrivingSegment } from './arriving-segment.js'
import { changeState } from './change-state.js'
import { disconnect, revive } from './close.js'
import type { Connection } from './connection.js'
import { fastOpenEstablished } from './listener/fast-open-child.js'
import { defersConnect, sendOpeningSyn } from './listener/fast-open-client.js'
import { selectMd5Key } from './md5/md5-key.js'
import { initialWindow } from './receive/window.js'
import { initialRto } from './recovery/rtt.js'
import { advertisableMss, syncMss } from './send/mss.js'
import { CLOSED, ESTABLISHED, SYN_RECEIVED, SYN_SENT } from './state.js'
import { keepAliveIdle } from './timers/keep-alive.js'
import { resetKeepAlive } from './timers.js'
import { initTransfer } from './transfer.js'

/**
 * RFC 9293 3.9.1.1, OPEN, active. `-EINPROGRESS` when it has begun; 0 only where it waits for data (`TCP_FASTOPEN_CONNECT`).
 */
export function beginConnect(c: Connection, name: Sockaddr | null): number {
  if (name === null) return disconnect(c)
  if (c.state === SYN_SENT || (c.state === SYN_RECEIVED && c.connectUntold)) return -EALREADY
  if (c.state !== CLOSED) {
    // As Linux: the first call after the handshake tells that it is done.
    if (!c.connectUntold || c.listener !== null) return -EISCONN
    c.connectUntold = false
    return 0
  }
  if (c.dead) revive(c)
  const { tcp, options, flow } = c
  const remote = createAddressSlot()
  const ip = ipName(name)
  if (ip === null || readName(name, c.family, remote) !== 0) return -EAFNOSUPPORT
  const network = tcp.host.network(remote.version)
  if (network === undefined || remote.isMulticast || (options.v6only && remote.version === 4)) return -ENETUNREACH
  const local = createAddressSlot()
  c.readLocal(local)
  if (!local.isUnspecified && local.version !== remote.version)
    return local.version === 4 ? -EAFNOSUPPORT : -ENETUNREACH
  toLoopback(remote, local)
  const zone = connectZone(options, remote, ip.scopeId)
  if (zone !== 0) return zone
  options.flowLabel = flowLabelOf(options, ip)
  aimFlow(options, local, remote, ip.scopeId, null)
  flow.route = null
  const unreachable = routeFlow(network, flow)
  if (unreachable !== 0) return -unreachable
  const source = sourceOf(flow).copy()
  const { table } = tcp
  const refused =
    c.localPort === 0
      ? table.bindConnection(c, source, remote, ip.port, options)
      : table.connect(c, source, remote, ip.port)
  if (refused !== 0) return refused
  aimFlow(options, source, remote, ip.scopeId, null)
  // Another source asks for the route anew: it says what segment size to advertise.
  routeFlow(network, flow)
  c.network = network
  selectMd5Key(c, remote)
  prepareOpen(c)
  c.state = SYN_SENT
  c.options.error = 0
  if (defersConnect(c)) return 0
  // A SYN that cannot leave is sent again by its timer.
  sendOpeningSyn(c)
  c.connectUntold = true
  return -EINPROGRESS
}

/** What an active open starts from: sequence numbers, window, segment size. */
function prepareOpen(c: Connection): void {
  const { tcp } = c
  const { settings } = tcp
  const local = createAddressSlot()
  const remote = createAddressSlot()
  c.readLocal(local)
  c.readRemote(remote)
  const { reusedIss } = c
  const iss = reusedIss !== 0 ? reusedIss : tcp.initialSequence.sequence(local, c.localPort, remote, c.remotePort)
  c.reusedIss = 0
  c.tsOffset = tcp.initialSequence.timestampOffset(local, remote)
  c.iss = iss
  c.writeSeq = iss
  c.sndUna = iss
  c.sndNxt = iss
  c.sndSml = iss
  c.sndUp = iss
  c.pushedSeq = iss
  initialRto(c)
  c.mssClamp = c.userMss > 0 ? c.userMss : 0xffff
  const { route } = c.flow
  syncMss(c, route?.mtu ?? 1500)
  c.advertisedMss = advertisableMss(c.network, route, c.userMss)
  initialWindow(c, settings.windowScaling !== 0)
}

/** The handshake is done on this side (Linux's `tcp_finish_connect`). */
export function finishConnect(c: Connection): void {
  changeState(c, ESTABLISHED)
  initTransfer(c)
  if (c.options.keepAlive) resetKeepAlive(c, keepAliveIdle(c))
  c.wake.changed(POLLIN | POLLOUT)
}

/** A connection in SYN-RECEIVED (a crossed open, or Fast Open) has its acknowledgement (RFC 9293 3.10.7.4, fifth). */
export function establish(c: Connection, s: ArrivingSegment): void {
  changeState(c, ESTABLISHED)
  c.sndUna = s.ack
  c.sndWnd = c.windowScaleOk ? s.window << c.sndScale : s.window
  c.sndWl1 = s.seq
  if (c.sndWnd > c.maxWindow) c.maxWindow = c.sndWnd
  if (c.passiveFastOpen !== null) fastOpenEstablished(c, c.passiveFastOpen)
  else initTransfer(c)
  if (c.options.keepAlive) resetKeepAlive(c, keepAliveIdle(c))
  c.wake.changed(POLLIN | POLLOUT)
}
