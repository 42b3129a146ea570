import type { NetworkInterface, NetworkLayer, OffloadProtocol } from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'

/** Flows held at once while a burst comes in, as Linux's GRO holds eight a bucket. */
const MAX_HELD = 8

/**
 * Merges the packets of a burst into large ones before the network layer sees them (receive offload in software).
 * What is held is bounded and leaves at the end of the burst at the latest; the order within a flow is kept.
 */
export class Merger {
  private readonly networkInterface: NetworkInterface
  private readonly heads: (Packet | null)[] = new Array<Packet | null>(MAX_HELD).fill(null)
  private readonly offloads: (OffloadProtocol | null)[] = new Array<OffloadProtocol | null>(MAX_HELD).fill(null)
  private readonly networks: (NetworkLayer | null)[] = new Array<NetworkLayer | null>(MAX_HELD).fill(null)
  private count = 0

  constructor(networkInterface: NetworkInterface) {
    this.networkInterface = networkInterface
  }

  /** Takes a packet: holds it, merges it, or passes it on. `offloads` is indexed by transport protocol. */
  add(packet: Packet, network: NetworkLayer, offloads: readonly (OffloadProtocol | null)[]): void {
    const protocol = network.offload.inspect(packet)
    const offload = protocol < 0 ? null : (offloads[protocol] ?? null)
    if (offload === null || !offload.mergeWanted) {
      // It may belong to a flow that is held; what came first goes first.
      if (this.count > 0) this.flush()
      network.receive(packet, this.networkInterface)
      return
    }
    for (let i = 0; i < this.count; i++) {
      if (this.networks[i] !== network || this.offloads[i] !== offload) continue
      const head = this.heads[i] as Packet
      if (!offload.sameFlow(head, packet)) continue
      if (network.offload.mergeable(head, packet) && offload.merge(head, packet)) return
      this.heads[i] = packet
      this.deliver(head, network)
      return
    }
    if (this.count === MAX_HELD) this.flush()
    this.heads[this.count] = packet
    this.offloads[this.count] = offload
    this.networks[this.count] = network
    this.count++
  }

  /** Passes on all that is held, oldest first. */
  flush(): void {
    const count = this.count
    this.count = 0
    for (let i = 0; i < count; i++) {
      const head = this.heads[i] as Packet
      const network = this.networks[i] as NetworkLayer
      this.heads[i] = null
      this.deliver(head, network)
    }
  }

  private deliver(head: Packet, network: NetworkLayer): void {
    if (head.segmentCount > 1) network.offload.finish(head, 0)
    network.receive(head, this.networkInterface)
  }

  /** Drops all that is held. */
  close(): void {
    for (let i = 0; i < this.count; i++) {
      ;(this.heads[i] as Packet).release()
      this.heads[i] = null
    }
    this.count = 0
  }
}
