import { POLLIN } from '@jackfield/interfaces'
import { abort } from '../close.js'
import type { Connection } from '../connection.js'
import { FASTOPEN_EVERY_LISTENER, FASTOPEN_SERVER } from './fast-open-flags.js'
import { Request } from './request.js'

/** Requests that are kept for the next SYNs. */
const MOST_FREE = 256

/** How long a reset of a Fast Open counts against the limit, in microseconds (as Linux: a minute). */
const RESET_MEMORY = 60_000_000

/** A socket that listens: its SYN queue and its accept queue (RFC 9293 3.9.1.1; both bounded by the backlog). */
export class Listener {
  readonly connection: Connection
  /** As given to `listen`: bound of the SYN queue, and one less than that of the accept queue. */
  backlog: number
  /** Requests in the SYN queue, and those of them that never timed out. */
  pending = 0
  young = 0
  /** When a SYN cookie was last sent, microseconds of the clock. */
  lastCookie: number = Number.NEGATIVE_INFINITY
  /** For a SYN that is answered with a cookie: nothing of it is kept. */
  readonly scratch: Request
  /** Fast Open: connections whose SYN-ACK is not acknowledged, and resets that count as such for a while. */
  fastOpenPending = 0
  private readonly fastOpenResets: number[] = []
  private first: Request | null = null
  private free: Request | null = null
  private freeCount = 0
  private readonly accepted: Connection[] = []
  private taken = 0

  /** @param backlog at least 0 */
  constructor(connection: Connection, backlog: number) {
    const { fastopen } = connection.tcp.settings
    this.connection = connection
    this.backlog = backlog
    this.scratch = new Request(this)
    const everywhere = FASTOPEN_EVERY_LISTENER | FASTOPEN_SERVER
    if ((fastopen & everywhere) === everywhere && connection.fastOpenQueue === 0) connection.fastOpenQueue = backlog
  }

  /** Whether `accept` has something to give. */
  get ready(): boolean {
    return this.accepted.length > this.taken
  }

  /** Connections that wait for `accept`. */
  get waiting(): number {
    return this.accepted.length - this.taken
  }

  /** As Linux counts, one more than the backlog waits. */
  get acceptQueueFull(): boolean {
    return this.waiting > this.backlog
  }

  /** The oldest connection that nobody has accepted; null where there is none. */
  accept(): Connection | null {
    if (!this.ready) return null
    const { accepted } = this
    const connection = accepted[this.taken++] as Connection
    // In batches, so that a long queue is not moved for each.
    if (this.taken === accepted.length || this.taken >= 64) {
      accepted.splice(0, this.taken)
      this.taken = 0
    }
    return connection
  }

  /** A connection is ready to be accepted. */
  enqueue(connection: Connection): void {
    this.accepted.push(connection)
    this.connection.wake.changed(POLLIN)
  }

  /** Whether a connection waits for `accept`. */
  holds(connection: Connection): boolean {
    return this.accepted.indexOf(connection, this.taken) >= 0
  }

  /** A request as new. Whoever takes it gives it to `add` or `release`. */
  take(): Request {
    const r = this.free
    if (r === null) return new Request(this)
    this.free = r.next
    this.freeCount--
    r.next = null
    return r
  }

  /** Puts a request into the SYN queue. */
  add(r: Request): void {
    r.previous = null
    r.next = this.first
    if (this.first !== null) this.first.previous = r
    this.first = r
    this.pending++
    this.young++
  }

  /** Takes a request out of the SYN queue, if it is there. */
  leave(r: Request): void {
    r.cancelTimer()
    if (r.bucket === null) return
    this.connection.tcp.table.remove(r)
    this.unlink(r)
  }

  /** A request is done with, in the SYN queue or not. */
  release(r: Request): void {
    this.leave(r)
    r.flow.route = null
    r.savedSyn = null
    r.child = null
    if (this.freeCount >= Math.min(this.backlog, MOST_FREE)) return
    r.next = this.free
    this.free = r
    this.freeCount++
  }

  private unlink(r: Request): void {
    const { previous, next } = r
    if (previous === null) this.first = next
    else previous.next = next
    if (next !== null) next.previous = previous
    r.previous = null
    r.next = null
    this.pending--
    if (r.timeouts === 0) this.young--
  }

  /** Fast Open: whether one more connection may wait for its acknowledgement (`TCP_FASTOPEN`'s queue). */
  fastOpenHasRoom(): boolean {
    const { tcp, fastOpenQueue } = this.connection
    if (fastOpenQueue === 0) return false
    const { fastOpenResets } = this
    if (this.fastOpenPending + fastOpenResets.length < fastOpenQueue) return true
    const oldest = fastOpenResets[0]
    if (oldest === undefined || oldest > tcp.clockNow) {
      tcp.counters.TcpExtTCPFastOpenListenOverflow++
      return false
    }
    fastOpenResets.shift()
    return true
  }

  /**
   * Fast Open: a connection has its acknowledgement, or is gone. A reset counts on for a minute: with forged addresses
   * the real owners answer so (RFC 7413 5.1).
   */
  fastOpenSettled(wasReset: boolean): void {
    const { tcp } = this.connection
    this.fastOpenPending--
    if (wasReset && this.connection.listener === this) this.fastOpenResets.push(tcp.clockNow + RESET_MEMORY)
  }

  /** Nobody listens any more: requests are forgotten, connections that nobody accepted are reset. */
  close(): void {
    while (this.first !== null) this.release(this.first)
    this.scratch.cancelTimer()
    const waiting = this.accepted.splice(0).slice(this.taken)
    this.taken = 0
    for (const connection of waiting) forget(connection)
  }
}

/** Nobody will ever hold it. */
function forget(c: Connection): void {
  const { tcp } = c
  c.wake.close()
  c.options.close()
  if (c.dead) {
    c.inOrder.clear()
    tcp.connections.delete(c)
    return
  }
  c.orphaned = true
  tcp.orphans++
  abort(c)
}
