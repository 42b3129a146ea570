import { hashAddress, hashFlow, type IpAddress, isLinkLocal, setSlot } from '@jackfield/addr'
import type { Clock, Timer } from '@jackfield/clock'
import type { CounterGroup, NetworkHeader } from '@jackfield/interfaces'
import { CHECKSUM_NONE, type Packet, type PacketPool, SEGMENT_NONE } from '@jackfield/packet'
import { DATAGRAM_OVERHEAD, Datagram, FRAGMENT_DUPLICATE, FRAGMENT_NEW, FRAGMENT_OVERLAP } from './datagram.js'

/** The names under which a reassembler counts: `IpReasmReqds` or `Ip6ReasmReqds`, and so on. */
export interface ReassemblyCounters {
  /** Fragments received. */
  readonly requests: string
  /** Datagrams completed. */
  readonly oks: string
  /** Fragments and datagrams given up, for whatever reason. */
  readonly fails: string
  /** Datagrams that were not complete in time; these count as fails too. */
  readonly timeouts: string
  /** Datagrams dropped because fragments overlapped; these count as fails too. */
  readonly overlaps: string
  /** Fragments that were there already, and were dropped alone; Linux has no name for them. */
  readonly duplicates?: string
}

/** What a reassembler is made with. */
export interface ReassemblerOptions {
  readonly clock: Clock
  readonly pool: PacketPool
  readonly secret0: number
  readonly secret1: number
  readonly counters: CounterGroup
  readonly names: ReassemblyCounters
  /** Microseconds in which a datagram must be complete: 30 s (IPv4), 60 s (IPv6). */
  readonly timeout: number
  /** Bytes of the largest datagram with its header: 65535 (IPv4, the default), or 65575 (IPv6). */
  readonly maxLength?: number
  /**
   * A datagram was not complete in time, and its first fragment is there: borrowed, its window at its payload and
   * `networkHeader` set. For ICMP "time exceeded" (RFC 792, RFC 8200 4.5).
   */
  expired(first: Packet): void
}

const BUCKETS = 1024

/** Counters of fragments by source, in which two sources seldom meet. */
const SOURCES = 4096

/** Unused datagram objects kept. */
const MAX_FREE = 256

/** The longest IPv4 packet, in bytes. */
const MAX_IPV4_LENGTH = 65_535

/** ECN codepoints of RFC 3168 5, as bits of `Datagram.ecn`. */
const NOT_ECT = 1 << 0
const CE = 1 << 3

/**
 * Puts fragments together, for both IP versions (RFC 791 3.2, RFC 815, RFC 8200 4.5). Datagrams whose fragments overlap are dropped
 * whole (RFC 5722, as Linux for IPv4 too); a fragment that is there already is dropped alone. Memory is bounded by what the fragments
 * pin; the oldest datagrams make room.
 */
export class Reassembler {
  /** Bytes that fragments may pin (`ipfrag_high_thresh`); 0 drops every fragment. Default 4 MiB. */
  highThreshold: number = 4 * 1024 * 1024
  /** Bytes down to which the oldest datagrams are dropped when it is full (`ipfrag_low_thresh`). Default 3 MiB. */
  lowThreshold: number = 3 * 1024 * 1024
  /** Microseconds; a change holds for datagrams under way too. */
  timeout: number
  /** Fragments that may come from the same source between two of a datagram (`ipfrag_max_dist`); 0: any number. Default 64. */
  maxDistance = 64
  private readonly clock: Clock
  private readonly pool: PacketPool
  private readonly secret0: number
  private readonly secret1: number
  private readonly counters: CounterGroup
  private readonly names: ReassemblyCounters
  private readonly expired: (first: Packet) => void
  private readonly maxLength: number
  private readonly timer: Timer
  private readonly buckets: (Datagram | null)[] = new Array<Datagram | null>(BUCKETS).fill(null)
  private readonly sources = new Int32Array(SOURCES)
  private readonly free: Datagram[] = []
  private oldest: Datagram | null = null
  private newest: Datagram | null = null
  private count = 0
  private bytes = 0

