import type { Connection } from '../connection.js'
import { syncMss } from './mss.js'
import { simpleRetransmit } from './retransmit.js'

/** ICMP told of a smaller path MTU (RFC 1191 6.4): what does not fit is sent again at once. */
export function setPathMtu(c: Connection, mtu: number): void {
  const { route } = c.flow
  const known = route?.valid ? Math.min(route.mtu, mtu) : mtu
  if (known >= c.pathMtu) return
  syncMss(c, known)
  simpleRetransmit(c)
}
