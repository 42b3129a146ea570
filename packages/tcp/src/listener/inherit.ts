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
  to.options.inheritValues(from.options)
  // It is of the packets that the SYN came with.
  to.options.ipOptions = null
}
