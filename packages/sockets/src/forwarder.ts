import type { SocketAddress } from '@jackfield/addr'
import type {
  ForwardAcceptOptions,
  Forwarder,
  ForwardRequest,
  ForwardState,
  Refusal,
  SynOffer,
} from '@jackfield/interfaces'
import type { Calls } from './calls.js'

/** A `Forwarder` whose requests are accepted as descriptors. Its handler may be an async function. */
export interface DescriptorForwarder extends Omit<Forwarder<number>, 'handler'> {
  /**
   * Called for each SYN, and for the first datagram of each flow, that no socket is there for. It calls `accept`, `reject` or
   * `defer`; where it returns a promise without having decided, that defers, and a rejection refuses the request as one
   * that is thrown does.
   */
  handler(request: ForwardRequest<number>): void | PromiseLike<void>
}

/** The forwarder that a transport knows: it gives endpoints, of which the table makes descriptors. */
export function endpointForwarder(calls: Calls, given: DescriptorForwarder): Forwarder {
  const requests = new WeakMap<ForwardRequest, DescriptorRequest>()
  const requestOf = (inner: ForwardRequest): DescriptorRequest => {
    const known = requests.get(inner)
    if (known !== undefined) return known
    const made = new DescriptorRequest(calls, inner)
    requests.set(inner, made)
    return made
  }
  if (typeof given.handler !== 'function') {
    throw new TypeError('a forwarder is an object with a function handler(request)')
  }
  return {
    ...(given.maxInFlight === undefined ? {} : { maxInFlight: given.maxInFlight }),
    ...(given.timeout === undefined ? {} : { timeout: given.timeout }),
    handler(inner) {
      const promise = given.handler(requestOf(inner))
      if (promise === undefined || typeof promise.then !== 'function') return
      promise.then(undefined, (error: unknown) => inner.fail(error))
      if (inner.state === 'new') inner.defer()
    },
    onError: (error, inner) => given.onError?.(error, requestOf(inner)),
  }
}

/** A transport's request, of which `accept` makes a descriptor. */
class DescriptorRequest implements ForwardRequest<number> {
  private readonly calls: Calls
  private readonly inner: ForwardRequest

  constructor(calls: Calls, inner: ForwardRequest) {
    this.calls = calls
    this.inner = inner
  }

  get type(): number {
    return this.inner.type
  }

  get protocol(): number {
    return this.inner.protocol
  }

  get remote(): SocketAddress {
    return this.inner.remote
  }

  get local(): SocketAddress {
    return this.inner.local
  }

  get interfaceIndex(): number {
    return this.inner.interfaceIndex
  }

  get syn(): SynOffer | null {
    return this.inner.syn
  }

  get state(): ForwardState {
    return this.inner.state
  }

  get onCancel(): ForwardRequest['onCancel'] {
    return this.inner.onCancel
  }

  set onCancel(callback: ForwardRequest['onCancel']) {
    this.inner.onCancel = callback
  }

  packet(): Uint8Array {
    return this.inner.packet()
  }

  payload(): Uint8Array {
    return this.inner.payload()
  }

  accept(options?: ForwardAcceptOptions): number {
    return this.calls.adopt(() => this.inner.accept(options), 'accept')
  }

  reject(how?: Refusal): void {
    this.inner.reject(how)
  }

  defer(timeout?: number): void {
    this.inner.defer(timeout)
  }

  fail(error: unknown): void {
    this.inner.fail(error)
  }
}