  constructor(options: ReassemblerOptions) {
    this.clock = options.clock
    this.pool = options.pool
    this.secret0 = options.secret0
    this.secret1 = options.secret1
    this.counters = options.counters
    this.names = options.names
    this.timeout = options.timeout
    this.maxLength = options.maxLength ?? MAX_IPV4_LENGTH
    this.expired = (first) => options.expired(first)
    this.timer = options.clock.createTimer(() => this.expire(), { background: true })
    const { requests, oks, fails, timeouts, overlaps, duplicates } = options.names
    for (const name of [requests, oks, fails, timeouts, overlaps]) this.counters[name] ??= 0
    if (duplicates !== undefined) this.counters[duplicates] ??= 0
  }

  /** Datagrams under way. */
  get size(): number {
    return this.count
  }

  /** Bytes that they pin. */
  get memory(): number {
    return this.bytes
  }

  /**
   * Takes in a fragment: the window is its payload, `networkHeader` its header, of which the result keeps the first
   * `header.headerLength` bytes. Takes the packet.
   * @param id identification, 16 bits (IPv4) or 32 (IPv6)
   * @param offset in bytes
   * @param more whether the "more fragments" flag is set
   * @returns the datagram if it is complete: one packet with the first fragment's fields and header, the window at its payload. Its
   *   header still has the fragment's lengths, offset and checksum: the caller writes them, and `header.tos`, which now has the ECN
   *   of RFC 3168 5.3. `header.fragmentSize` is the length of the largest fragment, with its header.
   */
  add(packet: Packet, header: NetworkHeader, id: number, offset: number, more: boolean): Packet | null {
    this.increment(this.names.requests)
    const length = packet.end - packet.start
    const end = offset + length
    if (
      length <= 0 ||
      end + header.headerLength > this.maxLength ||
      (more && (length & 7) !== 0) ||
      packet.networkHeader < 0
    ) {
      return this.refuse(packet)
    }
    const size = packet.end - packet.networkHeader
    const kept = this.compact(packet, offset === 0)
    let datagram = this.find(header, id)
    const need = kept.truesize + (datagram === null ? DATAGRAM_OVERHEAD : 0)
    if (this.bytes + need > this.highThreshold) {
      // Room for a datagram's own cost too: the one that this belongs to may go.
      if (!this.makeRoom(kept.truesize + DATAGRAM_OVERHEAD)) return this.refuse(kept)
      datagram = this.find(header, id)
    }
    datagram = this.checkDistance(datagram, header.source) ?? this.create(header, id)

    const outcome = datagram.cover(offset, end, more)
    if (outcome !== FRAGMENT_NEW) {
      kept.release()
      if (outcome === FRAGMENT_DUPLICATE) {
        if (this.names.duplicates !== undefined) this.increment(this.names.duplicates)
        return null
      }
      if (outcome === FRAGMENT_OVERLAP) this.increment(this.names.overlaps)
      this.fail(datagram)
      return null
    }
    datagram.fragments.push(kept)
    datagram.offsets.push(offset)
    datagram.memory += kept.truesize
    this.bytes += kept.truesize
    datagram.interfaceIndex = header.interfaceIndex
    datagram.ecn |= 1 << (header.tos & 3)
    if (size > datagram.largest) datagram.largest = size
    if (offset === 0) {
      datagram.first = kept
      datagram.headerLength = header.headerLength
      datagram.tos = header.tos
      datagram.protocol = header.protocol
    }
    return datagram.complete ? this.finish(datagram, header) : null
  }

  /** Drops the datagrams that were coming in by an interface. */
  removeInterface(interfaceIndex: number): void {
    let datagram = this.oldest
    while (datagram !== null) {
      const next: Datagram | null = datagram.newer
      if (datagram.interfaceIndex === interfaceIndex) this.fail(datagram)
      datagram = next
    }
  }

