import { type IpAddress, isLinkLocal } from '@jackfield/addr'
import type { NetworkHeader } from '@jackfield/interfaces'
import { ErrorCredit, ErrorRateLimit } from '@jackfield/ip'
import { UPDATE_CREATE, UPDATE_OVERRIDE, UPDATE_ROUTER, UPDATE_SET_ROUTER } from '@jackfield/neighbor'
import type { Packet } from '@jackfield/packet'
import { IPV6_HEADER_LENGTH, IPV6_MIN_MTU } from '../wire/header.js'
import type { NdpContext } from './context.js'
import type { Neighbors } from './neighbors.js'
import type { NdpTransmitter } from './transmitter.js'
import { type NdpMessage, readLinkAddress } from './wire/read.js'
import { ND_OPT_TARGET_LINKADDR, ND_REDIRECT, REDIRECT_LENGTH } from './wire/types.js'
import {
  LINK_ADDRESS_OPTION_LENGTH,
  writeLinkAddressOption,
  writeRedirect,
  writeRedirectedOption,
} from './wire/write.js'

const REDIRECTED_HEAD = 8

/** Better first hops: believed by hosts, told by routers (RFC 4861 8). */
export class Redirects {
  private readonly context: NdpContext
  private readonly transmitter: NdpTransmitter
  /** Linux: about one a second for each destination. */
  private readonly rate: ErrorRateLimit

  constructor(context: NdpContext, transmitter: NdpTransmitter) {
    this.context = context
    this.transmitter = transmitter
    const { clock, random, host } = context
    const { secret0, secret1 } = host
    this.rate = new ErrorRateLimit({
      clock,
      credit: new ErrorCredit(clock, random),
      secret0,
      secret1,
      types: `${ND_REDIRECT}`,
      counters: context.counters,
      names: { global: 'NdpOutRedirectsLimited', host: 'NdpOutRedirectsLimited' },
    })
  }

  /** A redirect. False where it is malformed (RFC 4861 8.1). */
  receive(view: DataView, message: NdpMessage, header: NetworkHeader, neighbors: Neighbors): boolean {
    const { target, destination, options } = message
    const onLink = target.equals(destination)
    if (!isLinkLocal(header.source) || destination.isMulticast || target.isMulticast) return false
    if (!onLink && !isLinkLocal(target)) return false
    const { index } = neighbors.networkInterface
    if (!this.context.layer.acceptRedirects(index)) {
      this.context.counters.NdpInIgnored++
      return true
    }
    // Whether it comes from the first hop in use, the layer knows: from anybody else nothing is learned (RFC 4861 8.1).
    const believed = this.context.network.redirect(destination, target, header.source, index)
    if (believed && options.targetLinkAddress !== 0) {
      const link = readLinkAddress(view, options.targetLinkAddress)
      const router = onLink ? 0 : UPDATE_SET_ROUTER | UPDATE_ROUTER
      if (!link.isMulticast) neighbors.update(target, link, UPDATE_OVERRIDE | UPDATE_CREATE | router)
    }
    return true
  }

  /** Tells the sender of a packet that is sent on by the interface that it came in by (RFC 4861 8.2). Borrows it. */
  send(packet: Packet, header: NetworkHeader, target: IpAddress, neighbors: Neighbors): void {
    const { networkInterface } = neighbors
    const { addresses, pool } = this.context
    const source = addresses.linkLocal(networkInterface.index)
    const onLink = target.equals(header.destination)
    // A sender that is not on the link could do nothing with it.
    if (source === null || (!onLink && !isLinkLocal(target)) || neighbors.linkAddress(header.source) === null) return
    if (!this.rate.permit(header.source, ND_REDIRECT)) return
    const link = neighbors.linkAddress(target)
    const fixed = REDIRECT_LENGTH + (link === null ? 0 : LINK_ADDRESS_OPTION_LENGTH) + REDIRECTED_HEAD
    const room = IPV6_MIN_MTU - IPV6_HEADER_LENGTH - fixed
    const from = packet.networkHeader
    const quoted = Math.min(packet.end - from, room) & ~7
    const redirect = pool.allocate(fixed + quoted)
    const { view } = redirect
    let at = writeRedirect(view, redirect.start, target, header.destination)
    if (link !== null) at = writeLinkAddressOption(view, at, ND_OPT_TARGET_LINKADDR, link)
    at = writeRedirectedOption(view, at, quoted)
    redirect.part(at, quoted).set(packet.part(from, quoted))
    this.transmitter.send(redirect, source, header.source, networkInterface)
  }
}
