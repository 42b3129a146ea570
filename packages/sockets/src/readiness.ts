import type { Timer } from '@jackfield/clock'
import {
  EBADF,
  EEXIST,
  EINVAL,
  ENOENT,
  EPOLLERR,
  EPOLLET,
  EPOLLEXCLUSIVE,
  EPOLLHUP,
  EPOLLIN,
  EPOLLONESHOT,
  EPOLLOUT,
  EPOLLRDNORM,
  EPOLLWAKEUP,
  EPOLLWRNORM,
  SocketError,
} from '@jackfield/interfaces'
import type { SocketHost } from '@jackfield/stack'
import type { DescriptorTable } from './descriptors.js'
import type { FileObserver, OpenFile } from './open-file.js'
import { fileEvents } from './poll.js'
import type { AbortSignalLike, WaitOptions } from './waiting.js'

/** How an event is reported, beside what is watched for. */
const MODES = EPOLLET | EPOLLONESHOT | EPOLLEXCLUSIVE | EPOLLWAKEUP
/** What `EPOLLEXCLUSIVE` may be given with. */
const EXCLUSIVE_OK = EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE

/** One ready descriptor. */
export interface ReadinessEvent<T = unknown> {
  fd: number
  /** The `EPOLL*` bits that hold. */
  events: number
  /** What was given with `add`. */
  data: T | undefined
}

/** Watches many descriptors and tells which are ready, at a cost that follows the ready ones: Linux's epoll. */
export interface Readiness<T = unknown> {
  /** Descriptors watched. */
  readonly size: number
  /**
   * Watches a descriptor for `EPOLL*` bits (`EPOLLERR` and `EPOLLHUP` always); `EPOLLET` reports changes only,
   * `EPOLLONESHOT` once, `EPOLLEXCLUSIVE` to those that watch a socket so up to the first that is waited on. Throws `EBADF`, `EEXIST`, `EINVAL`.
   */
  add(fd: number, events: number, data?: T): void
  /** Changes what is watched for. Throws `ENOENT` for a descriptor that is not watched, `EINVAL` for an exclusive one. */
  modify(fd: number, events: number, data?: T): void
  /** Stops watching; closing the last descriptor of a socket does so too. Throws `ENOENT`. */
  delete(fd: number): void
  /** Those that are ready now, `max` at most (default 64); the longest unreported first. */
  poll(max?: number): ReadinessEvent<T>[]
  /** Waits for one to be ready. `timeout` in milliseconds; without one, for ever. Empty when the time is over. */
  wait(options?: WaitOptions & { timeout?: number; max?: number }): Promise<ReadinessEvent<T>[]>
  /** Stops watching everything. */
  close(): void
}

class Interest<T> implements FileObserver {
  readonly fd: number
  readonly file: OpenFile
  events: number
  data: T | undefined
  listed = false
  /** `EPOLLONESHOT`: it was reported. */
  disarmed = false
  private readonly owner: ReadinessSet<T>

  constructor(owner: ReadinessSet<T>, fd: number, file: OpenFile, events: number, data: T | undefined) {
    this.owner = owner
    this.fd = fd
    this.file = file
    this.events = events
    this.data = data
  }

  /** What holds of what it watches for. */
  holding(): number {
    // Reported once (`EPOLLONESHOT`): nothing is, until it is watched anew.
    if (this.disarmed) return 0
    return fileEvents(this.file) & this.wanted
  }

  get exclusive(): boolean {
    return (this.events & EPOLLEXCLUSIVE) !== 0
  }

  /** Lists it for what came; what holds all along is no news to an edge-triggered one. */
  fileReady(_file: OpenFile, changed: number): boolean {
    const came =
      changed | ((changed & EPOLLIN) !== 0 ? EPOLLRDNORM : 0) | ((changed & EPOLLOUT) !== 0 ? EPOLLWRNORM : 0)
    if ((came & this.wanted) === 0) return false
    return this.look()
  }

  /** Lists it if anything holds. True: somebody waited for it. */
  look(): boolean {
    return this.holding() !== 0 && this.owner.list(this)
  }

  private get wanted(): number {
    return (this.events & ~MODES) | EPOLLERR | EPOLLHUP
  }

  fileClosed(): void {
    this.owner.forget(this)
  }
}

interface WaitUnderWay<T> {
  readonly max: number
  readonly resolve: (events: ReadinessEvent<T>[]) => void
  readonly reject: (reason: unknown) => void
  readonly signal: AbortSignalLike | undefined
}

/** @internal */
export class ReadinessSet<T> implements Readiness<T> {
  private readonly host: SocketHost
  private readonly table: DescriptorTable
  private readonly interests = new Map<number, Interest<T>>()
  private listed: Interest<T>[] = []
  /** Who waits. One at a time. */
  private waiting: WaitUnderWay<T> | null = null
  /** Made for the first wait that has an end. */
  private timer: Timer | null = null

