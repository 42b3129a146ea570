import { isSolicitedNode } from '@jackfield/addr'
import type { NetworkHeader } from '@jackfield/interfaces'
import {
  UPDATE_CREATE,
  UPDATE_OVERRIDE,
  UPDATE_ROUTER,
  UPDATE_SET_ROUTER,
  UPDATE_SOLICITED,
  UPDATE_WEAK,
} from '@jackfield/neighbor'
import type { NdpContext } from './context.js'
import type { DuplicateDetection } from './duplicate-detection.js'
import type { Neighbors } from './neighbors.js'
import { SharedAdverts } from './shared-adverts.js'
import type { NdpTransmitter, Nonce } from './transmitter.js'
import { type NdpMessage, readLinkAddress } from './wire/read.js'
import { ADVERT_OVERRIDE, ADVERT_ROUTER, ADVERT_SOLICITED } from './wire/types.js'

/** Answers solicitations and learns from advertisements (RFC 4861 7.2). */
export class NeighborMessages {
  private readonly context: NdpContext
  private readonly transmitter: NdpTransmitter
  private readonly duplicates: DuplicateDetection
  private readonly shared: SharedAdverts

  constructor(context: NdpContext, transmitter: NdpTransmitter, duplicates: DuplicateDetection) {
    this.context = context
    this.transmitter = transmitter
    this.duplicates = duplicates
    this.shared = new SharedAdverts(context, transmitter)
  }

  close(): void {
    this.shared.close()
  }

  /** A neighbour solicitation. False where it is malformed (RFC 4861 7.1.1). */
  solicitation(view: DataView, message: NdpMessage, header: NetworkHeader, neighbors: Neighbors): boolean {
    const { target, options } = message
    const isProbe = header.source.isUnspecified
    if (target.isMulticast) return false
    if (isProbe && (options.sourceLinkAddress !== 0 || !isSolicitedNode(header.destination))) return false
    const { networkInterface } = neighbors
    const own = this.context.addresses.find(networkInterface, target)
    const shared = own === undefined && !isProbe && this.context.anycasts.has(networkInterface, target)
    if (!shared && (own === undefined || own.state === 'duplicate')) {
      this.context.counters.NdpInIgnored++
      return true
    }
    if (own?.state === 'tentative') {
      // RFC 4862 5.4.3: who asks from an address only wants to reach us there, which nobody can yet.
      if (isProbe) this.duplicates.heardProbe(own, nonceOf(view, options.nonce))
      return true
    }
    if (isProbe) {
      if (own !== undefined) this.transmitter.neighborAdvert(networkInterface, own.address, null)
      return true
    }
    if (options.sourceLinkAddress !== 0) {
      const from = readLinkAddress(view, options.sourceLinkAddress)
      // A group's link address is nobody's.
      if (from.isMulticast) return false
      neighbors.update(header.source, from, UPDATE_OVERRIDE | UPDATE_CREATE)
    } else if (header.destination.isMulticast && neighbors.linkAddress(header.source) === null) {
      // RFC 4861 4.3: it should have said its link address. To find it out would take asking back, which Linux does not.
      this.context.counters.NdpInIgnored++
      return true
    }
    if (own !== undefined) this.transmitter.neighborAdvert(networkInterface, own.address, header.source)
    else this.shared.answer(networkInterface, target, header.source, !header.destination.isMulticast)
    return true
  }

  /**
   * A neighbour advertisement. False where it is malformed (RFC 4861 7.1.2).
   * @param noRouter told when a neighbour that was a router says that it is none
   */
  advertisement(
    view: DataView,
    message: NdpMessage,
    header: NetworkHeader,
    neighbors: Neighbors,
    noRouter: () => void,
  ): boolean {
    const { target, options, flags } = message
    if (target.isMulticast) return false
    const solicited = (flags & ADVERT_SOLICITED) !== 0
    if (solicited && header.destination.isMulticast) return false
    const own = this.context.addresses.find(neighbors.networkInterface, target)
    if (own !== undefined) {
      if (own.state === 'tentative') this.duplicates.heardAdvert(own)
      else this.context.counters.NdpInConflicts++
      return true
    }
    const link = options.targetLinkAddress === 0 ? null : readLinkAddress(view, options.targetLinkAddress)
    if (link?.isMulticast === true) return false
    const known = neighbors.cache.find(target, neighbors.networkInterface.index)
    if (known === null) {
      // RFC 4861 7.2.5: nobody here wants to talk to it.
      this.context.counters.NdpInIgnored++
      return true
    }
    const isRouter = (flags & ADVERT_ROUTER) !== 0
    const wasRouter = known.isRouter
    let update = UPDATE_WEAK | UPDATE_SET_ROUTER | (isRouter ? UPDATE_ROUTER : 0)
    if (solicited) update |= UPDATE_SOLICITED
    if ((flags & ADVERT_OVERRIDE) !== 0) update |= UPDATE_OVERRIDE
    if (neighbors.update(target, link, update) && wasRouter && !isRouter) noRouter()
    return true
  }
}

function nonceOf(view: DataView, at: number): Nonce | null {
  return at === 0 ? null : { high: view.getUint16(at), low: view.getInt32(at + 2) }
}
