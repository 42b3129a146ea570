/** What a poller looks at. */
export interface Pollable {
  /** Takes what has come; returns how many packets that were. */
  poll(): number
}

/** Looks without success before the event loop gets its turn: a look takes 0.4 µs, a turn of the loop 1 to 2 µs. */
const LOOKS_PER_TURN = 8
/** Traffic flows while packets come within this many times the polling time of each other. */
const FLOWING = 2

/**
 * Looks for packets without sleeping while traffic flows, so that the next one does not have to wake the program.
 * The event loop keeps turning meanwhile. At rest, and with packets far apart, it does nothing.
 */
export class BusyPoller {
  private readonly target: Pollable
  /** Milliseconds. */
  private readonly duration: number
  private lastTraffic = Number.NEGATIVE_INFINITY
  private polling = false
  private closed = false

  /** @param duration how long to go on after the last packet, in microseconds; 0: never */
  constructor(target: Pollable, duration: number) {
    this.target = target
    this.duration = duration / 1000
  }

  /** The event loop woke up for packets, and they were taken. */
  traffic(): void {
    if (this.duration === 0) return
    const now = performance.now()
    const flowing = now - this.lastTraffic <= this.duration * FLOWING
    this.lastTraffic = now
    if (flowing && !this.polling && !this.closed) {
      this.polling = true
      setImmediate(this.turn)
    }
  }

  close(): void {
    this.closed = true
  }

  private readonly turn = (): void => {
    let taken = 0
    for (let look = 0; look < LOOKS_PER_TURN && taken === 0 && !this.closed; look++) taken = this.target.poll()
    const now = performance.now()
    if (taken > 0) this.lastTraffic = now
    if (this.closed || now - this.lastTraffic > this.duration) this.polling = false
    else setImmediate(this.turn)
  }
}
