import type { IpAddress } from '@jackfield/addr'
import type { NetworkInterface } from '@jackfield/interfaces'
import type { NdpContext } from './context.js'
import { type Expiring, ExpiringList, secondsLeft } from './expiring-list.js'
import { lifetimeFromWire } from './wire/lifetime.js'
import type { DnsServerInformation } from './wire/read.js'

/** Of one interface (RFC 8106 5.3.1 asks for three at least). */
const MAX_SERVERS = 16

/** A recursive DNS server that a router told of (RFC 8106), for people and resolvers. */
export interface LearnedDnsServer {
  /** The zone of a link-local address. */
  readonly interface: NetworkInterface
  readonly address: IpAddress
  /** Seconds for which it may be used; Infinity for ever. */
  readonly lifetime: number
}

interface Server extends Expiring {
  readonly address: IpAddress
}

/** The recursive DNS servers that routers told of on one interface. The host itself has no use for them. */
export class LearnedServers {
  private readonly context: NdpContext
  private readonly networkInterface: NetworkInterface
  private readonly servers: ExpiringList<Server>

  constructor(context: NdpContext, networkInterface: NetworkInterface) {
    this.context = context
    this.networkInterface = networkInterface
    this.servers = new ExpiringList(context.clock, MAX_SERVERS, () => {})
  }

  /** A router told of servers: their lifetime begins anew, or ends (RFC 8106 6.2). */
  told(information: DnsServerInformation): void {
    const { addresses } = information
    const lifetime = lifetimeFromWire(information.lifetime)
    for (const address of addresses) {
      if (address.isMulticast || address.isUnspecified) continue
      const known = this.servers.find((server) => server.address.equals(address))
      if (!this.servers.told(known, lifetime, (until) => ({ address, until }))) {
        this.context.counters.NdpServersRefused++
      }
    }
  }

  list(): LearnedDnsServer[] {
    return this.servers.entries.map((server) => ({
      interface: this.networkInterface,
      address: server.address,
      lifetime: secondsLeft(this.context.clock, server.until),
    }))
  }

  /** Forgets everything. */
  clear(): void {
    this.servers.clear()
  }
}
