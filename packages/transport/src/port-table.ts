import { createAddressSlot, hashAddress, hashFlow, IPV4_ANY, IPV6_ANY, type IpAddress } from '@jackfield/addr'
import { EACCES, EADDRINUSE, EADDRNOTAVAIL, type Host } from '@jackfield/interfaces'
import { EntryChains } from './entry-chains.js'
import { EphemeralPorts } from './ephemeral-ports.js'
import type { IpSocketOptions } from './ip-socket-options.js'
import { PortBuckets } from './port-buckets.js'
import type { PortEntry } from './port-entry.js'
import { conflicts, entriesMeet, type ReuseRule, scoreOf } from './port-rules.js'
import { ReuseGroup } from './reuse-group.js'
import { type TransportSettings, transportSettings } from './settings.js'

/** Ports with more sockets than this are searched by address. */
const WALK_LIMIT = 8

// For the addresses of an entry while it is hashed.
const localSlot = createAddressSlot()
const remoteSlot = createAddressSlot()

/**
 * Whether the one that has a 4-tuple leaves it to another, and if so has left: streams in TIME-WAIT. `chosen`: the port is one of
 * many that would do.
 */
export type YieldRule = (holder: PortEntry, wanted: PortEntry, chosen: boolean) => boolean

/** Who has which port of one protocol, and whose a packet is. */
export class PortTable<E extends PortEntry> {
  /** Streams: asked before a 4-tuple counts as taken. */
  yields: YieldRule | null = null
  private readonly secret0: number
  private readonly secret1: number
  private readonly rule: ReuseRule
  private readonly settings: TransportSettings
  private readonly ephemeral: EphemeralPorts
  private readonly ports = new PortBuckets()
  /** By local address and port: without a peer, or with a peer's address alone. */
  private readonly bound = new EntryChains()
  /** By 4-tuple. */
  private readonly exact = new EntryChains()
  private held = 0

  /** @param rule what SO_REUSEADDR allows; with `'stream'` no two sockets have the same 4-tuple */
  constructor(host: Host, rule: ReuseRule) {
    this.secret0 = host.secret0
    this.secret1 = host.secret1
    this.rule = rule
    this.settings = transportSettings(host)
    this.ephemeral = new EphemeralPorts(host, this.settings)
  }

  /** Sockets that have a port. */
  get size(): number {
    return this.held
  }

  /**
   * Binds an entry that has no port yet. Whether the address is the host's is the caller's to check
   * (`checkBindAddress`).
   * @param port 0: an ephemeral one is chosen, which no socket that it would meet has (RFC 6056)
   * @returns 0, `-EACCES` (below `ip_unprivileged_port_start`), `-EADDRINUSE` (taken, or no ephemeral port left)
   */
  bind(entry: E, address: IpAddress, port: number, options: IpSocketOptions): number {
    if (port !== 0 && port < this.settings.unprivilegedPortStart) return -EACCES
    const { local0, local1, local2, local3 } = entry
    this.takeOptions(entry, options)
    entry.setLocal(address)
    const chosen = port === 0 ? this.chooseFree(entry, options) : port
    if (chosen === 0 || (port !== 0 && this.conflicted(entry, port))) {
      entry.local0 = local0
      entry.local1 = local1
      entry.local2 = local2
      entry.local3 = local3
      return -EADDRINUSE
    }
    entry.localPort = chosen
    entry.byConnection = false
    this.insert(entry)
    return 0
  }

  /** The entry's own options changed (`SO_REUSEADDR`, `SO_REUSEPORT`, `SO_BINDTODEVICE`, `IPV6_V6ONLY`). */
  refresh(entry: E, options: IpSocketOptions): void {
    const moved = entry.boundInterface !== options.boundInterface
    const group = entry.reuseGroup
    if (moved && group !== null) group.remove(entry)
    this.takeOptions(entry, options)
    if (moved && group !== null) this.joinGroup(entry)
  }

  /**
   * Fixes the peer, and the local address to the one that packets to it carry. A connected entry may be connected anew.
   * @param port of the peer; 0 (datagrams only): any
   * @returns 0; streams: `-EADDRNOTAVAIL` where the 4-tuple is taken
   */
  connect(entry: E, local: IpAddress, remote: IpAddress, port: number): number {
    if (this.rule === 'stream' && this.tupleTaken(entry, entry.localPort, local, remote, port, false)) {
      return -EADDRNOTAVAIL
    }
    this.unhash(entry)
    entry.setLocal(local)
    entry.setRemote(remote, port)
    entry.connected = true
    this.rehash(entry)
    return 0
  }

  /**
   * Streams: gives an entry without a port an ephemeral one for a connection. Other connections may have the same port,
   * the 4-tuple is its own (RFC 6056 3.3.5: a keyed hash of the peer, and random increments).
   * @returns 0, or `-EADDRNOTAVAIL` where all are taken
   */
  bindConnection(entry: E, local: IpAddress, remote: IpAddress, port: number, options: IpSocketOptions): number {
    this.takeOptions(entry, options)
    entry.setLocal(local)
    const start = hashFlow(this.secret0, this.secret1, local, 0, remote, port)
    this.ephemeral.begin(options, start)
    for (let candidate = this.ephemeral.next(); candidate !== 0; candidate = this.ephemeral.next()) {
      if (!this.sharable(candidate) || this.tupleTaken(entry, candidate, local, remote, port, true)) continue
      entry.localPort = candidate
      entry.byConnection = true
      entry.setRemote(remote, port)
      entry.connected = true
      this.insert(entry)
      return 0
    }
    return -EADDRNOTAVAIL
  }

