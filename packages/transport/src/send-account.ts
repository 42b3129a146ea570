import { POLLOUT } from '@jackfield/interfaces'
import type { Packet, PacketOwner } from '@jackfield/packet'
import type { Readiness } from './readiness.js'

/** Bytes of memory that a socket's packets pin until their last holder lets go (Linux's `sk_wmem_alloc`). */
export class SendAccount implements PacketOwner {
  /** `SO_SNDBUF` as Linux keeps it (doubled), in bytes. */
  limit: number
  private charged = 0
  private readonly readiness: Readiness | null

  /** @param readiness told when the socket becomes writable again */
  constructor(limit: number, readiness: Readiness | null) {
    this.limit = limit
    this.readiness = readiness
  }

  /** Bytes charged at present (`SIOCOUTQ`). */
  get used(): number {
    return this.charged
  }

  /** Whether a packet may be sent now; else `EAGAIN`. As in Linux the last one may go over the limit. */
  get hasRoom(): boolean {
    return this.charged < this.limit
  }

  /** Whether `POLLOUT` holds: less than half is used (`sock_writeable`). */
  get writable(): boolean {
    return this.charged < this.limit >>> 1
  }

  /** Charges a packet that is about to be sent by its truesize. */
  charge(packet: Packet): void {
    const size = packet.truesize
    this.charged += size
    packet.setOwner(this, size)
  }

  packetReleased(charge: number): void {
    const full = !this.writable
    this.charged -= charge
    if (full && this.writable) this.readiness?.changed(POLLOUT)
  }
}
