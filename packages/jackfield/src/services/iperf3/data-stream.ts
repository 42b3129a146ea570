import type { Clock, Timer } from '@jackfield/clock'
import type { StreamHandler, StreamLoop } from '../stream-loop.js'

/** A data stream of a test, and what was measured of it. */
export interface DataStream extends StreamHandler {
  readonly fd: number
  /** Whether this side sends. */
  readonly sends: boolean
  /** Bytes, since the last `restart`. */
  readonly bytes: number
  /** Segments that TCP sent again; undefined where this side does not send by TCP. */
  readonly retransmits: number | undefined
  /** Datagrams: those sent or expected, those lost, and how evenly they come (RFC 3550, 6.4.1), in seconds. */
  readonly packets: number
  readonly lost: number
  readonly jitter: number
  /** Sends and counts no more. */
  stop(): void
  /** Counts from here on: the time that is to be omitted is over. */
  restart(): void
}

/** The bytes that all senders of a test may send together, where the client asked for a number. */
export class Allowance {
  left: number

  constructor(bytes: number) {
    this.left = bytes
  }
}

/** Microseconds between looks at the clock of a sender that is ahead of its rate, as iperf3's `--pacing-timer`. */
const PACE = 1000

/** Keeps a sender to a rate, by what it sent since it began. */
export class Pacer {
  private readonly clock: Clock
  private readonly timer: Timer
  private readonly bytesPerMicrosecond: number
  private began = 0
  private sent = 0
  private stopped = false

  /** @param rate bits per second; 0 is no limit */
  constructor(clock: Clock, rate: number, loop: StreamLoop, fd: number) {
    this.clock = clock
    this.bytesPerMicrosecond = rate / 8e6
    this.began = clock.now()
    this.timer = clock.createTimer(() => loop.update(fd))
  }

  /** Whether more may be sent now. Where not, the stream's handler is asked again later. */
  allows(): boolean {
    if (this.stopped || this.timer.armed) return false
    if (this.bytesPerMicrosecond === 0) return true
    if (this.sent < (this.clock.now() - this.began) * this.bytesPerMicrosecond) return true
    this.timer.setAfter(PACE)
    return false
  }

  /** Gives the event loop its turn: for a socket that always has room, as one whose datagrams are lost where there is none. */
  rest(): void {
    if (!this.stopped && !this.timer.armed) this.timer.setAfter(0)
  }

  count(bytes: number): void {
    this.sent += bytes
  }

  /** Nothing is to be sent any more. */
  stop(): void {
    this.stopped = true
    this.timer.cancel()
  }
}
