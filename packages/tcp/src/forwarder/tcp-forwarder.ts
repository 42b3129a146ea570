import type { Forwarder } from '@jackfield/interfaces'
import { type ForwardCounts, Forwarding, type PortEntry } from '@jackfield/transport'
import type { ArrivingSegment } from '../arriving-segment.js'
import type { TcpProtocol } from '../protocol.js'
import { FLAG_ACK, FLAG_FIN, FLAG_RST, FLAG_SYN } from '../wire/segment.js'
import { AcceptedHandshakes } from './accepted-handshakes.js'
import { HeldSyn } from './held-syn.js'
import { TcpForwardRequest, WaitingSyn } from './tcp-forward-request.js'

const CONTROL = FLAG_SYN | FLAG_ACK | FLAG_RST | FLAG_FIN

/** Asks a handler about SYNs that no socket is there for, and keeps those that it has not decided. */
export class TcpForwarder {
  private readonly tcp: TcpProtocol
  private readonly forwarding: Forwarding
  private readonly handshakes: AcceptedHandshakes

  /** @throws RangeError for limits out of range */
  constructor(tcp: TcpProtocol, forwarder: Forwarder, counts: ForwardCounts) {
    this.tcp = tcp
    this.forwarding = new Forwarding(tcp.host, forwarder, counts)
    this.handshakes = new AcceptedHandshakes(tcp, this.forwarding)
  }

  /**
   * A segment for which there is no connection.
   * @param entry what the port table found: nothing, or what waits for the handler
   * @param iss initial sequence number to begin with, where TIME-WAIT was left for it; null: a fresh one
   * @returns false where it is to be answered with a reset
   */
  segment(entry: PortEntry | null, s: ArrivingSegment, iss: number | null = null): boolean {
    if (entry instanceof WaitingSyn) return this.waiting(entry.request, s)
    // Port 0 stands for any in the port table: nobody is there to speak to.
    if ((s.flags & CONTROL) !== FLAG_SYN || s.sourcePort === 0) return false
    if (!this.forwarding.admit()) {
      const { counters } = this.tcp
      counters.TcpExtTCPReqQFullDrop++
      counters.TcpExtListenDrops++
      return true
    }
    this.forwarding.ask(new TcpForwardRequest(this.tcp, this.forwarding, this.handshakes, new HeldSyn(s), iss))
    return true
  }

  /** The forwarder is taken away; handshakes go on. */
  close(): void {
    this.forwarding.close()
  }

  /** A segment for a deferred request, of which the peer knows nothing yet: as in LISTEN (RFC 9293 3.10.7.2). */
  private waiting(request: TcpForwardRequest, s: ArrivingSegment): boolean {
    const { seq } = request.held.segment
    if ((s.flags & FLAG_RST) !== 0) {
      // RFC 5961 3.2 in the spirit: only one that knows the sequence number.
      if (s.seq === seq || s.seq === ((seq + 1) | 0)) request.cancel()
      return true
    }
    if ((s.flags & FLAG_ACK) !== 0) return false
    if ((s.flags & CONTROL) !== FLAG_SYN) return true
    if (s.seq === seq) {
      request.again(s)
      return true
    }
    // The peer began anew.
    request.cancel()
    return this.segment(null, s)
  }
}
