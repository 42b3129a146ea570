import { isDeepStrictEqual } from 'node:util'
import {
  AF_INET,
  AF_INET6,
  IPV6_DSTOPTS,
  IPV6_HOPOPTS,
  IPV6_MULTICAST_IF,
  IPV6_V6ONLY,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOCK_DGRAM,
  SOCK_RAW,
  SOCK_STREAM,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
} from '@jackfield/sockets'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DUAL_STACK } from './socket-calls.dual-stack.test-support.js'
import type { Cases } from './socket-calls.openers.test-support.js'
import { RAW } from './socket-calls.raw.test-support.js'
import { SENDING } from './socket-calls.sending.test-support.js'
import { type Call, onKernel, onStack, prepareKernel, restoreKernel } from './socket-calls.test-support.js'
import { ZONES } from './socket-calls.zones.test-support.js'

beforeAll(prepareKernel)
afterAll(restoreKernel)

interface Named {
  readonly title: string
  readonly calls: readonly Call[]
}

/** Runs the cases on both and compares each. */
async function agree(cases: readonly Named[]): Promise<void> {
  const calls = cases.map((each) => each.calls)
  const [kernel, stack] = [await onKernel(calls), await onStack(calls)]
  const differences = cases.flatMap(({ title, calls: made }, i) =>
    isDeepStrictEqual(kernel[i], stack[i])
      ? []
      : [
          `${title}: ${JSON.stringify(made)}: ${JSON.stringify(kernel[i])} on the kernel, ${JSON.stringify(stack[i])} on the stack`,
        ],
  )
  expect(differences).toEqual([])
}

/**
 * Options that are not compared: those that the stack does not have (the README of @jackfield/transport names them), and those whose
 * values are not integers: `IP_OPTIONS`, `MCAST_MSFILTER`, `IPV6_PATHMTU`; `IP_MULTICAST_IF` takes an index here.
 */
const DIFFERENT: ReadonlyMap<number, readonly number[]> = new Map([
  [SOL_IP, [3, 4, 5, 7, 9, 16, 17, 18, 22, 23, 26, 32, 41, 48, 52, 64, 65, 66, 67, 80]],
  [SOL_IPV6, [2, 3, 4, 5, 6, 8, 22, 27, 28, 30, 31, 32, 34, 35, 48, 55, 57, 61, 64, 65, 68, 69, 80]],
])

/** For experiments (RFC 3692). */
const RAW_PROTOCOL = 253

const TYPES = [
  { type: SOCK_DGRAM, kind: 'UDP' },
  { type: SOCK_STREAM, kind: 'TCP' },
] as const

describe.each(TYPES)('$kind', ({ type }) => {
  const ENDS = [
    { end: '::', family: AF_INET6, only: 0, host: '::' },
    { end: ':: V6ONLY', family: AF_INET6, only: 1, host: '::' },
    { end: '::1', family: AF_INET6, only: 0, host: '::1' },
    { end: '::ffff:0.0.0.0', family: AF_INET6, only: 0, host: '::ffff:0.0.0.0' },
    { end: '::ffff:127.0.0.1', family: AF_INET6, only: 0, host: '::ffff:127.0.0.1' },
    { end: '0.0.0.0', family: AF_INET, only: 0, host: '0.0.0.0' },
    { end: '127.0.0.1', family: AF_INET, only: 0, host: '127.0.0.1' },
  ] as const
  const SHARED = [
    { first: [], second: [] },
    { first: [SO_REUSEADDR], second: [SO_REUSEADDR] },
    { first: [SO_REUSEPORT], second: [SO_REUSEPORT] },
    { first: [SO_REUSEPORT], second: [SO_REUSEADDR] },
    { first: [], second: [SO_REUSEADDR] },
  ]

  test('binds, and refuses to bind, beside another', async () => {
    const cases: Named[] = []
    for (const [a, first] of ENDS.entries()) {
      for (const second of ENDS.slice(a)) {
        for (const shared of SHARED) {
          for (const listens of type === SOCK_STREAM ? [false, true] : [false]) {
            const calls: Call[] = []
            for (const [name, each, options] of [
              ['a', first, shared.first],
              ['b', second, shared.second],
            ] as const) {
              calls.push(['socket', name, each.family, type])
              if (each.family === AF_INET6) calls.push(['set', name, SOL_IPV6, IPV6_V6ONLY, each.only])
              for (const option of options) calls.push(['set', name, SOL_SOCKET, option, 1])
              calls.push(['bind', name, each.host, 5000], ['name', name])
              if (listens) calls.push(['listen', name])
            }
            cases.push({ title: `${first.end} and ${second.end}`, calls })
          }
        }
      }
    }
    await agree(cases)
  })
})

describe.each([...TYPES, { type: SOCK_RAW, kind: 'raw' }])('$kind', ({ type }) => {
  test.each([
    { level: SOL_IPV6, family: AF_INET6 },
    { level: SOL_IP, family: AF_INET6 },
    { level: SOL_IP, family: AF_INET },
    { level: SOL_IPV6, family: AF_INET },
  ])('has the options of level $level on a socket of family $family', async ({ level, family }) => {
    const cases: Named[] = []
    for (let option = 1; option <= 82; option++) {
      if (DIFFERENT.get(level)?.includes(option)) continue
      // Options headers are of datagrams alone.
      if (type === SOCK_STREAM && level === SOL_IPV6 && (option === IPV6_HOPOPTS || option === IPV6_DSTOPTS)) continue
      const calls: Call[] = [
        ['socket', 's', family, type, type === SOCK_RAW ? RAW_PROTOCOL : 0],
        ['get', 's', level, option],
      ]
      // Of the indices of interfaces that of loopback is the same on both, and none is as high as the last.
      const byIndex = level === SOL_IPV6 && option === IPV6_MULTICAST_IF
      for (const value of byIndex ? [1, 0, -1, -2, 70_000] : [1, 0, 2, -1, -2, 64, 255, 256, 70_000]) {
        calls.push(['set', 's', level, option, value], ['get', 's', level, option])
      }
      cases.push({ title: `option ${option}`, calls })
    }
    await agree(cases)
  })
})

test.each<readonly [string, Cases]>([
  ['zones', ZONES],
  ['both versions in one socket', DUAL_STACK],
  ['what is sent how', SENDING],
  ['raw sockets', RAW],
])('agrees with the kernel: %s', async (_title, cases) => {
  await agree(Object.entries(cases).map(([title, calls]) => ({ title, calls })))
})
