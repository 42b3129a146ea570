import type { RandomSource } from '@jackfield/clock'
import type { Host } from '@jackfield/interfaces'
import type { IpSocketOptions } from './ip-socket-options.js'
import type { TransportSettings } from './settings.js'

/** Largest step between the ports of connections to one peer (RFC 6056 3.3.5 "N"). */
const MAX_INCREMENT = 500

/** The order in which ephemeral ports are tried (RFC 6056): each of the range once, reserved ones left out. */
export class EphemeralPorts {
  private readonly random: RandomSource
  private readonly settings: TransportSettings
  private counter = 0
  private low = 0
  private range = 0
  private at = 0
  private left = 0

  constructor(host: Host, settings: TransportSettings) {
    this.random = host.random
    this.settings = settings
  }

  /** Begins a search anywhere in the range (RFC 6056 3.3.1): nobody can guess where. */
  beginAnywhere(options: IpSocketOptions): void {
    this.take(options)
    if (this.range > 0) this.at = this.random.below(this.range)
  }

  /** Begins a search at a place that depends on the peer, by its keyed hash, and on what was chosen before. */
  begin(options: IpSocketOptions, hash: number): void {
    this.take(options)
    this.counter = (this.counter + 1 + this.random.below(MAX_INCREMENT)) >>> 0
    if (this.range > 0) this.at = ((hash >>> 0) + this.counter) % this.range
  }

  /** The next port to try, 0 when all were. */
  next(): number {
    while (this.left > 0) {
      this.left--
      const port = this.low + this.at
      if (++this.at === this.range) this.at = 0
      if (!this.settings.isReserved(port)) return port
    }
    return 0
  }

  /** `IP_LOCAL_PORT_RANGE` can only narrow the host's range. */
  private take(options: IpSocketOptions): void {
    let { portLow: low, portHigh: high } = this.settings
    const { portLow, portHigh } = options
    if (portLow >= low && portLow <= high) low = portLow
    if (portHigh >= low && portHigh <= high) high = portHigh
    this.low = low
    this.range = high - low + 1
    this.left = this.range
  }
}
