import { IpAddress, SocketAddress } from '@jackfield/addr'
import {
  AF_INET6,
  createRouteQuery,
  EADDRNOTAVAIL,
  EINVAL,
  ENODEV,
  IP_ADD_MEMBERSHIP,
  IP_ADD_SOURCE_MEMBERSHIP,
  IP_BLOCK_SOURCE,
  IP_DROP_MEMBERSHIP,
  IP_DROP_SOURCE_MEMBERSHIP,
  IP_MSFILTER,
  IP_UNBLOCK_SOURCE,
  IPV6_ADD_MEMBERSHIP,
  IPV6_DROP_MEMBERSHIP,
  MCAST_BLOCK_SOURCE,
  MCAST_JOIN_GROUP,
  MCAST_JOIN_SOURCE_GROUP,
  MCAST_LEAVE_GROUP,
  MCAST_LEAVE_SOURCE_GROUP,
  MCAST_MSFILTER,
  MCAST_UNBLOCK_SOURCE,
  type NetworkInterface,
  type OptionValue,
  SOL_IPV6,
} from '@jackfield/interfaces'
import type { IpSocketOptions } from './ip-socket-options.js'

/** For `IP_MSFILTER` and `MCAST_MSFILTER`: the whole filter. Addresses as text or objects. */
export interface MembershipFilter {
  readonly group: IpAddress | string
  /** As in `Membership`. */
  readonly interface?: number | string | IpAddress
  readonly mode: 'include' | 'exclude'
  readonly sources: readonly (IpAddress | string)[]
}

/** What each option does, whichever of its names was used. */
const ACTIONS: ReadonlyMap<number, GroupAction> = new Map<number, GroupAction>([
  [IP_ADD_MEMBERSHIP, 'join'],
  [MCAST_JOIN_GROUP, 'join'],
  [IP_DROP_MEMBERSHIP, 'leave'],
  [MCAST_LEAVE_GROUP, 'leave'],
  [IP_ADD_SOURCE_MEMBERSHIP, 'joinSource'],
  [MCAST_JOIN_SOURCE_GROUP, 'joinSource'],
  [IP_DROP_SOURCE_MEMBERSHIP, 'leaveSource'],
  [MCAST_LEAVE_SOURCE_GROUP, 'leaveSource'],
  [IP_BLOCK_SOURCE, 'block'],
  [MCAST_BLOCK_SOURCE, 'block'],
  [IP_UNBLOCK_SOURCE, 'unblock'],
  [MCAST_UNBLOCK_SOURCE, 'unblock'],
  [IP_MSFILTER, 'setFilter'],
  [MCAST_MSFILTER, 'setFilter'],
])

export type GroupAction = 'join' | 'leave' | 'joinSource' | 'leaveSource' | 'block' | 'unblock' | 'setFilter'

/** Which action an option of `SOL_IP` or `SOL_IPV6` is, or undefined where it is not about groups. */
export function groupAction(level: number, name: number): GroupAction | undefined {
  if (level !== SOL_IPV6) return ACTIONS.get(name)
  if (name === IPV6_ADD_MEMBERSHIP) return 'join'
  if (name === IPV6_DROP_MEMBERSHIP) return 'leave'
  return name >= MCAST_JOIN_GROUP && name <= MCAST_MSFILTER ? ACTIONS.get(name) : undefined
}

/** Does it: 0 or a negative error number. The level says of which IP version groups are. `value` is a `Membership` or a `MembershipFilter`. */
export function changeGroups(options: IpSocketOptions, level: number, action: GroupAction, value: OptionValue): number {
  if (typeof value !== 'object' || value instanceof Uint8Array) return -EINVAL
  const group = addressOf(value['group'])
  if (group === null || !group.isMulticast) return -EINVAL
  if (group.version !== (level === SOL_IPV6 ? 6 : 4)) return -EINVAL
  const networkInterface = findInterface(options, value['interface'], group)
  if (networkInterface === null) return -ENODEV
  const groups = options.groups
  if (action === 'join' || action === 'leave') return groups[action](group, networkInterface)
  if (action === 'setFilter') {
    const { mode, sources } = value
    if ((mode !== 'include' && mode !== 'exclude') || !Array.isArray(sources)) return -EINVAL
    const parsed: IpAddress[] = []
    for (const each of sources) {
      const source = addressOf(each)
      if (source === null || source.version !== group.version) return -EINVAL
      parsed.push(source)
    }
    return groups.setFilter(group, networkInterface, mode, parsed)
  }
  const source = addressOf(value['source'])
  if (source === null || source.version !== group.version) return -EINVAL
  return groups[action](group, networkInterface, source)
}

/** An address from the forms that options take, IPv4 where it is mapped; null where it is none. */
export function addressOf(value: unknown): IpAddress | null {
  if (typeof value === 'string') return IpAddress.tryParse(value)?.unmapped() ?? null
  if (value instanceof IpAddress) return value.copy().unmapped()
  if (value instanceof SocketAddress) return value.address.copy().unmapped()
  return null
}

/**
 * The interface that an option names by index, name or local address, or (where it names none) the one by which
 * packets to the group leave. null: no such interface.
 */
function findInterface(options: IpSocketOptions, named: unknown, group: IpAddress | null): NetworkInterface | null {
  const { host } = options
  if (typeof named === 'number' && named !== 0) return host.interfaceByIndex(named) ?? null
  const address = addressOf(named)
  if (address !== null && !address.isUnspecified) return interfaceOfAddress(options, address)
  if (address === null && typeof named === 'string' && named !== '') return host.interfaceByName(named) ?? null
  if (group === null) return null
  const bound = host.interfaceByIndex(options.boundInterface)
  if (bound !== undefined) return bound
  const network = host.network(group.version)
  if (network === undefined) return null
  const route = network.route(createRouteQuery(group))
  return typeof route === 'number' ? null : route.interface
}

/** The interface that holds a local address; null for none. */
function interfaceOfAddress(options: IpSocketOptions, address: IpAddress): NetworkInterface | null {
  const own = options.host.network(address.version)?.addresses() ?? []
  return own.find((each) => each.prefix.address.equals(address))?.interface ?? null
}

/**
 * `IP_MULTICAST_IF`: an interface by index or name, a local address (which becomes the source too), or an object with
 * `interface` and perhaps `address`. 0, '' or the unspecified address: by the route again.
 */
export function setMulticastInterface(
  options: IpSocketOptions,
  version: 4 | 6,
  value: OptionValue | IpAddress,
): number {
  const fields: Readonly<Record<string, unknown>> =
    typeof value === 'object' && !(value instanceof Uint8Array) && !(value instanceof IpAddress) ? value : {}
  const named = fields['interface'] ?? fields['address'] ?? value
  const given = addressOf(fields['address']) ?? addressOf(named)
  const source = given === null || given.isUnspecified ? null : given
  const none = named === 0 || named === '' || (source === null && given !== null)
  if (none) return storeMulticast(options, version, 0, null)
  const found = findInterface(options, named, null)
  if (found === null) return source === null ? -ENODEV : -EADDRNOTAVAIL
  if (options.boundInterface !== 0 && options.boundInterface !== found.index) return -EINVAL
  return storeMulticast(options, version, found.index, source)
}

function storeMulticast(options: IpSocketOptions, version: 4 | 6, index: number, source: IpAddress | null): number {
  const changes = { multicastInterface: index, multicastSource: source }
  if (version === 4 && options.family === AF_INET6) {
    options.setRare({ mapped: { ...options.rare.mapped, ...changes } })
  } else Object.assign(options, changes)
  options.flow.route = null
  return 0
}
