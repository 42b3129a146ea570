import { createAddressSlot, type IpAddress, type IpAddressSlot, setSlot, setSlotV4, setSlotV6 } from '@jackfield/addr'
import {
  aimRouteQuery,
  createRouteQuery,
  IP_PMTUDISC_DO,
  IPV6_PREFER_SRC_PUBLIC,
  IPV6_PREFER_SRC_TMP,
  NetworkFlow,
  type NetworkLayer,
} from '@jackfield/interfaces'
import type { SendControl } from './control.js'
import type { IpSocketOptions } from './ip-socket-options.js'
import type { RareOptionValues } from './rare-option-values.js'
import { needsZone } from './zone.js'

/** A flow with address slots of its own. */
export function createFlow(protocol: number): NetworkFlow {
  return new NetworkFlow(protocol, createAddressSlot(), createAddressSlot())
}

/**
 * Points a socket's flow at a destination, with the socket's options and a message's control data. The flow keeps its
 * route where nothing that chose it has changed.
 * @param source unspecified: the route's
 * @param destination of the version that is to carry it (a mapped IPv6 address is for the caller to unmap)
 */
export function aimFlow(
  options: IpSocketOptions,
  source: IpAddress,
  destination: IpAddress,
  scopeId: number,
  control: SendControl | null,
): void {
  const flow = options.flow
  // A zone that is named counts more than the interface that the socket is bound to, as in Linux.
  let interfaceIndex = scopeId !== 0 && needsZone(destination) ? 0 : options.boundInterface
  let from = source
  let { mark, priority, flowLabel, dontFragment } = options
  const own = options.forVersion(destination.version)
  let { ttl, multicastTtl, tos } = own
  if (control !== null) {
    if (control.ttl >= 0) ttl = multicastTtl = control.ttl
    if (control.tos >= 0) tos = control.tos
    if (control.mark >= 0) mark = control.mark
    if (control.priority >= 0) priority = control.priority
    if (control.interfaceIndex !== 0) interfaceIndex = control.interfaceIndex
    if (control.flowLabel >= 0) flowLabel = control.flowLabel
    if (control.dontFragment >= 0) dontFragment = control.dontFragment === 1
    if (control.source !== null) from = control.source
  }
  const { rare } = options
  if (interfaceIndex === 0 && (scopeId === 0 || !needsZone(destination)))
    interfaceIndex = preferredInterface(rare, destination)
  const preference = rare.sourcePreferences & (IPV6_PREFER_SRC_TMP | IPV6_PREFER_SRC_PUBLIC)
  if (destination.isMulticast) {
    if (interfaceIndex === 0 && scopeId === 0) interfaceIndex = own.multicastInterface
    if (from.isUnspecified && own.multicastSource !== null) from = own.multicastSource
  }
  let same = setIfChanged(flow.destination as IpAddressSlot, destination)
  same = setSource(flow.source as IpAddressSlot, from, destination.version) && same
  same =
    same &&
    flow.interfaceIndex === interfaceIndex &&
    flow.scopeId === scopeId &&
    flow.tos === tos &&
    flow.mark === mark &&
    flow.sourcePreference === preference &&
    flow.anySource === (options.transparent || options.freebind)
  if (!same) {
    flow.route = null
    flow.interfaceIndex = interfaceIndex
    flow.scopeId = scopeId
    flow.tos = tos
    flow.mark = mark
    flow.sourcePreference = preference
    flow.anySource = options.transparent || options.freebind
  }
  flow.ttl = ttl
  flow.multicastTtl = multicastTtl
  flow.priority = priority
  flow.multicastLoop = own.multicastLoop
  const whole = dontFragment && destination.version === 6
  flow.mtuDiscover = whole ? Math.max(own.mtuDiscover, IP_PMTUDISC_DO) : own.mtuDiscover
  flow.flowLabel = flowLabel
  flow.autoFlowLabel = options.autoFlowLabel
  flow.allowBroadcast = options.broadcast
  flow.onLink = options.dontRoute
  flow.options = options.ipOptions
  flow.fragmentSize = rare.fragmentSize
  // RFC 3542 6: a message that brings any brings all.
  const from6 = control?.extensions === true ? control : rare
  flow.hopByHop = from6.hopByHop
  flow.destinationOptions = from6.destinationOptions
}

/** The interface that the options name for a destination where nothing that is more to the point names one, 0 for none. */
function preferredInterface(rare: RareOptionValues, destination: IpAddress): number {
  if (destination.version === 4) return destination.isMulticast ? 0 : rare.unicastInterface4
  if (rare.packetInterface !== 0) return rare.packetInterface
  return destination.isMulticast ? 0 : rare.unicastInterface6
}

function setIfChanged(slot: IpAddressSlot, address: IpAddress): boolean {
  if (
    slot.w3 === address.w3 &&
    slot.w2 === address.w2 &&
    slot.w1 === address.w1 &&
    slot.w0 === address.w0 &&
    slot.version === address.version
  ) {
    return true
  }
  setSlot(slot, address)
  return false
}

/** As `setIfChanged`; an unspecified source, or one of the other version, becomes the unspecified one of the destination's. */
function setSource(slot: IpAddressSlot, address: IpAddress, version: 4 | 6): boolean {
  if (!address.isUnspecified && address.version === version) return setIfChanged(slot, address)
  if (slot.version === version && slot.isUnspecified) return true
  if (version === 4) setSlotV4(slot, 0)
  else setSlotV6(slot, 0, 0, 0, 0)
  return false
}

// One query for all: a network layer reads it during the call.
const query = createRouteQuery(createAddressSlot())

/** Looks the flow's route up where it has none that is valid. 0 or a positive error number. */
export function routeFlow(network: NetworkLayer, flow: NetworkFlow): number {
  const known = flow.route
  if (known?.valid) return 0
  aimRouteQuery(query, flow)
  const found = network.route(query)
  if (typeof found === 'number') {
    flow.route = null
    return found
  }
  flow.route = found
  return 0
}

/** The source address that the flow's packets will carry. `routeFlow` must have answered 0. */
export function sourceOf(flow: NetworkFlow): IpAddress {
  const { source, route } = flow
  return route !== null && source.isUnspecified ? route.source : source
}