  /** Drops everything, without a callback. */
  clear(): void {
    while (this.oldest !== null) this.fail(this.oldest)
    this.timer.cancel()
  }

  /** All bytes are there: copies them behind the first fragment's header. */
  private finish(datagram: Datagram, header: NetworkHeader): Packet | null {
    const { first, headerLength, end } = datagram
    const mixed = (datagram.ecn & NOT_ECT) !== 0 && datagram.ecn !== NOT_ECT
    if (first === null || mixed || headerLength + end > this.maxLength) {
      this.fail(datagram)
      return null
    }
    const whole = this.pool.allocate(headerLength + end)
    const at = whole.start
    copyBytes(first, first.networkHeader, headerLength, whole, at)
    for (let i = 0; i < datagram.fragments.length; i++) {
      const fragment = datagram.fragments[i] as Packet
      const offset = datagram.offsets[i] as number
      copyBytes(fragment, fragment.start, fragment.end - fragment.start, whole, at + headerLength + offset)
    }
    whole.copyFieldsFrom(first)
    whole.linkHeader = -1
    whole.networkHeader = at
    whole.transportHeader = at + headerLength
    whole.start = at + headerLength
    whole.checksum = CHECKSUM_NONE
    whole.segmentType = SEGMENT_NONE
    whole.segmentSize = 0
    whole.segmentCount = 0
    whole.fragmentSize = datagram.largest
    header.fragmentSize = datagram.largest
    header.headerLength = headerLength
    // RFC 8200 4.5: what follows is as the first fragment has it, whatever the others say.
    header.protocol = datagram.protocol
    // RFC 3168 5.3: congestion that one fragment met is the datagram's.
    header.tos = (datagram.ecn & CE) !== 0 ? datagram.tos | 3 : datagram.tos
    this.remove(datagram)
    this.increment(this.names.oks)
    return whole
  }

  /** Copies what lies in a buffer much too large for it, so that small fragments pin small memory. */
  private compact(packet: Packet, isFirst: boolean): Packet {
    packet.linkHeader = -1
    packet.transportHeader = -1
    // Later fragments' headers are of no use any more.
    if (!isFirst) packet.networkHeader = -1
    const used = packet.end - (isFirst ? packet.networkHeader : packet.start)
    if (packet.bytes.length <= 512 || packet.bytes.length <= 4 * (used + 128)) return packet
    const copy = this.pool.clone(packet, 0)
    packet.release()
    return copy
  }

  private find(header: NetworkHeader, id: number): Datagram | null {
    const selector = selectorOf(header)
    const hash = this.hash(header, id, selector)
    let datagram = this.buckets[hash & (BUCKETS - 1)] as Datagram | null
    while (datagram !== null) {
      if (
        datagram.hash === hash &&
        datagram.id === id &&
        datagram.selector === selector &&
        datagram.source.equals(header.source) &&
        datagram.destination.equals(header.destination)
      ) {
        return datagram
      }
      datagram = datagram.chain
    }
    return null
  }

  private create(header: NetworkHeader, id: number): Datagram {
    const datagram = this.free.pop() ?? new Datagram()
    setSlot(datagram.source, header.source)
    setSlot(datagram.destination, header.destination)
    datagram.id = id
    datagram.selector = selectorOf(header)
    datagram.hash = this.hash(header, id, datagram.selector)
    datagram.created = this.clock.now()
    datagram.distance = this.sources[this.sourceSlot(header.source)] as number
    const bucket = datagram.hash & (BUCKETS - 1)
    datagram.chain = this.buckets[bucket] as Datagram | null
    this.buckets[bucket] = datagram
    datagram.older = this.newest
    if (this.newest === null) this.oldest = datagram
    else this.newest.newer = datagram
    this.newest = datagram
    this.count++
    this.bytes += datagram.memory
    const due = (this.oldest as Datagram).created + this.timeout
    if (!this.timer.armed || this.timer.deadline > due) this.timer.set(due)
    return datagram
  }

