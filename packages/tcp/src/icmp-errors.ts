import { ERROR_PACKET_TOO_BIG, ERROR_REDIRECT, type IcmpReport, POLLERR } from '@jackfield/interfaces'
import { fail } from './close.js'
import { Connection } from './connection.js'
import { Request } from './listener/request.js'
import type { TcpProtocol } from './protocol.js'
import { setPathMtu } from './send/path-mtu.js'
import { seqBetween } from './sequence.js'
import { SYN_RECEIVED, SYN_SENT } from './state.js'

/** Bytes of the quoted header that RFC 792 promises: the ports and the sequence number. */
const QUOTED = 8

/** An ICMP error about a segment that was sent (RFC 9293 3.9.2.2, RFC 5927 4). Borrows the report. */
export function icmpError(tcp: TcpProtocol, report: IcmpReport): void {
  const { packet, quoteTransport: at, kind, errno } = report
  if (packet === null || at + QUOTED > packet.end || kind === ERROR_REDIRECT || errno === 0) return
  const { view } = packet
  const seq = view.getInt32(at + 4)
  const entry = tcp.table.lookup(
    report.source,
    view.getUint16(at),
    report.destination,
    view.getUint16(at + 2),
    report.interfaceIndex,
  )
  if (entry instanceof Request) {
    entry.error(kind, seq)
    return
  }
  if (!(entry instanceof Connection) || entry.dead) return
  // RFC 5927 4.1: only errors about data that is under way are believed.
  const oldest = entry.passiveFastOpen === null ? entry.sndUna : entry.iss
  if (!seqBetween(seq, oldest, entry.sndNxt)) {
    tcp.counters.TcpExtOutOfWindowIcmps++
    return
  }
  if (kind === ERROR_PACKET_TOO_BIG) {
    setPathMtu(entry, report.info)
    return
  }
  noted(entry, errno)
}

/** RFC 9293 3.9.2.2: while opening an error ends the attempt; later it is only noted. */
function noted(c: Connection, errno: number): void {
  if (c.state === SYN_SENT || c.state === SYN_RECEIVED) {
    fail(c, errno)
    return
  }
  if (c.options.forVersion(c.network?.version ?? 4).recvErr) {
    c.options.error = errno
    c.wake.changed(POLLERR)
  } else c.softError = errno
}
