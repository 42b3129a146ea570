import type { Connection } from '../connection.js'
import { ConnectionState } from '../connection-state.js'
import { createTcpCounters, type TcpCounters } from '../counters.js'
import { TcpSettings } from '../settings.js'
import type { CongestionControl } from './congestion-control.js'

/** A window and its congestion control, without a network: what a path of one round trip does to it. */
export class Window {
  readonly settings: TcpSettings = new TcpSettings()
  readonly counters: TcpCounters = createTcpCounters()
  readonly c: Connection
  private time = 1_000_000

  constructor(control: CongestionControl, cwnd: number, settings: Partial<TcpSettings> = {}) {
    Object.assign(this.settings, settings)
    const { counters } = this
    const tcp = { settings: this.settings, counters, now: this.time, clockNow: this.time }
    const c = Object.assign(new ConnectionState(2), { tcp, congestion: control }) as unknown as Connection
    this.c = c
    c.cwnd = cwnd
    c.cwndLimited = true
    c.congestionState = control.init(c)
  }

  /** Lets microseconds pass. */
  wait(microseconds: number): void {
    this.time += microseconds
    this.c.tcp.clockNow = this.time
    this.c.tcp.now = this.time | 0
  }

  /** A loss: the threshold is the control's, and the window is there at once. */
  lose(): void {
    const { c } = this
    c.ssthresh = c.congestion.slowStartThreshold(c)
    c.cwnd = c.ssthresh
    c.cwndCount = 0
  }

  /** One round trip of so many microseconds in which a whole window is acknowledged, packet by packet or by so many. */
  round(rtt: number, measured: number = rtt, atOnce = 1): void {
    const { c } = this
    const packets = c.cwnd
    c.sndNxt = (c.sndUna + packets * 1000) | 0
    for (let left = packets; left > 0; left -= atOnce) {
      const acked = Math.min(left, atOnce)
      this.wait((rtt * acked) / packets)
      c.sndUna = (c.sndUna + acked * 1000) | 0
      c.congestion.packetsAcked?.(c, acked, measured)
      c.congestion.avoid(c, c.sndUna, acked)
      // What the window lets go leaves at once.
      c.sndNxt = (c.sndUna + c.cwnd * 1000) | 0
    }
  }
}
