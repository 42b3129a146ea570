import { ENOBUFS, ENOMEM } from '@jackfield/interfaces'
import type { Packet, PacketPool } from '@jackfield/packet'

/** Memory shared by the receive queues of one protocol (`net.ipv4.udp_mem`). */
export class MemoryPool {
  /** Bytes. */
  limit: number
  /** @internal Bytes in use; the queues keep it. */
  charged = 0

  constructor(limit: number) {
    this.limit = limit
  }

  /** Bytes in use. */
  get used(): number {
    return this.charged
  }
}

/** Buffers below this size are kept as they are: a copy would not be smaller. In bytes. */
const COPY_FROM = 1024

/** Received packets, oldest first, accounted by what they pin. */
export class ReceiveQueue {
  /** `SO_RCVBUF` as Linux keeps it (doubled), in bytes. */
  limit: number
  /** Packets refused since it was made. */
  drops = 0
  private readonly pool: PacketPool
  private readonly memory: MemoryPool | null
  private first: Packet | null = null
  private last: Packet | null = null
  private count = 0
  private charged = 0

  /** @param memory shared by all sockets of the protocol, or null */
  constructor(pool: PacketPool, limit: number, memory: MemoryPool | null) {
    this.pool = pool
    this.limit = limit
    this.memory = memory
  }

  /** Bytes pinned at present. */
  get used(): number {
    return this.charged
  }

  /** Packets queued. */
  get length(): number {
    return this.count
  }

  /**
   * Takes the packet, whatever it answers. One that pins far more than it carries is copied to a smaller buffer.
   * As in Linux the queue may go over its limit by one packet, so that a small limit still lets any one through.
   * @returns 0; or `ENOMEM` (over `SO_RCVBUF`), `ENOBUFS` (over the shared memory): it was released, counted in `drops`
   */
  push(packet: Packet): number {
    if (this.charged > this.limit) return this.refuse(packet, ENOMEM)
    const kept = this.compact(packet)
    // A packet from a socket of this host is the receiver's now.
    if (kept.owner !== null) kept.orphan()
    const size = kept.truesize
    const memory = this.memory
    if (memory !== null) {
      if (memory.charged + size > memory.limit) return this.refuse(kept, ENOBUFS)
      memory.charged += size
    }
    this.charged += size
    this.count++
    kept.next = null
    if (this.last === null) this.first = kept
    else this.last.next = kept
    this.last = kept
    return 0
  }

  /** The oldest, which stays queued; null when empty. */
  peek(): Packet | null {
    return this.first
  }

  /** The oldest, which is the caller's from now on; null when empty. */
  shift(): Packet | null {
    const packet = this.first
    if (packet === null) return null
    this.first = packet.next
    if (this.first === null) this.last = null
    packet.next = null
    this.count--
    this.uncharge(packet.truesize)
    return packet
  }

  /** Releases all. */
  clear(): void {
    for (let packet = this.shift(); packet !== null; packet = this.shift()) packet.release()
  }

  /** @internal Accounts other memory (queued errors) against the same limit; false where there is no room. */
  charge(size: number): boolean {
    if (this.charged + size >= this.limit) return false
    const memory = this.memory
    if (memory !== null) {
      if (memory.charged + size > memory.limit) return false
      memory.charged += size
    }
    this.charged += size
    return true
  }

  /** @internal */
  uncharge(size: number): void {
    this.charged -= size
    if (this.memory !== null) this.memory.charged -= size
  }

  /** A small frame must not pin the large buffer that a device received it in. */
  private compact(packet: Packet): Packet {
    const held = packet.bytes.length
    if (held <= COPY_FROM) return packet
    let from = packet.start
    if (packet.networkHeader >= 0 && packet.networkHeader < from) from = packet.networkHeader
    if (packet.linkHeader >= 0 && packet.linkHeader < from) from = packet.linkHeader
    if ((packet.end - from) * 4 >= held) return packet
    const copy = this.pool.clone(packet, 0)
    packet.release()
    return copy
  }

  private refuse(packet: Packet, errno: number): number {
    packet.release()
    this.drops++
    return errno
  }
}
