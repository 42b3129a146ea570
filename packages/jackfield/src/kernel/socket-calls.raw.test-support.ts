/** Calls of raw sockets and of those for echo requests. */
import { AF_INET6, IPPROTO_ICMPV6, IPV6_V6ONLY, SOCK_DGRAM, SOCK_RAW, SOL_IPV6 } from '@jackfield/sockets'
import { type Cases, MAPPED_LOOPBACK, NOBODY, only } from './socket-calls.openers.test-support.js'
import { type Call, NEIGHBOR_LINK_LOCAL, NEIGHBOR6, OWN_LINK_LOCAL, OWN6 } from './socket-calls.test-support.js'

const raw6: Call = ['socket', 's', AF_INET6, SOCK_RAW, 253]
const ping6: Call = ['socket', 's', AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6]

/** Raw sockets and those of echo requests speak one version. */
export const RAW: Cases = Object.fromEntries(
  [
    { kind: 'raw', open: raw6 },
    { kind: 'ping', open: ping6 },
  ].flatMap(({ kind, open }): [string, readonly Call[]][] => [
    [`${kind}: bind without a zone`, [open, ['bind', 's', OWN_LINK_LOCAL, 0], ['name', 's']]],
    [`${kind}: bind with it`, [open, ['bind', 's', OWN_LINK_LOCAL, 77, 'cmp0'], ['name', 's']]],
    [`${kind}: bind in a zone that is not there`, [open, ['bind', 's', OWN_LINK_LOCAL, 77, NOBODY]]],
    [`${kind}: bind to what is not ours`, [open, ['bind', 's', NEIGHBOR6, 77], ['bind', 's', OWN6, 77], ['name', 's']]],
    [`${kind}: bind to a mapped address`, [open, ['bind', 's', MAPPED_LOOPBACK, 77]]],
    [`${kind}: bind to a group`, [open, ['bind', 's', 'ff0e::1234', 77], ['name', 's']]],
    [`${kind}: connect without a zone`, [open, ['connect', 's', NEIGHBOR_LINK_LOCAL, 0]]],
    [`${kind}: connect with it`, [open, ['connect', 's', NEIGHBOR_LINK_LOCAL, 7, 'cmp0'], ['peer', 's']]],
    [`${kind}: connect in a zone that is not there`, [open, ['connect', 's', NEIGHBOR_LINK_LOCAL, 0, NOBODY]]],
    [
      `${kind}: connect to a global address`,
      [open, ['connect', 's', NEIGHBOR6, 7], ['peer', 's'], ['connect', 's', null], ['peer', 's']],
    ],
    [`${kind}: V6ONLY`, [open, ['get', 's', SOL_IPV6, IPV6_V6ONLY], only, ['get', 's', SOL_IPV6, IPV6_V6ONLY]]],
  ]),
)
