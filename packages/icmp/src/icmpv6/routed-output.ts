import { IPV6_ANY, type IpAddress, isLinkLocal } from '@jackfield/addr'
import { createRouteQuery, IPPROTO_ICMPV6, type NetworkLayer, type Route } from '@jackfield/interfaces'
import { MessageOutput, type SentCounter } from '../message-output.js'

/**
 * Where messages go. The checksum of ICMPv6 is over the addresses (RFC 4443 2.3), so that the route, which chooses the source, is
 * found before a message is written.
 */
export class RoutedOutput {
  readonly messages: MessageOutput
  private readonly network: NetworkLayer
  private readonly query = createRouteQuery(IPV6_ANY, true)

  constructor(network: NetworkLayer, counter: SentCounter) {
    this.network = network
    this.messages = new MessageOutput(network, IPPROTO_ICMPV6, counter)
  }

  /**
   * Points the messages to a destination and finds the way.
   * @param source unspecified: the route's
   * @param interfaceIndex where the packet came from that is answered: the zone of a link-local destination
   * @returns null where there is no way, or no source
   */
  aim(source: IpAddress, destination: IpAddress, tos: number, interfaceIndex: number): Route | null {
    const { query, network } = this
    const { flow } = this.messages
    this.messages.aim(source, destination, tos, isLinkLocal(destination) ? interfaceIndex : 0)
    const known = flow.route
    if (known?.valid) return known
    query.destination = flow.destination
    query.source = flow.source.isUnspecified ? null : flow.source
    query.scope = flow.scopeId
    query.tos = flow.tos
    const route = network.route(query)
    if (typeof route === 'number') return null
    if (flow.source.isUnspecified && route.source.isUnspecified) return null
    flow.route = route
    return route
  }

  /** The source address that messages will have, once `aim` found a way. */
  get source(): IpAddress {
    const { flow } = this.messages
    return flow.source.isUnspecified && flow.route !== null ? flow.route.source : flow.source
  }
}
