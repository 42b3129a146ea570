import type { Clock } from '@jackfield/clock'
import type { Ipv4Settings } from './settings.js'

const SLOTS = 256

/**
 * How often a host is told of a better first hop (Linux's `ip_rt_send_redirect`): with growing pauses, and no more once it
 * has shown that it does not listen, until it has been silent. Hosts share 256 slots by a keyed hash.
 */
export class RedirectLimit {
  private readonly clock: Clock
  private readonly settings: Ipv4Settings
  private readonly secret: number
  private readonly hosts = new Int32Array(SLOTS)
  private readonly sent = new Int32Array(SLOTS)
  /** Milliseconds of the clock at the last packet that called for one, sent or not. */
  private readonly last = new Float64Array(SLOTS).fill(Number.NEGATIVE_INFINITY)
  private readonly lastSent = new Float64Array(SLOTS)

  constructor(clock: Clock, settings: Ipv4Settings, secret: number) {
    this.clock = clock
    this.settings = settings
    this.secret = secret
  }

  /** Whether to tell this host now; counts it as told. */
  permit(source: number): boolean {
    const { settings } = this
    const slot = Math.imul(source ^ this.secret, 0x9e3779b1) >>> 24
    const now = this.clock.now() / 1000
    const last = this.last[slot] as number
    if (this.hosts[slot] !== source || now - last > settings.redirectSilence) {
      this.hosts[slot] = source
      this.sent[slot] = 0
    }
    this.last[slot] = now
    const sent = this.sent[slot] as number
    if (sent >= settings.redirectNumber) return false
    if (sent > 0 && now - (this.lastSent[slot] as number) < settings.redirectLoad * 2 ** sent) return false
    this.sent[slot] = sent + 1
    this.lastSent[slot] = now
    return true
  }
}
