import type { CounterGroup, Forwarder, ForwardRequest, Host } from '@jackfield/interfaces'

const MOST_IN_FLIGHT = 1_000_000
const LONGEST_TIMEOUT = 3_600_000

/** What a protocol counts of its forwarder's requests. */
export class ForwardCounts {
  /** The handler was asked. */
  ForwardRequests = 0
  ForwardAccepts = 0
  /** Refused with an answer: a reset or an ICMP error. */
  ForwardRejects = 0
  /** Refused without an answer. */
  ForwardDrops = 0
  /** Dropped for `maxInFlight`: the handler was not asked. */
  ForwardOverflows = 0
  /** SYNs that came again while the handler had not decided. */
  ForwardRetransmits = 0
  /** Deferred, and not decided in time. */
  ForwardExpired = 0
  /** Given up by the peer, or with the forwarder, before they were decided. */
  ForwardCancels = 0
  /** The handler threw, or returned without a decision. */
  ForwardErrors = 0
}

/** The counts under their full names (`TcpExtForwardRequests`), read through to the object. */
export function forwardCounters(counts: ForwardCounts, prefix: string): CounterGroup {
  const group: CounterGroup = {}
  for (const name of Object.keys(counts) as (keyof ForwardCounts)[]) {
    Object.defineProperty(group, prefix + name, { enumerable: true, get: () => counts[name] })
  }
  return group
}

/** What the requests of one `Forwarder` share: its limits, what is in flight, and the handler, from which nothing escapes. */
export class Forwarding {
  readonly host: Host
  readonly counts: ForwardCounts
  readonly maxInFlight: number
  /** Microseconds. */
  readonly timeout: number
  /** Requests that are deferred. */
  readonly deferred: Set<Cancellable> = new Set()
  /** Handshakes that are not done. */
  handshakes = 0
  private readonly forwarder: Forwarder

  /** @throws RangeError for limits out of range */
  constructor(host: Host, forwarder: Forwarder, counts: ForwardCounts) {
    const { maxInFlight = 1024, timeout = 60_000 } = forwarder
    if (!Number.isInteger(maxInFlight) || maxInFlight < 1 || maxInFlight > MOST_IN_FLIGHT) {
      throw new RangeError(`a forwarder's maxInFlight is an integer from 1 to ${MOST_IN_FLIGHT}, not ${maxInFlight}`)
    }
    if (typeof forwarder.handler !== 'function') {
      throw new TypeError('a forwarder is an object with a function handler(request)')
    }
    this.host = host
    this.counts = counts
    this.maxInFlight = maxInFlight
    this.timeout = checkedTimeout(timeout)
    this.forwarder = forwarder
  }

  /** Whether one more may be undecided; if not that is counted. */
  admit(): boolean {
    if (this.deferred.size + this.handshakes < this.maxInFlight) return true
    this.counts.ForwardOverflows++
    return false
  }

  /** Has the handler decide. The request has a decision afterwards, or is deferred. Never throws. */
  ask(request: ForwardRequest): void {
    this.counts.ForwardRequests++
    try {
      this.forwarder.handler(request)
      if (request.state === 'new') {
        request.fail(new Error('the handler of a forwarder returned without accept(), reject() or defer()'))
      }
    } catch (error) {
      request.fail(error)
    }
  }

  /** Counts and reports an error. Never throws. */
  report(error: unknown, request: ForwardRequest): void {
    this.counts.ForwardErrors++
    try {
      this.forwarder.onError?.(error, request)
    } catch {
      // Who is told of errors has none to tell to.
      this.counts.ForwardErrors++
    }
  }

  /** The forwarder is taken away: what it has not decided is forgotten. */
  close(): void {
    for (const request of [...this.deferred]) request.cancel()
  }
}

/** A deferred request, as `Forwarding` keeps it. */
export interface Cancellable {
  cancel(): void
}

/** Milliseconds in, microseconds out. */
export function checkedTimeout(timeout: number): number {
  if (!(timeout >= 1 && timeout <= LONGEST_TIMEOUT)) {
    throw new RangeError(`a forwarder's timeout is 1 to ${LONGEST_TIMEOUT} milliseconds, not ${timeout}`)
  }
  return timeout * 1000
}
