import type { SocketAddress } from '@jackfield/addr'
import type { Timer } from '@jackfield/clock'
import {
  ECONNABORTED,
  ERROR_HOST_UNREACHABLE,
  ERROR_NET_UNREACHABLE,
  ERROR_PORT_UNREACHABLE,
  ERROR_PROHIBITED,
  type ForwardAcceptOptions,
  type ForwardRequest,
  type ForwardState,
  type Refusal,
  type SocketEndpoint,
  SocketError,
  type SynOffer,
} from '@jackfield/interfaces'
import { type Cancellable, checkedTimeout, type Forwarding } from './forwarding.js'

/** The kinds of ICMP error that a request is refused with; 0 for what is no error. */
const KINDS: Readonly<Record<Refusal, number>> = {
  reset: 0,
  drop: 0,
  'net-unreachable': ERROR_NET_UNREACHABLE,
  'host-unreachable': ERROR_HOST_UNREACHABLE,
  'port-unreachable': ERROR_PORT_UNREACHABLE,
  prohibited: ERROR_PROHIBITED,
}

/** The states of a request and its time; a transport adds what they mean to it. */
export abstract class ForwardedRequest implements ForwardRequest, Cancellable {
  abstract readonly type: number
  abstract readonly protocol: number
  abstract readonly syn: SynOffer | null
  readonly remote: SocketAddress
  readonly local: SocketAddress
  readonly interfaceIndex: number
  state: ForwardState = 'new'
  onCancel: ((state: 'expired' | 'cancelled') => void) | null = null
  protected readonly forwarding: Forwarding
  private timer: Timer | null = null

  constructor(forwarding: Forwarding, remote: SocketAddress, local: SocketAddress, interfaceIndex: number) {
    this.forwarding = forwarding
    this.remote = remote
    this.local = local
    this.interfaceIndex = interfaceIndex
  }

  abstract packet(): Uint8Array
  abstract payload(): Uint8Array

  /** Makes the socket; the request has no claim on the addresses any more. Throws where it cannot. */
  protected abstract complete(options: ForwardAcceptOptions): SocketEndpoint
  /** Answers that nobody is there. */
  protected abstract reset(): void
  /** Answers with an ICMP error. */
  protected abstract refuse(kind: number): void
  /** Keeps the addresses and what is needed for a later answer. Throws where it cannot. */
  protected abstract hold(): void
  /** Gives up what `hold` kept, if anything. */
  protected abstract letGo(): void

  accept(options: ForwardAcceptOptions = {}): SocketEndpoint {
    this.demandOpen('accept')
    return this.inLoop(() => {
      try {
        const made = this.complete(options)
        this.end('accepted')
        this.forwarding.counts.ForwardAccepts++
        return made
      } catch (error) {
        this.end('refused')
        this.letGo()
        this.forwarding.counts.ForwardDrops++
        throw error
      }
    })
  }

  reject(how: Refusal = 'reset'): void {
    const kind = KINDS[how]
    if (kind === undefined) throw new RangeError(`a refusal is one of ${Object.keys(KINDS).join(', ')}, not '${how}'`)
    const { counts, host } = this.forwarding
    if (kind !== 0 && host.control === null) {
      throw new Error(`reject('${how}') sends an ICMP error: add icmp() to the stack, or reject with 'reset' or 'drop'`)
    }
    if (!this.open) return
    this.inLoop(() => {
      this.end('refused')
      if (how === 'drop') counts.ForwardDrops++
      else {
        counts.ForwardRejects++
        if (kind === 0) this.reset()
        else this.refuse(kind)
      }
      this.letGo()
    })
  }

  defer(timeout?: number): void {
    const length = timeout === undefined ? this.forwarding.timeout : checkedTimeout(timeout)
    this.demandOpen('defer')
    const { forwarding } = this
    if (this.state === 'new') {
      this.inLoop(() => this.hold())
      this.state = 'deferred'
      forwarding.deferred.add(this)
    }
    this.timer ??= forwarding.host.clock.createTimer(() => this.giveUp('expired'))
    this.timer.setAfter(length)
  }

  fail(error: unknown): void {
    this.reject('reset')
    this.forwarding.report(error, this)
  }

  /** The peer gave up, or the forwarder is taken away. */
  cancel(): void {
    this.giveUp('cancelled')
  }

  private giveUp(state: 'expired' | 'cancelled'): void {
    if (!this.open) return
    const { counts } = this.forwarding
    this.end(state)
    this.letGo()
    if (state === 'expired') counts.ForwardExpired++
    else counts.ForwardCancels++
    try {
      this.onCancel?.(state)
    } catch (error) {
      this.forwarding.report(error, this)
    }
  }

  private get open(): boolean {
    return this.state === 'new' || this.state === 'deferred'
  }

  private end(state: ForwardState): void {
    this.state = state
    this.timer?.cancel()
    this.forwarding.deferred.delete(this)
  }

  private demandOpen(syscall: string): void {
    if (this.open) return
    const { address, port } = this.remote
    const detail = `the request is ${this.state} already: onCancel and state tell of that`
    throw new SocketError(ECONNABORTED, syscall, { address: `${address}`, port, detail })
  }

  /** Decisions come from outside too, long after the packet: they are calls like those on sockets. */
  private inLoop<T>(work: () => T): T {
    const { host } = this.forwarding
    const { loop } = host.clock
    loop.enter()
    try {
      host.needBurstEnd()
      return work()
    } finally {
      loop.leave()
    }
  }
}
