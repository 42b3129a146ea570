import { createAddressSlot, hashAddress, hashFlow, IPV4_ANY, IPV6_ANY, type IpAddress } from '@jackfield/addr'
import type { Host } from '@jackfield/interfaces'
import { EntryChains } from './entry-chains.js'
import { PortBuckets } from './port-buckets.js'
import type { PortEntry } from './port-entry.js'
import { type ReuseRule, scoreOf } from './port-rules.js'
import { ReuseGroup } from './reuse-group.js'

/** Ports with more sockets than this are searched by address. */
const WALK_LIMIT = 8

// For the addresses of an entry while it is hashed.
const localSlot = createAddressSlot()
const remoteSlot = createAddressSlot()

/** Where the sockets of one protocol stand by their ports and addresses, and so whose a packet is. */
export class PortLookup<E extends PortEntry> {
  protected readonly secret0: number
  protected readonly secret1: number
  protected readonly rule: ReuseRule
  /** By 4-tuple. */
  protected readonly exact: EntryChains = new EntryChains()
  private readonly ports = new PortBuckets()
  /** By local address and port: without a peer, or with a peer's address alone. */
  private readonly bound = new EntryChains()
  private held = 0

  constructor(host: Host, rule: ReuseRule) {
    this.secret0 = host.secret0
    this.secret1 = host.secret1
    this.rule = rule
  }

  /** Sockets that have a port. */
  get size(): number {
    return this.held
  }

  /**
   * The socket for a packet, or null. (For an ICMP error: `local` and `remote` are source and destination of the quote.)
   * Among equals the one bound last, or of a SO_REUSEPORT group the one that the flow's hash picks.
   */
  lookup(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number, interfaceIndex: number): E | null {
    if (this.rule === 'stream') {
      // Most segments are of a connection, and no two have the same 4-tuple: what else the port has is not even touched.
      const found = this.lookupConnection(local, localPort, remote, remotePort, interfaceIndex)
      if (found !== null) return found as E
    }
    const bucket = this.ports.find(localPort)
    if (bucket === null) return null
    let best: PortEntry | null = null
    if (bucket.count <= WALK_LIMIT) {
      let score = -1
      for (let each = bucket.first; each !== null; each = each.nextOnPort) {
        if (this.isMute(each)) continue
        const found = scoreOf(each, local, remote, remotePort, interfaceIndex)
        if (found > score) {
          best = each
          score = found
        }
      }
    } else best = this.lookupHashed(local, localPort, remote, remotePort, interfaceIndex)
    return best === null ? null : this.chosen(best, local, localPort, remote, remotePort)
  }

  /** As `lookup`, among the entries that have no peer: who listens, whatever connections the port has. */
  lookupBound(
    local: IpAddress,
    localPort: number,
    remote: IpAddress,
    remotePort: number,
    interfaceIndex: number,
  ): E | null {
    const { bound } = this
    const own = bound.first(this.hashBound(local, localPort))
    let best = this.bestOf(own, local, localPort, remote, remotePort, interfaceIndex)
    if (best === null) {
      const any6 = bound.first(this.hashBound(IPV6_ANY, localPort))
      best = this.bestOf(any6, local, localPort, remote, remotePort, interfaceIndex)
      if (local.version === 4) {
        const any4 = bound.first(this.hashBound(IPV4_ANY, localPort))
        const other = this.bestOf(any4, local, localPort, remote, remotePort, interfaceIndex)
        const score = best === null ? -1 : scoreOf(best, local, remote, remotePort, interfaceIndex)
        if (other !== null && scoreOf(other, local, remote, remotePort, interfaceIndex) > score) best = other
      }
    }
    return best === null ? null : this.chosen(best, local, localPort, remote, remotePort)
  }

  /** The newest entry on a local port, for multicast and broadcast: follow `nextOnPort` and ask `matches`. */
  firstOnPort(port: number): E | null {
    const bucket = this.ports.find(port)
    return bucket === null ? null : (bucket.first as E | null)
  }

  /** Whether a packet may be for an entry on its port. */
  matches(entry: E, local: IpAddress, remote: IpAddress, remotePort: number, interfaceIndex: number): boolean {
    return scoreOf(entry, local, remote, remotePort, interfaceIndex) >= 0
  }

