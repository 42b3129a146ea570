import {
  AF_INET,
  type ControlMessage,
  EAGAIN,
  type ExtendedError,
  IP_RECVERR,
  IPV6_RECVERR,
  type Message,
  MSG_ERRQUEUE,
  MSG_TRUNC,
  POLLERR,
  SO_EE_ORIGIN_ZEROCOPY,
  SO_TIMESTAMPING,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
} from '@jackfield/interfaces'
import type { Connection } from '../connection.js'

/** What one notice pins besides its payload, in bytes. */
const NOTICE_SIZE = 512

/** One entry: what the error queue tells, and what comes with it. */
interface Notice {
  readonly error: Writable<ExtendedError>
  /** Microseconds since 1970; 0: none is told. */
  readonly time: number
  /** `SCM_TIMESTAMPING_OPT_STATS`, or null. */
  readonly statistics: ControlMessage | null
  readonly payload: Uint8Array
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

const NOTHING = new Uint8Array(0)

/**
 * What `MSG_ERRQUEUE` reads of a stream: time stamps of what was sent, and completions of `MSG_ZEROCOPY`. Bounded by
 * `SO_RCVBUF`, as in Linux: what finds no room is not told.
 */
export class NoticeQueue {
  private readonly notices: Notice[] = []
  private pinned = 0

  get length(): number {
    return this.notices.length
  }

  /** Queues a notice, and wakes who waits. */
  push(
    c: Connection,
    error: ExtendedError,
    time = 0,
    payload: Uint8Array = NOTHING,
    stats: ControlMessage | null = null,
  ): void {
    const size = NOTICE_SIZE + payload.length
    if (this.pinned + size > c.rcvBuf) return
    this.pinned += size
    this.notices.push({ error: { ...error }, time, statistics: stats, payload })
    c.wake.changed(POLLERR)
  }

  /** Makes the last notice tell of the sends `low` to `high` too, where it is one of zero-copy that ends just before them. */
  extendZeroCopy(c: Connection, low: number, high: number): boolean {
    const error = this.notices[this.notices.length - 1]?.error
    if (error === undefined || error.origin !== SO_EE_ORIGIN_ZEROCOPY) return false
    if (low !== (error.data + 1) >>> 0 || high - error.info >= 0xffff_ffff) return false
    error.data = high
    c.wake.changed(POLLERR)
    return true
  }

  /** Reads the oldest: `MSG_ERRQUEUE`. The bytes of its payload that were copied, or `-EAGAIN`. */
  read(c: Connection, message: Message): number {
    const notice = this.notices.shift()
    if (notice === undefined) return -EAGAIN
    const { error, time, statistics, payload } = notice
    this.pinned -= NOTICE_SIZE + payload.length
    const copied = Math.min(payload.length, message.length)
    message.buffer.set(payload.subarray(0, copied), message.offset)
    message.flags = MSG_ERRQUEUE | (copied < payload.length ? MSG_TRUNC : 0)
    const { control } = message
    if (control === null) return copied
    if (time > 0) control.push({ level: SOL_SOCKET, type: SO_TIMESTAMPING, data: { software: time, hardware: 0 } })
    if (statistics !== null) control.push(statistics)
    control.push(
      c.family === AF_INET
        ? { level: SOL_IP, type: IP_RECVERR, data: error }
        : { level: SOL_IPV6, type: IPV6_RECVERR, data: error },
    )
    return copied
  }
}

/** The queue of a connection, made when it is first needed. */
export function noticesOf(c: Connection): NoticeQueue {
  c.notices ??= new NoticeQueue()
  return c.notices
}