  constructor(host: SocketHost, table: DescriptorTable) {
    this.host = host
    this.table = table
  }

  get size(): number {
    return this.interests.size
  }

  add(fd: number, events: number, data?: T): void {
    const file = this.table.get(fd)
    if (file === null) throw new SocketError(EBADF, 'epoll_ctl', { detail: `${fd} is not an open descriptor` })
    if ((events & EPOLLEXCLUSIVE) !== 0 && (events & ~EXCLUSIVE_OK) !== 0) {
      throw new SocketError(EINVAL, 'epoll_ctl', {
        detail: 'EPOLLEXCLUSIVE goes with EPOLLIN, EPOLLOUT and EPOLLET only',
      })
    }
    const former = this.interests.get(fd)
    if (former !== undefined && former.file === file) {
      throw new SocketError(EEXIST, 'epoll_ctl', { detail: `${fd} is watched already: use modify` })
    }
    if (former !== undefined) this.forget(former)
    const interest = new Interest(this, fd, file, events, data)
    this.interests.set(fd, interest)
    file.observe(interest)
    interest.look()
  }

  modify(fd: number, events: number, data?: T): void {
    const interest = this.find(fd)
    if (((interest.events | events) & EPOLLEXCLUSIVE) !== 0) {
      throw new SocketError(EINVAL, 'epoll_ctl', { detail: 'an exclusive watch cannot be changed: delete and add it' })
    }
    interest.events = events
    interest.disarmed = false
    interest.data = data
    interest.look()
  }

  delete(fd: number): void {
    this.forget(this.find(fd))
  }

  poll(max = 64): ReadinessEvent<T>[] {
    if (!Number.isInteger(max) || max < 1) throw new SocketError(EINVAL, 'epoll_wait', { detail: 'max is 1 or more' })
    const found: ReadinessEvent<T>[] = []
    const still: Interest<T>[] = []
    const listed = this.listed
    let at = 0
    for (; at < listed.length && found.length < max; at++) {
      const interest = listed[at] as Interest<T>
      interest.listed = false
      const events = interest.holding()
      if (events === 0) continue
      found.push({ fd: interest.fd, events, data: interest.data })
      if ((interest.events & EPOLLONESHOT) !== 0) interest.disarmed = true
      else if ((interest.events & EPOLLET) === 0) {
        // Level-triggered: it stays listed, behind those that were not reported yet.
        interest.listed = true
        still.push(interest)
      }
    }
    this.listed = at === listed.length ? still : [...listed.slice(at), ...still]
    return found
  }

  wait(options: WaitOptions & { timeout?: number; max?: number } = {}): Promise<ReadinessEvent<T>[]> {
    const { signal, timeout = Number.POSITIVE_INFINITY, max = 64 } = options
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (this.waiting !== null) {
      return Promise.reject(new SocketError(EINVAL, 'epoll_wait', { detail: 'somebody waits on it already' }))
    }
    const now = this.poll(max)
    if (now.length > 0 || timeout === 0) return Promise.resolve(now)
    return new Promise((resolve, reject) => {
      this.waiting = { max, resolve, reject, signal }
      if (timeout > 0 && timeout !== Number.POSITIVE_INFINITY) {
        this.timer ??= this.host.clock.createTimer(() => this.finish())
        this.timer.setAfter(timeout * 1000)
      }
      signal?.addEventListener('abort', this.aborted)
    })
  }

  close(): void {
    for (const interest of [...this.interests.values()]) this.forget(interest)
    this.finish()
  }

  /** True: somebody waited. */
  list(interest: Interest<T>): boolean {
    if (!interest.listed) {
      interest.listed = true
      this.listed.push(interest)
    }
    const waited = this.waiting !== null
    if (waited) this.finish()
    return waited
  }

  forget(interest: Interest<T>): void {
    interest.file.stopObserving(interest)
    if (this.interests.get(interest.fd) === interest) this.interests.delete(interest.fd)
    if (interest.listed) this.listed = this.listed.filter((other) => other !== interest)
    interest.listed = false
  }

  /** Tells who waits what is ready: perhaps nothing. */
  private finish(): void {
    const waiting = this.settle()
    waiting?.resolve(this.poll(waiting.max))
  }

  private readonly aborted = (): void => {
    const waiting = this.settle()
    waiting?.reject(waiting.signal?.reason)
  }

  private settle(): WaitUnderWay<T> | null {
    const { waiting } = this
    this.waiting = null
    this.timer?.cancel()
    waiting?.signal?.removeEventListener('abort', this.aborted)
    return waiting
  }

  private find(fd: number): Interest<T> {
    const interest = this.interests.get(fd)
    if (interest === undefined) throw new SocketError(ENOENT, 'epoll_ctl', { detail: `${fd} is not watched: use add` })
    return interest
  }
}
