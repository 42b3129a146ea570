import { randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { ask } from './ask.test-support.js'
import { BOTH_VERSIONS, execute, ping, run, until } from './kernel.test-support.js'
import { type RoutedPath, startRouter, tcpExchange } from './router.test-support.js'

/** Waits for each answer, however much sooner others came; by itself traceroute takes no more than ten times as long. */
const PATIENT = ['-w', '10,0,0']

/** The addresses that answered at each hop, with what traceroute remarks (as `!N`). */
async function trace(path: RoutedPath, parameters: readonly string[], from: 'near' | 'far' = 'near') {
  const command = ['-n', '-q', '2', '-m', '5', ...PATIENT, ...parameters]
  const output = from === 'near' ? await run('traceroute', ...command) : await path.far.run('traceroute', ...command)
  const hops = output.split('\n').filter((line) => /^ *\d+ /.test(line))
  return hops.map((line) => [...new Set(line.match(/\d+\.\d+\.\d+\.\d+|fd[0-9a-f:]+|![A-Z]|\*/g))].join(' '))
}

/** Of the stack and of kernels: as many errors as there is reason for. */
const UNLIMITED = ['net.ipv4.icmp_ratelimit=0', 'net.ipv6.icmp.ratelimit=0']

/** Lets this kernel and the far one send as many errors as they would. */
async function unlimited(path: RoutedPath): Promise<void> {
  await path.far.run('sysctl', '-q', '-w', ...UNLIMITED)
  await run('sysctl', '-q', '-w', ...UNLIMITED)
}

/** What ping and the counters say, in either version. */
const WORDS = {
  4: {
    nowhere: '192.0.2.',
    noRoute: 'Destination Net Unreachable',
    expired: 'Time to live exceeded',
    forwarded: 'IpForwDatagrams',
    expiries: 'IcmpOutTimeExcds',
    noRoutes: 'IpExtInNoRoutes',
    never: ['IpReasmReqds', 'IpFragFails', 'IpFragCreates'],
  },
  6: {
    nowhere: '2001:db8:9::',
    noRoute: 'Destination unreachable: No route',
    expired: 'Time exceeded: Hop limit',
    forwarded: 'Ip6OutForwDatagrams',
    expiries: 'Icmp6OutTimeExcds',
    noRoutes: 'Ip6InNoRoutes',
    never: ['Ip6ReasmReqds', 'Ip6FragFails', 'Ip6FragCreates', 'Ip6InTooBigErrors'],
  },
} as const

describe.each(BOTH_VERSIONS)('a stack that forwards IPv$version between two TUN devices', ({ version }) => {
  const words = WORDS[version]
  let path: RoutedPath
  beforeAll(async () => {
    path = await startRouter({ version, settings: UNLIMITED })
    await unlimited(path)
  })

  test.each([
    { kind: 'UDP', flags: [] },
    { kind: 'UDP to one port', flags: ['-U', '-p', '53'] },
    { kind: 'UDP in fragments', flags: [], length: ['4000'] },
    { kind: 'ICMP', flags: ['-I'] },
    { kind: 'TCP', flags: ['-T'] },
  ])('is the first hop of two to traceroute, $kind', async ({ flags, length = [] }) => {
    expect(await trace(path, [...flags, path.farAddress, ...length])).toEqual([path.routerNear, path.farAddress])
  })

  test('is the first hop from the other side too, with the address of that side', async () => {
    for (const flags of [[], ['-I']]) {
      expect(await trace(path, [...flags, path.nearAddress], 'far')).toEqual([path.routerFar, path.nearAddress])
    }
  })

  test('is the last hop to its own addresses, whichever side they are on', async () => {
    expect(await trace(path, [path.routerNear])).toEqual([path.routerNear])
    expect(await trace(path, ['-I', path.routerFar])).toEqual([path.routerFar])
  })

  test('says that it knows no way', async () => {
    const unknown = `${words.nowhere}1`
    await run('ip', 'route', 'add', unknown, 'via', path.routerNear)
    expect(await trace(path, [unknown])).toEqual([path.routerNear, `${path.routerNear} !N`])
    const { stdout } = await execute('ping', ['-c', '1', unknown])
    expect(stdout).toContain(`From ${path.routerNear} icmp_seq=1 ${words.noRoute}`)
  })

  test('lets pings through, with one less to live each way', async () => {
    const { stdout } = await execute('ping', ['-c', '3', '-l', '3', path.farAddress])
    expect(stdout).toContain('3 packets transmitted, 3 received')
    expect(stdout).toContain('ttl=63')
    expect(await ping('-c', '50', '-l', '50', path.farAddress)).toMatchObject({ sent: 50, received: 50 })
  })

  test('says that the time to live, or the hop limit, is over', async () => {
    const { stdout } = await execute('ping', ['-c', '1', '-t', '1', path.farAddress])
    expect(stdout).toContain(`From ${path.routerNear} icmp_seq=1 ${words.expired}`)
    expect(await ping('-c', '1', '-t', '2', path.farAddress)).toMatchObject({ received: 1 })
  })

  test('lets fragments through, both ways', async () => {
    for (const size of ['1473', '5000', '60000']) {
      const through = await ping('-c', '3', '-l', '3', '-p', 'a1b2c3d4e5', '-s', size, path.farAddress)
      expect(through).toMatchObject({ sent: 3, received: 3 })
      expect(through.output).not.toContain('wrong data')
    }
  })

  test('lets TCP through, which the kernels leave to the devices to cut and to sum', async () => {
    await path.far.startTcpEcho(path.farAddress)
    const sent = randomBytes(8_000_000)
    expect((await tcpExchange(path.farAddress, sent)).equals(sent)).toBe(true)
  })

  test('lets the unreachable port be known to who asked it', async () => {
    expect(await ask(path.farAddress, 5999, 'anybody there?')).toBe('ECONNREFUSED')
    expect(await ask(path.routerFar, 5999, 'anybody there?')).toBe('ECONNREFUSED')
  })

  test('counts all of that', async () => {
    const counters = await path.stop()
    expect(counters.get(words.forwarded)).toBeGreaterThan(500)
    // Both probes at hop 1 of each of the four traces over TCP and UDP at least.
    expect(counters.get(words.expiries)).toBeGreaterThan(10)
    expect(counters.get(words.noRoutes)).toBeGreaterThan(0)
    for (const name of words.never) expect([name, counters.get(name)]).toEqual([name, undefined])
  })
})

test('a stack that forwards is on the recorded route, with the address that the packet leaves by', async () => {
  const path = await startRouter()
  const { stdout } = await execute('ping', ['-c', '1', '-R', path.farAddress])
  const [, recorded = ''] = /RR:(.*?)\n\n/s.exec(stdout) ?? []
  const { nearAddress, routerFar, farAddress, routerNear } = path
  expect(recorded.trim().split(/\s+/)).toEqual([
    nearAddress,
    routerFar,
    farAddress,
    farAddress,
    routerNear,
    nearAddress,
  ])
})

test('a stack that forwards IPv6 gives the kernel its address and default route by what it says of itself', async () => {
  const { nearDevice, nearAddress } = await startRouter({ version: 6 })
  const shown = (what: string): Promise<string> => run('ip', '-6', what, 'show', 'dev', nearDevice)
  await until(async () => /^default via fe80:\S+ proto ra/m.test(await shown('route')), 'the default route')
  const prefix = nearAddress.replace(/1$/, '')
  await until(
    async () => new RegExp(`inet6 ${prefix}[0-9a-f:]+/64 .*dynamic`).test(await shown('address')),
    'an address',
  )
})

/** What the kernel remembers of the path. */
async function cachedMtu(path: RoutedPath): Promise<string | undefined> {
  return /mtu (\d+)/.exec(await run('ip', 'route', 'get', path.farAddress))?.[1]
}

describe('a forwarding stack with a smaller MTU on its far side', () => {
  let path: RoutedPath
  beforeAll(async () => {
    path = await startRouter({ settings: UNLIMITED, farMtu: 1400 })
    await unlimited(path)
  })

  test('cuts what may be cut, and fragments of fragments', async () => {
    for (const size of ['1373', '1472', '5000', '60000']) {
      // -M dont: without DF, so that nothing is said of the MTU.
      const through = await ping(
        ...['-c', '3', '-l', '3', '-M', 'dont', '-p', 'a1b2c3d4e5', '-s', size],
        path.farAddress,
      )
      expect(through).toMatchObject({ sent: 3, received: 3 })
      expect(through.output).not.toContain('wrong data')
    }
    expect(await cachedMtu(path)).toBeUndefined()
  })

  test('asks for smaller packets where DF is set, and the kernel learns', async () => {
    const { stdout } = await execute('ping', ['-c', '1', '-M', 'do', '-s', '1373', path.farAddress])
    expect(stdout).toContain(`From ${path.routerNear} icmp_seq=1 Frag needed and DF set (mtu = 1400)`)
    expect(await cachedMtu(path)).toBe('1400')
    expect(await ping('-c', '1', '-M', 'do', '-s', '1372', path.farAddress)).toMatchObject({ received: 1 })
    expect(await ping('-c', '1', '-s', '5000', path.farAddress)).toMatchObject({ received: 1 })
  })

  test('shows each MTU on the way to traceroute', async () => {
    await run('ip', 'route', 'flush', 'cache')
    const output = await run('traceroute', '-n', '-q', '1', '-m', '5', ...PATIENT, '--mtu', path.farAddress)
    expect(output.match(/\S+ {2}[\d.]+ ms F=\d+/g)?.map((line) => line.replace(/ {2}.* ms/, ''))).toEqual([
      `${path.routerNear} F=1500`,
      `${path.farAddress} F=1400`,
    ])
  })

  test('counts what it cut and what it refused to', async () => {
    const counters = await path.stop()
    // 1, 1, 4 and 41 packets of up to 1500 bytes: three of each were too large but for the last ones.
    expect(counters.get('IpFragOKs')).toBe(3 * (1 + 1 + 3 + 40))
    expect(counters.get('IpFragCreates')).toBe(2 * 3 * (1 + 1 + 3 + 40))
    expect(counters.get('IpFragFails')).toBe(2)
    expect(counters.get('IcmpOutDestUnreachs')).toBe(2)
  })
})

describe('a stack that forwards IPv6, with a smaller MTU on its far side', () => {
  let path: RoutedPath
  beforeAll(async () => {
    path = await startRouter({ version: 6, settings: UNLIMITED, farMtu: 1400 })
    await unlimited(path)
  })

  test('cuts nothing: it says that a packet is too big, and the kernel learns', async () => {
    const { stdout } = await execute('ping', ['-c', '1', '-M', 'do', '-s', '1353', path.farAddress])
    expect(stdout).toContain(`From ${path.routerNear} icmp_seq=1 Packet too big: mtu=1400`)
    expect(await cachedMtu(path)).toBe('1400')
    expect(await ping('-c', '1', '-M', 'do', '-s', '1352', path.farAddress)).toMatchObject({ received: 1 })
    for (const size of ['1353', '5000', '60000']) {
      const through = await ping('-c', '3', '-l', '3', '-p', 'a1b2c3d4e5', '-s', size, path.farAddress)
      expect(through).toMatchObject({ sent: 3, received: 3 })
      expect(through.output).not.toContain('wrong data')
    }
  })

  test('shows each MTU on the way to traceroute', async () => {
    await run('ip', '-6', 'route', 'flush', 'cache')
    const output = await run('traceroute', '-n', '-q', '1', '-m', '5', ...PATIENT, '--mtu', path.farAddress)
    expect(output.match(/\S+ {2}[\d.]+ ms F=\d+/g)?.map((line) => line.replace(/ {2}.* ms/, ''))).toEqual([
      `${path.routerNear} F=1500`,
      `${path.farAddress} F=1400`,
    ])
  })

  test('lets TCP through, which finds the MTU by that', async () => {
    await run('ip', '-6', 'route', 'flush', 'cache')
    await path.far.startTcpEcho(path.farAddress)
    const sent = randomBytes(8_000_000)
    expect((await tcpExchange(path.farAddress, sent)).equals(sent)).toBe(true)
  })

  test('counts what it refused', async () => {
    const counters = await path.stop()
    expect(counters.get('Icmp6OutPktTooBigs')).toBeGreaterThanOrEqual(2)
    expect(counters.get('Ip6InTooBigErrors')).toBe(counters.get('Icmp6OutPktTooBigs'))
    for (const name of ['Ip6FragOKs', 'Ip6FragCreates']) expect(counters.has(name)).toBe(false)
  })
})

test.each([
  { version: 4, setting: 'net.ipv4.ip_forward=0', refused: 'IpInAddrErrors', forwarded: 'IpForwDatagrams' },
  {
    version: 6,
    setting: 'net.ipv6.conf.all.forwarding=0',
    refused: 'Ip6InAddrErrors',
    forwarded: 'Ip6OutForwDatagrams',
  },
] as const)(
  'a stack that is not told to forward IPv$version does not',
  async ({ version, setting, refused, forwarded }) => {
    const path = await startRouter({ version, settings: [setting] })
    expect(await ping('-c', '3', '-l', '3', '-W', '0.5', path.farAddress)).toMatchObject({ sent: 3, received: 0 })
    expect(await ping('-c', '3', '-l', '3', path.routerFar)).toMatchObject({ sent: 3, received: 3 })
    const counters = await path.stop()
    expect(counters.get(refused)).toBe(3)
    expect(counters.has(forwarded)).toBe(false)
  },
)
