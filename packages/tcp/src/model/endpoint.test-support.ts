import { createAddressSlot, IpAddress, SocketAddress, setSlot } from '@jackfield/addr'
import { AF_INET, Message, SHUT_WR, SO_LINGER, SOL_SOCKET, SOL_TCP, TCP_NODELAY } from '@jackfield/interfaces'
import { Connection } from '../connection.js'
import { Peer, type PeerSegment, PORT } from '../listener/peer.test-support.js'
import { Request } from '../listener/request.js'
import { TimeWait } from '../listener/time-wait.js'
import { stateName } from '../state.js'
import type { TcpSegment } from '../wire/plain-segment.js'
import type { CallEvent } from './rfc9293.test-support.js'

/** The connection that the model is compared with: a real one over a network layer that the test plays. */
export class Endpoint extends Peer {
  /** The user's socket: what `connect` or `listen` was called on, then what `accept` gave. Null: closed. */
  socket: Connection | null = null
  /** The peer's port: another one for each connection. */
  peerPort = 20_000
  /** Ours. */
  localPort = PORT
  private listening: Connection | null = null
  /** Every connection that there ever was here: their timers must rest once they are over. */
  private readonly all = new Set<Connection>()

  constructor() {
    // Answers to what is not acceptable are counted one by one here; their limit has tests of its own.
    super({ invalidRatelimit: 0, rfc1337: 0 })
  }

  /** STATUS (RFC 9293 3.9.1.6), of the connection to the peer, whatever object it is at present. */
  get state(): string {
    const local = createAddressSlot()
    const remote = createAddressSlot()
    setSlot(local, IpAddress.parse('10.0.0.1'))
    setSlot(remote, IpAddress.parse('10.0.0.2'))
    const entry = this.tcp.table.lookup(local, this.localPort, remote, this.peerPort, 1)
    if (entry instanceof Request) return 'SYN-RECEIVED'
    if (entry instanceof TimeWait) return stateName(entry.state)
    return entry instanceof Connection ? stateName(entry.state) : 'CLOSED'
  }

  /** What a call answers: 0 or more, or the name of the error. */
  call(event: CallEvent): number {
    switch (event) {
      case 'connect':
        return this.connect()
      case 'listen':
        return this.startListening()
      case 'send':
        return this.user().send(new Message(new Uint8Array(10)))
      case 'shutdown':
        return this.user().shutdown(SHUT_WR)
      case 'close':
        this.leave()
        return 0
      case 'abort':
        this.user().setOption(SOL_SOCKET, SO_LINGER, { onoff: true, linger: 0 })
        this.leave()
        return 0
    }
  }

  /** RECEIVE: bytes, 0 at the end, or the negative error number. */
  read(): number {
    return this.user().receive(new Message(new Uint8Array(10_000)))
  }

  /** Bytes that could be read. */
  get unread(): number {
    return this.socket?.inOrder.bytes ?? 0
  }

  /** The error that waits for the user's next call; it stays. */
  get error(): number {
    return this.socket?.options.error ?? 0
  }

  /** A listener's connection is taken as soon as it is there; the listener has then done its work. */
  acceptIfAny(): boolean {
    const { listening } = this
    if (listening === null) return false
    const accepted = listening.accept(null)
    if (!(accepted instanceof Connection)) return false
    listening.close()
    this.listening = null
    this.socket = this.watch(accepted)
    return true
  }

  arrive(segment: PeerSegment): void {
    this.send({ port: this.peerPort, toPort: this.localPort, ...segment })
  }

  /** What left, to the peer of the present connection. */
  replies(): TcpSegment[] {
    this.host.burstEnd()
    return this.took().filter(({ destinationPort }) => destinationPort === this.peerPort)
  }

  /** Timers that are armed though their connection is over: there are none. */
  lateTimers(): number {
    let late = 0
    for (const c of this.all) {
      if (!c.dead) continue
      for (const timer of [c.retransmitTimer, c.ackTimer, c.keepAliveTimer, c.paceTimer, c.outOfOrder.ackTimer]) {
        if (timer?.armed) late++
      }
    }
    return late
  }

  private user(): Connection {
    if (this.socket === null) throw new Error('the user has no socket')
    return this.socket
  }

  private fresh(): Connection {
    const c = this.tcp.createConnection(AF_INET)
    c.setOption(SOL_TCP, TCP_NODELAY, 1)
    return this.watch(c)
  }

  private watch(c: Connection): Connection {
    this.all.add(c)
    return c
  }

  private connect(): number {
    if (this.socket === null) {
      this.socket = this.fresh()
      this.peerPort++
    }
    const result = this.socket.connect(SocketAddress.parse(`10.0.0.2:${this.peerPort}`))
    if (this.socket.localPort !== 0) this.localPort = this.socket.localPort
    return result
  }

  private startListening(): number {
    if (this.socket !== null) return this.socket.listen(5)
    const c = this.fresh()
    this.peerPort++
    this.localPort = PORT
    c.bind(SocketAddress.parse(`10.0.0.1:${PORT}`))
    this.socket = c
    this.listening = c
    return c.listen(5)
  }

  private leave(): void {
    this.user().close()
    this.socket = null
    this.listening = null
  }
}
