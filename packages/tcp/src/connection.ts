import {
  AF_INET,
  EADDRNOTAVAIL,
  ENOTCONN,
  IPPROTO_TCP,
  type Message,
  type NetworkFlow,
  type NetworkLayer,
  type OptionFailure,
  type OptionValue,
  type ReadinessWatcher,
  SOCK_STREAM,
  type Sockaddr,
  type SocketEndpoint,
} from '@jackfield/interfaces'
import type { PacketOwner } from '@jackfield/packet'
import { type IpSocketOptions, type Readiness, routeFlow } from '@jackfield/transport'
import type { CongestionControl } from './congestion/congestion-control.js'
import { ConnectionState } from './connection-state.js'
import type { TcpProtocol } from './protocol.js'
import type { InOrderQueue } from './receive/in-order.js'
import type { OutOfOrderQueue } from './receive/out-of-order.js'
import { devicePacketReleased } from './send/device-account.js'
import type { SendBuffer } from './send/send-buffer.js'
import type { SendQueue } from './send/send-queue.js'
import * as calls from './socket-calls.js'
import { CLOSED, ESTABLISHED, LISTEN } from './state.js'
import type { ConnectionTimer } from './timer-pool.js'

/** A TCP socket: the control block with what it stands on, and the socket calls. */
export class Connection extends ConnectionState implements SocketEndpoint, PacketOwner {
  readonly tcp: TcpProtocol
  readonly flow: NetworkFlow
  readonly options: IpSocketOptions
  readonly wake: Readiness
  /** Bytes written and not acknowledged. */
  sendBuffer: SendBuffer
  /** How they leave, or left. */
  sendQueue: SendQueue
  /** Bytes received in order and not read. */
  inOrder: InOrderQueue
  /** Shared with all that have received everything in order, and empty then: see `ownOutOfOrder`. */
  outOfOrder: OutOfOrderQueue
  /** The network layer of the peer's address; null before there is a peer. */
  network: NetworkLayer | null = null
  congestion: CongestionControl
  congestionState: object
  /** In the protocol's list of those that try to send at the end of the burst. */
  waits = false
  nextWaiting: Connection | null = null
  /** Retransmission, probes, loss probe and reordering (`pending` tells which). */
  retransmitTimer: ConnectionTimer | null = null
  ackTimer: ConnectionTimer | null = null

  /** @internal Use `TcpProtocol.createConnection`. */
  constructor(tcp: TcpProtocol, family: number) {
    super(family)
    const parts = tcp.partsOf(this)
    this.tcp = tcp
    this.flow = parts.flow
    this.wake = parts.wake
    this.options = parts.options
    this.sendBuffer = parts.sendBuffer
    this.sendQueue = parts.sendQueue
    this.inOrder = parts.inOrder
    this.outOfOrder = parts.outOfOrder
    this.congestion = parts.congestion
    this.congestionState = parts.congestionState
  }

  get type(): number {
    return SOCK_STREAM
  }

  get protocol(): number {
    return IPPROTO_TCP
  }

  bind(name: Sockaddr): number {
    return calls.bind(this, name)
  }

  connect(name: Sockaddr | null): number {
    return calls.connect(this, name)
  }

  listen(backlog: number): number {
    return calls.listen(this, backlog)
  }

  accept(peer: Sockaddr | null): SocketEndpoint | number {
    return calls.accept(this, peer)
  }

  send(message: Message): number {
    return calls.send(this, message)
  }

  receive(message: Message): number {
    return calls.receive(this, message)
  }

  shutdown(how: number): number {
    return calls.shutdown(this, how)
  }

  close(done?: () => void): void {
    calls.close(this, done)
  }

  setOption(level: number, name: number, value: OptionValue): number {
    return calls.setOption(this, level, name, value)
  }

  getOption(level: number, name: number): OptionValue | OptionFailure {
    return calls.getOption(this, level, name)
  }

  ioctl(request: number): number {
    return calls.ioctl(this, request)
  }

  getName(name: Sockaddr): number {
    return calls.getName(this, name)
  }

  getPeer(name: Sockaddr): number {
    return calls.getPeer(this, name)
  }

  /** `OptionsSocket.routeToPeer`, for `IP_MTU`. */
  routeToPeer(): number {
    if (this.network === null || this.state === CLOSED || this.state === LISTEN) return -ENOTCONN
    return -routeFlow(this.network, this.flow)
  }

  /** `OptionsSocket.established`. */
  get established(): boolean {
    return this.state === ESTABLISHED
  }

  /** `OptionsSocket.becomeIpv4`. */
  becomeIpv4(): number {
    if (this.state !== ESTABLISHED) return -ENOTCONN
    if (this.options.v6only || this.network?.version !== 4) return -EADDRNOTAVAIL
    this.options.becomeIpv4()
    this.family = AF_INET
    return 0
  }

  readiness(): number {
    return calls.readiness(this)
  }

  /** Lower layers let go of what was sent. */
  packetReleased(charge: number): void {
    devicePacketReleased(this, charge)
  }

  setWatcher(watcher: ReadinessWatcher | null): void {
    this.wake.setWatcher(watcher)
  }
}
