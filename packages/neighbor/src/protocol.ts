import type { Packet } from '@jackfield/packet'
import type { Neighbor } from './neighbor.js'

/** ARP or NDP, as the cache drives it. Must not call back into the cache from `solicit`. */
export interface NeighborProtocol {
  /**
   * Asks for a neighbour: at `neighbor.hardwareAddress` if `unicast`, else by broadcast or multicast.
   * @param packet the oldest packet that waits for it, or null. Borrowed.
   */
  solicit(neighbor: Neighbor, unicast: boolean, packet: Packet | null): void
  /** Sends a packet that waited to `neighbor.hardwareAddress`. Takes it. */
  transmit(packet: Packet, neighbor: Neighbor): void
  /** The neighbour did not answer. Takes the packet that waited for it. */
  unreachable(packet: Packet, neighbor: Neighbor): void
}
