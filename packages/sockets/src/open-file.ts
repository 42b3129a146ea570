import {
  type AddressFamily,
  POLLERR,
  POLLHUP,
  POLLNVAL,
  type ReadinessWatcher,
  type SocketEndpoint,
} from '@jackfield/interfaces'

/** One who waits for a file to become ready. */
export interface Waiter {
  /** The `POLL*` bits that it waits for; errors and hang-ups wake it in any case. */
  readonly mask: number
  /** Tries again. True: it is done and no longer waits. */
  attempt(ready: number): boolean
}

/** Told of every change of readiness, for as long as it is registered (`Poller`). */
export interface FileObserver {
  /** Such are told until one was woken. */
  readonly exclusive: boolean
  /** `changed`: the `POLL*` bits that came. True: it woke somebody. */
  fileReady(file: OpenFile, changed: number): boolean
  fileClosed(file: OpenFile): void
}

/** One for all, as most sockets are at rest. */
const NOBODY: readonly never[] = []

/** What a descriptor stands for: an open file description, which several descriptors may share (`dup`). */
export class OpenFile implements ReadinessWatcher {
  readonly endpoint: SocketEndpoint
  /** Of the endpoint's family. */
  addresses: AddressFamily
  /** Descriptors that stand for it. */
  references = 1
  closed = false
  /** `SOCK_NONBLOCK` or `FIONBIO`: the awaiting calls give `EAGAIN` too. */
  nonBlocking: boolean
  /** `SO_RCVTIMEO` and `SO_SNDTIMEO`, in microseconds; 0 is to wait for ever. */
  receiveTimeout = 0
  sendTimeout = 0
  private waiters: readonly Waiter[] = NOBODY
  private observers: readonly FileObserver[] = NOBODY

  constructor(endpoint: SocketEndpoint, addresses: AddressFamily, nonBlocking: boolean) {
    this.endpoint = endpoint
    this.addresses = addresses
    this.nonBlocking = nonBlocking
  }

  /** Waits; the first who waits is the first who tries. */
  wait(waiter: Waiter): void {
    this.waiters = [...this.waiters, waiter]
    this.watch()
  }

  stopWaiting(waiter: Waiter): void {
    this.waiters = this.waiters.filter((other) => other !== waiter)
    this.watch()
  }

  observe(observer: FileObserver): void {
    this.observers = [...this.observers, observer]
    this.watch()
  }

  stopObserving(observer: FileObserver): void {
    this.observers = this.observers.filter((other) => other !== observer)
    this.watch()
  }

  ready(mask: number, changed: number): void {
    let taken = false
    for (const observer of this.observers) {
      if (taken && observer.exclusive) continue
      if (observer.fileReady(this, changed) && observer.exclusive) taken = true
    }
    if (this.waiters.length === 0) return
    const waiting = this.waiters
    // Those who begin to wait while others try again come after them.
    this.waiters = NOBODY
    const still: Waiter[] = []
    for (const waiter of waiting) {
      if ((mask & (waiter.mask | POLLERR | POLLHUP | POLLNVAL)) === 0 || !waiter.attempt(mask)) still.push(waiter)
    }
    this.waiters = still.length === 0 ? this.waiters : [...still, ...this.waiters]
    this.watch()
  }

  /** The last descriptor was closed. Whoever waits is told. */
  close(done?: () => void): void {
    this.closed = true
    this.endpoint.setWatcher(null)
    this.endpoint.close(done)
    const { waiters, observers } = this
    this.waiters = NOBODY
    this.observers = NOBODY
    for (const observer of observers) observer.fileClosed(this)
    for (const waiter of waiters) waiter.attempt(POLLNVAL)
  }

  private watch(): void {
    if (this.closed) return
    this.endpoint.setWatcher(this.waiters.length > 0 || this.observers.length > 0 ? this : null)
  }
}
