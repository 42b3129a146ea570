import { AF_INET6, EADDRINUSE, ENETUNREACH, type ForwardAcceptOptions, SocketError } from '@jackfield/interfaces'
import type { Forwarding } from '@jackfield/transport'
import type { Connection } from '../connection.js'
import { beginEarly } from '../listener/fast-open-child.js'
import { readSyn } from '../listener/listen.js'
import { offerWindow } from '../listener/offer-window.js'
import { promote } from '../listener/promote.js'
import { routeRequest } from '../listener/request-route.js'
import { sendSynAck } from '../listener/syn-ack.js'
import type { TcpProtocol } from '../protocol.js'
import { ForwardListener } from './forward-listener.js'
import type { TcpForwardRequest } from './tcp-forward-request.js'

/** Takes accepted requests through their handshakes: the SYN-ACK and its retransmissions, until the peer has acknowledged it. */
export class AcceptedHandshakes {
  private readonly tcp: TcpProtocol
  private readonly forwarding: Forwarding
  private plain4: ForwardListener | null = null
  private plain6: ForwardListener | null = null

  constructor(tcp: TcpProtocol, forwarding: Forwarding) {
    this.tcp = tcp
    this.forwarding = forwarding
  }

  /** Makes the connection, in SYN-RECEIVED, and sends the SYN-ACK. Throws where there is no way back, or it cannot be. */
  begin(request: TcpForwardRequest, options: ForwardAcceptOptions): Connection {
    const { tcp } = this
    const { address, port } = request.remote
    const s = request.held.segment
    const { source, destination } = s
    const listener = this.listenerFor(request, options)
    const template = listener.connection
    const r = listener.take()
    readSyn(template, r, s, false)
    if (source === null || destination === null || !routeRequest(template, r, s)) {
      listener.release(r)
      throw new SocketError(ENETUNREACH, 'accept', { address: `${address}`, port, detail: 'there is no route back' })
    }
    offerWindow(template, r)
    r.iss = request.iss ?? tcp.initialSequence.sequence(destination, s.destinationPort, source, s.sourcePort)
    r.savedSyn = template.saveSyn === 0 ? null : request.packet()
    r.early = false
    const c = promote(listener, r, s)
    if (c === null) {
      listener.release(r)
      const { address: taken, port: takenPort } = request.local
      throw new SocketError(EADDRINUSE, 'accept', { address: `${taken}`, port: takenPort })
    }
    this.forwarding.handshakes++
    // Its port is not in the way of connections that choose theirs.
    c.byConnection = true
    beginEarly(c, r, s)
    r.armTimer()
    sendSynAck(template, r)
    return c
  }

  private listenerFor(request: TcpForwardRequest, options: ForwardAcceptOptions): ForwardListener {
    const { family } = request.local
    const wanted = options.socketOptions ?? []
    if (wanted.length === 0) return this.plainListener(family)
    const listener = this.createListener(family)
    for (const [level, name, value] of wanted) {
      const error = listener.connection.setOption(level, name, value)
      if (error !== 0) {
        throw new SocketError(-error, 'setsockopt', { detail: `option ${name} of level ${level}, given to accept()` })
      }
    }
    return listener
  }

  private plainListener(family: number): ForwardListener {
    const known = family === AF_INET6 ? this.plain6 : this.plain4
    if (known !== null) return known
    const made = this.createListener(family)
    if (family === AF_INET6) this.plain6 = made
    else this.plain4 = made
    return made
  }

  private createListener(family: number): ForwardListener {
    const { tcp, forwarding } = this
    const template = tcp.createConnection(family)
    // No socket, only what sockets begin with: nobody has it.
    tcp.connections.delete(template)
    template.options.transparent = true
    template.options.reuseAddress = true
    template.reuseAddress = true
    return new ForwardListener(template, () => {
      forwarding.handshakes--
    })
  }
}
