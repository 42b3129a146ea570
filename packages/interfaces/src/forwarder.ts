import type { SocketAddress } from '@jackfield/addr'
import type { OptionValue, SocketEndpoint } from './socket.js'

/**
 * How a connection or flow is refused: `reset` as a host with nobody on the port does (TCP's RST, for datagrams ICMP "port
 * unreachable"), `drop` without a word, the others by the ICMP error of that name, which need ICMP in the stack.
 */
export type Refusal = 'reset' | 'drop' | 'net-unreachable' | 'host-unreachable' | 'port-unreachable' | 'prohibited'

/**
 * What became of a request: `new` while its handler runs, `deferred` after `defer`; then it ends as `accepted`, `refused`,
 * `expired` (its time was over) or `cancelled` (the peer gave up, or the forwarder was taken away).
 */
export type ForwardState = 'new' | 'deferred' | 'accepted' | 'refused' | 'expired' | 'cancelled'

/** What a SYN offers. */
export interface SynOffer {
  /** Maximum segment size in bytes, 0 where it names none. */
  readonly mss: number
  /** Shift of the window, 0 to 14; -1 where it offers none. */
  readonly windowScale: number
  readonly sackPermitted: boolean
  readonly timestamps: boolean
}

/** How a request is accepted. */
export interface ForwardAcceptOptions {
  /**
   * Socket options (level, name, value) that the connection begins with, as if a listener had them: `SO_RCVBUF` and
   * `TCP_MAXSEG` count in the SYN-ACK already.
   */
  readonly socketOptions?: readonly (readonly [level: number, name: number, value: OptionValue])[]
}

/**
 * A connection or flow that no socket of the stack is there for: the handler of a `Forwarder` says what becomes of it, at
 * once or (after `defer`) later. `Accepted` is what accepting gives: an endpoint, or a descriptor of a table.
 */
export interface ForwardRequest<Accepted = SocketEndpoint> {
  /** `SOCK_STREAM` or `SOCK_DGRAM`, and the protocol. */
  readonly type: number
  readonly protocol: number
  /** Who asks. */
  readonly remote: SocketAddress
  /** Who was asked for: any address that packets are accepted for. */
  readonly local: SocketAddress
  /** Interface that it came in by. */
  readonly interfaceIndex: number
  /** TCP: what the SYN offers; else null. */
  readonly syn: SynOffer | null
  readonly state: ForwardState
  /**
   * Called once where a deferred request ends without `accept` or `reject`, with the state that it is in then: what was begun
   * for it can be given up. What it throws goes to the forwarder's `onError`.
   */
  onCancel: ((state: 'expired' | 'cancelled') => void) | null
  /** A copy of the packet that asked, from its network header on: of a SYN its headers, of a datagram all of it. */
  packet(): Uint8Array
  /** A copy of the payload of the datagram that asked; nothing for a SYN. */
  payload(): Uint8Array
  /**
   * Accepts, as the host that was asked for. A connection's handshake goes on from here: the socket is there at once, becomes
   * writable when the handshake is done, and fails as others do where it is not (`ETIMEDOUT`, `ECONNRESET`). A datagram
   * socket is connected, and its first receive gives the datagram that asked.
   * @throws SocketError `ECONNABORTED` where the request has ended, `ENETUNREACH` where there is no way back,
   *   `EADDRINUSE` where a socket has these addresses by now, or what an option that does not fit gives
   */
  accept(options?: ForwardAcceptOptions): Accepted
  /**
   * Refuses. Does nothing where the request has ended. Default `'reset'`.
   * @throws Error for an ICMP error in a stack without ICMP
   */
  reject(how?: Refusal): void
  /**
   * Answers later: `accept` or `reject` is to be called within the time, else the request is forgotten without an answer
   * (`expired`). Meanwhile SYNs that come again are absorbed, datagrams of the flow are queued. May be called again, for more time.
   * @param timeout milliseconds from now; default the forwarder's
   * @throws SocketError `ECONNABORTED` where the request has ended
   */
  defer(timeout?: number): void
  /** What was done for the request failed: refuses it with `reset` if it has not ended, and counts and reports the error. */
  fail(error: unknown): void
}

/**
 * Who is asked about connections and flows that no socket is there for. Packets for addresses that are not the stack's own
 * reach it where something claims them: an interface with `accept_any_destination`, or a route of type `local`.
 */
export interface Forwarder<Accepted = SocketEndpoint> {
  /**
   * Called for each SYN, and for the first datagram of each flow, while the packet is at hand: it must not wait. It calls
   * `accept`, `reject` or `defer`; where it returns without, or throws, the request is refused with `reset`, and that is counted
   * and reported: nothing of it reaches the packet path.
   */
  handler(request: ForwardRequest<Accepted>): void
  /**
   * Requests that may be undecided, and handshakes that may be under way, at a time; what comes beyond is dropped and counted. 1 to
   * 1,000,000; default 1024.
   */
  readonly maxInFlight?: number
  /** How long a deferred request waits, in milliseconds, 1 to 3,600,000. Default 60,000. */
  readonly timeout?: number
  /** Told of what a handler or `onCancel` threw. Without it such errors are only counted. */
  onError?(error: unknown, request: ForwardRequest<Accepted>): void
}