  /** Enters an entry that has its port and addresses. */
  protected insert(entry: E): void {
    this.ports.add(entry)
    this.held++
    this.rehash(entry)
  }

  /** Takes an entry out. */
  protected withdraw(entry: E): void {
    this.unhash(entry)
    this.ports.remove(entry)
    this.held--
  }

  /** Hashes an entry by the addresses that it has now. */
  protected rehash(entry: E): void {
    entry.readLocal(localSlot)
    if (entry.connected && entry.remotePort !== 0) {
      entry.readRemote(remoteSlot)
      const { localPort, remotePort } = entry
      this.exact.add(entry, hashFlow(this.secret0, this.secret1, localSlot, localPort, remoteSlot, remotePort))
    } else this.bound.add(entry, this.hashBound(localSlot, entry.localPort))
    if (entry.reusePort && !entry.connected && !this.isMute(entry)) this.joinGroup(entry)
  }

  /** Before its addresses change, or it goes. */
  protected unhash(entry: E): void {
    if (entry.connected && entry.remotePort !== 0) this.exact.remove(entry)
    else this.bound.remove(entry)
    entry.reuseGroup?.remove(entry)
  }

  protected joinGroup(entry: E): void {
    for (let each = this.firstOnPort(entry.localPort); each !== null; each = each.nextOnPort as E | null) {
      const group = each.reuseGroup
      if (group?.admits(entry)) {
        group.add(entry)
        return
      }
    }
    new ReuseGroup().add(entry)
  }

  /** Of a SO_REUSEPORT group the one that the flow's hash picks. */
  private chosen(best: PortEntry, local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): E {
    const group = best.reuseGroup
    if (group === null || group.size < 2) return best as E
    return group.choose(hashFlow(this.secret0, this.secret1, local, localPort, remote, remotePort)) as E
  }

  private lookupHashed(
    local: IpAddress,
    localPort: number,
    remote: IpAddress,
    remotePort: number,
    interfaceIndex: number,
  ): PortEntry | null {
    const { secret0, secret1, exact } = this
    if (exact.count > 0 && this.rule !== 'stream') {
      const hash = hashFlow(secret0, secret1, local, localPort, remote, remotePort)
      const best = this.bestOf(exact.first(hash), local, localPort, remote, remotePort, interfaceIndex)
      if (best !== null) return best
    }
    return this.lookupBound(local, localPort, remote, remotePort, interfaceIndex)
  }

  /** Streams: the connection of a 4-tuple. */
  private lookupConnection(
    local: IpAddress,
    localPort: number,
    remote: IpAddress,
    remotePort: number,
    interfaceIndex: number,
  ): PortEntry | null {
    const hash = hashFlow(this.secret0, this.secret1, local, localPort, remote, remotePort)
    for (let each = this.exact.first(hash); each !== null; each = each.nextHashed) {
      if (each.hash !== hash || each.localPort !== localPort || each.remotePort !== remotePort) continue
      if (each.remote3 !== remote.w3 || each.remote2 !== remote.w2 || each.local3 !== local.w3) continue
      if (scoreOf(each, local, remote, remotePort, interfaceIndex) >= 0) return each
    }
    return null
  }

  /** The best of one chain, which other ports and addresses may share. */
  private bestOf(
    first: PortEntry | null,
    local: IpAddress,
    localPort: number,
    remote: IpAddress,
    remotePort: number,
    interfaceIndex: number,
  ): PortEntry | null {
    let best: PortEntry | null = null
    let score = -1
    for (let each = first; each !== null; each = each.nextHashed) {
      if (each.localPort !== localPort || this.isMute(each)) continue
      const found = scoreOf(each, local, remote, remotePort, interfaceIndex)
      if (found > score) {
        best = each
        score = found
      }
    }
    return best
  }

  /** A stream that is only bound gets no packets: one that listens on the same port does. */
  private isMute(entry: PortEntry): boolean {
    return this.rule === 'stream' && !entry.connected && !entry.listening
  }

  private hashBound(address: IpAddress, port: number): number {
    return (hashAddress(this.secret0, this.secret1, address) + port) | 0
  }
}