  /** Streams: enters a connection that a listener accepted, on the listener's port. 0, or `-EADDRNOTAVAIL`. */
  adopt(entry: E, local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): number {
    if (this.tupleTaken(entry, localPort, local, remote, remotePort, false)) return -EADDRNOTAVAIL
    entry.setLocal(local)
    entry.localPort = localPort
    entry.setRemote(remote, remotePort)
    entry.connected = true
    this.insert(entry)
    return 0
  }

  /** Streams: whether an entry may begin to listen on its port: 0 or `-EADDRINUSE`. */
  listen(entry: E): number {
    for (let each = this.firstOnPort(entry.localPort); each !== null; each = each.nextOnPort as E | null) {
      if (each.listening && conflicts(entry, each, this.rule)) return -EADDRINUSE
    }
    entry.listening = true
    if (entry.reusePort && entry.reuseGroup === null) this.joinGroup(entry)
    return 0
  }

  /** Streams: it listens no more; the port stays. */
  unlisten(entry: E): void {
    entry.listening = false
    entry.reuseGroup?.remove(entry)
  }

  /** Dissolves the association; the local address becomes `local` again. The port stays. */
  disconnect(entry: E, local: IpAddress): void {
    this.unhash(entry)
    entry.connected = false
    entry.remote0 = entry.remote1 = entry.remote2 = entry.remote3 = entry.remotePort = 0
    entry.setLocal(local)
    this.rehash(entry)
  }

  /** Gives the port back. An entry without one stays as it is. */
  remove(entry: E): void {
    if (entry.bucket === null) return
    this.unhash(entry)
    this.ports.remove(entry)
    this.held--
    entry.localPort = 0
    entry.connected = false
    entry.remote0 = entry.remote1 = entry.remote2 = entry.remote3 = entry.remotePort = 0
    entry.listening = false
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
        const found = score0(each, local, remote, remotePort, interfaceIndex)
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
        const score = best === null ? -1 : score0(best, local, remote, remotePort, interfaceIndex)
        if (other !== null && score0(other, local, remote, remotePort, interfaceIndex) > score) best = other
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
    return score0(entry, local, remote, remotePort, interfaceIndex) >= 0
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
      if (score0(each, local, remote, remotePort, interfaceIndex) >= 0) return each
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
      const found = score0(each, local, remote, remotePort, interfaceIndex)
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

  private takeOptions(entry: E, options: IpSocketOptions): void {
    entry.reuseAddress = options.reuseAddress
    entry.reusePort = options.reusePort
    entry.boundInterface = options.boundInterface
    entry.v6only = options.v6only
  }

  private conflicted(entry: E, port: number): boolean {
    for (let each = this.firstOnPort(port); each !== null; each = each.nextOnPort as E | null) {
      if (conflicts(entry, each, this.rule)) return true
    }
    return false
  }

  /** RFC 6056 3.3.1: the search begins anywhere. 0 where none is free. */
  private chooseFree(entry: E, options: IpSocketOptions): number {
    this.ephemeral.beginAnywhere(options)
    for (let port = this.ephemeral.next(); port !== 0; port = this.ephemeral.next()) {
      let free = true
      for (let each = this.firstOnPort(port); each !== null && free; each = each.nextOnPort as E | null) {
        free = each === entry || !entriesMeet(entry, each)
      }
      if (free) return port
    }
    return 0
  }

  /** Whether all that have a port are connections that chose it. */
  private sharable(port: number): boolean {
    for (let each = this.firstOnPort(port); each !== null; each = each.nextOnPort as E | null) {
      if (!each.byConnection) return false
    }
    return true
  }

  private tupleTaken(
    entry: E,
    localPort: number,
    local: IpAddress,
    remote: IpAddress,
    remotePort: number,
    chosen: boolean,
  ): boolean {
    const hash = hashFlow(this.secret0, this.secret1, local, localPort, remote, remotePort)
    for (let each = this.exact.first(hash); each !== null; each = each.nextHashed) {
      if (each === entry || each.localPort !== localPort) continue
      if (score0(each, local, remote, remotePort, each.boundInterface) < 0) continue
      // No two have the same 4-tuple: where it yields there is no other.
      return this.yields === null || !this.yields(each, entry, chosen)
    }
    return false
  }

  private insert(entry: E): void {
    this.ports.add(entry)
    this.held++
    this.rehash(entry)
  }

  private hashBound(address: IpAddress, port: number): number {
    return (hashAddress(this.secret0, this.secret1, address) + port) | 0
  }

  private rehash(entry: E): void {
    entry.readLocal(localSlot)
    if (entry.connected && entry.remotePort !== 0) {
      entry.readRemote(remoteSlot)
      const { localPort, remotePort } = entry
      this.exact.add(entry, hashFlow(this.secret0, this.secret1, localSlot, localPort, remoteSlot, remotePort))
    } else this.bound.add(entry, this.hashBound(localSlot, entry.localPort))
    if (entry.reusePort && !entry.connected && !this.isMute(entry)) this.joinGroup(entry)
  }

  private unhash(entry: E): void {
    if (entry.connected && entry.remotePort !== 0) this.exact.remove(entry)
    else this.bound.remove(entry)
    entry.reuseGroup?.remove(entry)
  }

  private joinGroup(entry: E): void {
    for (let each = this.firstOnPort(entry.localPort); each !== null; each = each.nextOnPort as E | null) {
      const group = each.reuseGroup
      if (group?.admits(entry)) {
        group.add(entry)
        return
      }
    }
    new ReuseGroup().add(entry)
  }
}

function score0(
  entry: PortEntry,
  local: IpAddress,
  remote: IpAddress,
  remotePort: number,
  interfaceIndex: number,
): number {
  return scoreOf(
    entry,
    local.w0,
    local.w1,
    local.w2,
    local.w3,
    remote.w0,
    remote.w1,
    remote.w2,
    remote.w3,
    remotePort,
    interfaceIndex,
  )
}
