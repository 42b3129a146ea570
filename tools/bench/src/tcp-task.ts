/** What an end of a TCP measurement is asked to do. Times are in milliseconds. */
export type TcpTask =
  /** Accepts a connection and throws away what comes, until its end. Gives Gbit/s once it was warm. */
  | { readonly task: 'sink'; readonly at: string; readonly port: number }
  /** Connects and sends all it can. */
  | { readonly task: 'source'; readonly to: string; readonly port: number; readonly span: number }
  /** Accepts a connection and sends back what comes, until its end. */
  | { readonly task: 'echo'; readonly at: string; readonly port: number }
  /** Connects, sends 64 bytes and waits for them, again and again. */
  | { readonly task: 'ping'; readonly to: string; readonly port: number; readonly span: number }
  /** Accepts connections and closes each, for as long as they come. */
  | { readonly task: 'accept'; readonly at: string; readonly port: number }
  /** Connects, waits for the end of the stream and closes, again and again. Gives connections for each second. */
  | { readonly task: 'connect'; readonly to: string; readonly port: number; readonly span: number }
  /** Sets the offloads of a device of the kernel. */
  | { readonly task: 'offloads'; readonly device: string; readonly on: boolean }

/** What came of it. */
export interface TcpResult {
  /** Gbit/s, or how often in a second. */
  readonly rate: number
  /** Microseconds that a round trip took in the middle of all, and that 99 of 100 did not exceed. */
  readonly p50?: number
  readonly p99?: number
  /** Megabytes that went before the count began do not belong to it. */
  readonly bytes?: number
}

/** The payload of a round trip, in bytes. */
export const PING_SIZE: number = 64
/** A transfer is counted when its windows have grown: after this time. */
export const WARM_UP: number = 400
/** Moved by one call. */
export const CHUNK: number = 256 * 1024

/** Counts what arrives from when the transfer is warm to its end. */
export class Meter {
  private begun = 0
  private warm = 0
  private last = 0
  private counted = 0

  /** Bytes arrived. */
  add(bytes: number): void {
    const now = performance.now()
    if (this.begun === 0) this.begun = now
    if (this.warm === 0) {
      if (now - this.begun >= WARM_UP) this.warm = this.last = now
      return
    }
    this.counted += bytes
    this.last = now
  }

  result(): TcpResult {
    const span = this.last - this.warm
    return { rate: span > 0 ? (this.counted * 8) / span / 1e6 : 0, bytes: this.counted }
  }
}

/** Collects times of round trips. */
export class RoundTrips {
  private readonly times = new Float64Array(1 << 20)
  private count = 0
  private readonly begun = performance.now()

  /** @param time in milliseconds */
  add(time: number): void {
    this.times[this.count++ & (this.times.length - 1)] = time
  }

  result(): TcpResult {
    const span = performance.now() - this.begun
    const sorted = this.times.slice(0, Math.min(this.count, this.times.length)).sort()
    const at = (share: number): number => (sorted[Math.floor(sorted.length * share)] ?? 0) * 1000
    return { rate: (this.count * 1000) / span, p50: at(0.5), p99: at(0.99) }
  }
}
