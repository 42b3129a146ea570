/** What the tables of socket calls begin with. */
import { AF_INET, AF_INET6, IPV6_V6ONLY, SOCK_DGRAM, SOCK_STREAM, SOL_IPV6 } from '@jackfield/sockets'
import type { Call } from './socket-calls.test-support.js'

export type Cases = Readonly<Record<string, readonly Call[]>>

/** An interface index that nobody has. */
export const NOBODY = 999
export const MAPPED_LOOPBACK = '::ffff:127.0.0.1'
export const PAD = { hex: '1100010400000000' }

export const udp6: Call = ['socket', 's', AF_INET6, SOCK_DGRAM]
export const tcp6: Call = ['socket', 's', AF_INET6, SOCK_STREAM]
export const udp4: Call = ['socket', 's', AF_INET, SOCK_DGRAM]
export const only: Call = ['set', 's', SOL_IPV6, IPV6_V6ONLY, 1]

export const send = (to: readonly [string, number, (string | number)?] | null, length = 1): Call => [
  'send',
  's',
  to,
  length,
  [],
]

/** A receiver on every address of both versions, port 5000. */
export const receiver: readonly Call[] = [
  ['socket', 'r', AF_INET6, SOCK_DGRAM],
  ['bind', 'r', '::', 5000],
]