  /**
   * Counts a fragment of this source. Where too many others came since the datagram had its last one, the identification has likely
   * been used again (RFC 4963): what is there is dropped, and null answered.
   */
  private checkDistance(datagram: Datagram | null, source: IpAddress): Datagram | null {
    const slot = this.sourceSlot(source)
    const now = ((this.sources[slot] as number) + 1) | 0
    this.sources[slot] = now
    if (datagram === null) return null
    const distance = (now - datagram.distance) | 0
    datagram.distance = now
    if (this.maxDistance === 0 || (distance >= 0 && distance <= this.maxDistance)) return datagram
    this.fail(datagram)
    return null
  }

  private sourceSlot(source: IpAddress): number {
    return hashAddress(this.secret0, this.secret1, source) & (SOURCES - 1)
  }

  private hash(header: NetworkHeader, id: number, selector: number): number {
    const hash = hashFlow(this.secret0, this.secret1, header.source, id >>> 16, header.destination, id & 0xffff)
    return hash ^ selector
  }

  /** Drops the oldest until `bytes` more fit. False where they never do. */
  private makeRoom(bytes: number): boolean {
    const most = Math.min(this.lowThreshold, this.highThreshold - bytes)
    if (this.highThreshold < bytes) return false
    while (this.oldest !== null && this.bytes > most) this.fail(this.oldest)
    return true
  }

  private expire(): void {
    const now = this.clock.now()
    while (this.oldest !== null && this.oldest.created + this.timeout <= now) {
      const datagram = this.oldest
      this.unlink(datagram)
      this.increment(this.names.timeouts)
      this.increment(this.names.fails)
      if (datagram.first !== null) this.expired(datagram.first)
      this.recycle(datagram)
    }
    if (this.oldest !== null) this.timer.set(this.oldest.created + this.timeout)
  }

  private refuse(packet: Packet): null {
    this.increment(this.names.fails)
    packet.release()
    return null
  }

  private fail(datagram: Datagram): void {
    this.increment(this.names.fails)
    this.remove(datagram)
  }

  private remove(datagram: Datagram): void {
    this.unlink(datagram)
    this.recycle(datagram)
    if (this.oldest === null) this.timer.cancel()
  }

  private unlink(datagram: Datagram): void {
    const bucket = datagram.hash & (BUCKETS - 1)
    let at = this.buckets[bucket] as Datagram | null
    if (at === datagram) this.buckets[bucket] = datagram.chain
    else {
      while (at !== null && at.chain !== datagram) at = at.chain
      if (at !== null) at.chain = datagram.chain
    }
    if (datagram.older === null) this.oldest = datagram.newer
    else datagram.older.newer = datagram.newer
    if (datagram.newer === null) this.newest = datagram.older
    else datagram.newer.older = datagram.older
    this.count--
    this.bytes -= datagram.memory
  }

  private recycle(datagram: Datagram): void {
    datagram.reset()
    if (this.free.length < MAX_FREE) this.free.push(datagram)
  }

  private increment(name: string): void {
    this.counters[name] = (this.counters[name] as number) + 1
  }
}

/** IPv4 tells datagrams apart by protocol too (RFC 791 3.2); IPv6 does not, but link-local addresses are unique to a link only. */
function selectorOf(header: NetworkHeader): number {
  if (header.version === 4) return header.protocol
  return isLinkLocal(header.source) || isLinkLocal(header.destination) || header.destination.isMulticast
    ? header.interfaceIndex
    : 0
}

function copyBytes(from: Packet, start: number, length: number, to: Packet, at: number): void {
  const source = from.bytes
  const target = to.bytes
  if (length <= 64) for (let i = 0; i < length; i++) target[at + i] = source[start + i] as number
  else target.set(source.subarray(start, start + length), at)
}
