import type { PacketOwner } from './packet.js'
import type { PacketPool } from './packet-pool.js'

/** @internal The bytes behind one packet or several that share them. */
export class PacketBuffer {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly pool: PacketPool
  references: number
  owner: PacketOwner | null
  /** The part that was asked for last, as a view: buffers are reused, and packets of one stream lie alike. */
  part: Uint8Array | null
  charge: number

  constructor(pool: PacketPool, length: number) {
    this.bytes = new Uint8Array(length)
    this.view = new DataView(this.bytes.buffer)
    this.pool = pool
    this.references = 1
    this.owner = null
    this.part = null
    this.charge = 0
  }
}
