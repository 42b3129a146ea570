import { FlowTable, type IpAddress } from '@jackfield/addr'
import type { TcpProtocol } from '../protocol.js'

/** Destinations that are remembered. */
const MOST_PEERS = 1024

/** Doublings of `tcp_fastopen_blackhole_timeout_sec`. */
const MOST_DOUBLINGS = 6

/** What is known of a destination: its Fast Open (RFC 7413 4.1.3.1), and what former connections measured. */
export class FastOpenPeer {
  readonly local: IpAddress
  readonly remote: IpAddress
  readonly cookie: Uint8Array = new Uint8Array(16)
  /** Bytes of it; 0: none. */
  cookieLength = 0
  experimental = false
  /** Segment size that it named, 0: not known. */
  mss = 0
  /** It gave no cookie: 1: the experimental option is tried next; 2: that was in vain too. */
  tryExperimental = 0
  /** SYNs with data that were lost in a row, and when the last one was, seconds of the clock. */
  losses = 0
  lastLoss = 0
  /** Eight times the round trip of connections that ended, in microseconds, and their reordering in packets; 0: not known. */
  rtt8 = 0
  reordering = 0
  next: FastOpenPeer | null = null
  previous: FastOpenPeer | null = null

  constructor(local: IpAddress, remote: IpAddress) {
    this.local = local
    this.remote = remote
  }
}

/** Cookies of servers by the pair of addresses, the latest used; and whether the path seems to swallow Fast Open. */
export class FastOpenCache {
  private readonly tcp: TcpProtocol
  private readonly peers: FlowTable<FastOpenPeer>
  /** The one used longest ago goes first. */
  private oldest: FastOpenPeer | null = null
  private newest: FastOpenPeer | null = null
  private disabledTimes = 0
  private disabledSince = 0

  constructor(tcp: TcpProtocol) {
    this.tcp = tcp
    this.peers = new FlowTable(tcp.host.random.uint32() | 0, tcp.host.random.uint32() | 0, MOST_PEERS)
  }

  /** What is known of a destination, or null. */
  find(local: IpAddress, remote: IpAddress): FastOpenPeer | null {
    const peer = this.peers.get(local, 0, remote, 0)
    if (peer === undefined) return null
    this.unlink(peer)
    this.link(peer)
    return peer
  }

  /** As `find`; a new one where nothing was known. */
  obtain(local: IpAddress, remote: IpAddress): FastOpenPeer {
    const known = this.find(local, remote)
    if (known !== null) return known
    const { oldest } = this
    if (this.peers.size >= MOST_PEERS && oldest !== null) {
      this.unlink(oldest)
      this.peers.delete(oldest.local, 0, oldest.remote, 0)
    }
    const peer = new FastOpenPeer(local.copy(), remote.copy())
    this.peers.set(local, 0, remote, 0, peer)
    this.link(peer)
    return peer
  }

  /** Destinations known. */
  get size(): number {
    return this.peers.size
  }

  /** Fast Open is off for a while, longer each time: something on the path drops it (RFC 7413 7.1). */
  disable(): void {
    if (this.tcp.settings.fastopenBlackholeTimeout === 0) return
    this.disabledTimes++
    this.disabledSince = this.tcp.clockNow
    this.tcp.counters.TcpExtTCPFastOpenBlackhole++
  }

  /** Whether it is off. */
  get disabled(): boolean {
    const { settings, clockNow } = this.tcp
    if (settings.fastopenBlackholeTimeout === 0 || this.disabledTimes === 0) return false
    const length = settings.fastopenBlackholeTimeout * 1_000_000 * 2 ** Math.min(this.disabledTimes - 1, MOST_DOUBLINGS)
    return clockNow < this.disabledSince + length
  }

  /** It worked: the next time off is short again. */
  worked(): void {
    this.disabledTimes = 0
  }

  private link(peer: FastOpenPeer): void {
    peer.previous = this.newest
    peer.next = null
    if (this.newest === null) this.oldest = peer
    else this.newest.next = peer
    this.newest = peer
  }

  private unlink(peer: FastOpenPeer): void {
    if (peer.previous === null) this.oldest = peer.next
    else peer.previous.next = peer.next
    if (peer.next === null) this.newest = peer.previous
    else peer.next.previous = peer.previous
  }
}
