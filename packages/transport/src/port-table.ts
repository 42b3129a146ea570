import { hashFlow, type IpAddress } from '@jackfield/addr'
import { EACCES, EADDRINUSE, EADDRNOTAVAIL, type Host } from '@jackfield/interfaces'
import { EphemeralPorts } from './ephemeral-ports.js'
import type { IpSocketOptions } from './ip-socket-options.js'
import type { PortEntry } from './port-entry.js'
import { PortLookup } from './port-lookup.js'
import { conflicts, entriesMeet, type ReuseRule, scoreOf } from './port-rules.js'
import { type TransportSettings, transportSettings } from './settings.js'

/**
 * Whether the one that has a 4-tuple leaves it to another, and if so has left: streams in TIME-WAIT. `chosen`: the port is one of
 * many that would do.
 */
export type YieldRule = (holder: PortEntry, wanted: PortEntry, chosen: boolean) => boolean

/** Who has which port of one protocol, and whose a packet is. */
export class PortTable<E extends PortEntry> extends PortLookup<E> {
  /** Streams: asked before a 4-tuple counts as taken. */
  yields: YieldRule | null = null
  private readonly settings: TransportSettings
  private readonly ephemeral: EphemeralPorts

  /** @param rule what SO_REUSEADDR allows; with `'stream'` no two sockets have the same 4-tuple */
  constructor(host: Host, rule: ReuseRule) {
    super(host, rule)
    this.settings = transportSettings(host)
    this.ephemeral = new EphemeralPorts(host, this.settings)
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
    this.withdraw(entry)
    entry.localPort = 0
    entry.connected = false
    entry.remote0 = entry.remote1 = entry.remote2 = entry.remote3 = entry.remotePort = 0
    entry.listening = false
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
      if (scoreOf(each, local, remote, remotePort, each.boundInterface) < 0) continue
      // No two have the same 4-tuple: where it yields there is no other.
      return this.yields === null || !this.yields(each, entry, chosen)
    }
    return false
  }
}
