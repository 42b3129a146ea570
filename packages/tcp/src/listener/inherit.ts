import type { IpSocketOptions } from '@jackfield/transport'
import type { Connection } from '../connection.js'

/** What an accepted socket has from the one that listened: its options, and what the port table knows of them. */
export function inheritOptions(from: Connection, to: Connection): void {
  to.boundInterface = from.boundInterface
  to.v6only = from.v6only
  to.reuseAddress = from.reuseAddress
  to.reusePort = from.reusePort
  if (to.congestion !== from.congestion) {
    to.congestion.release?.(to)
    to.congestion = from.congestion
    to.congestionState = to.congestion.init(to)
  }
  to.rcvBuf = from.rcvBuf
  to.scalingRatio = from.scalingRatio
  if (from.sndBufLocked) to.sndBuf = from.sndBuf
  to.inheritChosen(from)
  // Those are of listening and of opening.
  to.deferAccept = 0
  to.fastOpenConnect = false
  to.fastOpenQueue = 0
  to.fastOpenNoCookie = false
  to.pingPong = from.pingPong
  to.nonagle = from.nonagle
  copyIpOptions(from.options, to.options)
}

function copyIpOptions(from: IpSocketOptions, to: IpSocketOptions): void {
  to.reuseAddress = from.reuseAddress
  to.reusePort = from.reusePort
  to.dontRoute = from.dontRoute
  to.keepAlive = from.keepAlive
  to.oobInline = from.oobInline
  to.lingerOn = from.lingerOn
  to.lingerTime = from.lingerTime
  to.receiveLowWater = from.receiveLowWater
  to.priority = from.priority
  to.mark = from.mark
  to.boundInterface = from.boundInterface
  to.ttl = from.ttl
  to.tos = from.tos
  to.mtuDiscover = from.mtuDiscover
  to.recvErr = from.recvErr
  to.freebind = from.freebind
  to.transparent = from.transparent
  to.minTtl = from.minTtl
  to.v6only = from.v6only
  to.wantedControl = from.wantedControl
}
