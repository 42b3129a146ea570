import type { Connection } from '../connection.js'
import { Listener } from '../listener/listener.js'

/**
 * What stands where accepted connections have their listener: gives out requests, which send the SYN-ACK again, and the
 * options to begin with. No port leads to it.
 */
export class ForwardListener extends Listener {
  private readonly settled: () => void

  /** @param settled called when a handshake is over, well or not */
  constructor(template: Connection, settled: () => void) {
    super(template, 256)
    this.settled = settled
  }

  override fastOpenSettled(): void {
    this.settled()
  }
}
