import { createSocket } from 'node:dgram'
import { describe, expect, test } from 'vitest'
import { createHost } from '../create-host.js'
import { openTun } from '../tun.js'
import { kernelSettled, ping, place, run, until, upAtOnce } from './kernel.test-support.js'
import { FarHost } from './router.test-support.js'

/** Settings under which every probe gets its answer. */
const UNLIMITED = [
  'net.ipv4.icmp_ratelimit=0',
  'net.ipv6.icmp.ratelimit=0',
  'net.ipv4.icmp_msgs_per_sec=1000000',
  'net.ipv4.icmp_msgs_burst=10000',
]

/** What nmap found: the state of each port or protocol, and how many closed ones it did not list. */
interface Scan {
  readonly states: Readonly<Record<number, string>>
  readonly closed: number
}

/** Scans several targets at the same time: most of it is waiting for what is silent. */
function nmap(targets: readonly string[], ...parameters: string[]): Promise<Scan[]> {
  return Promise.all(targets.map((target) => scan(target, ...parameters)))
}

async function scan(target: string, ...parameters: string[]): Promise<Scan> {
  const version = target.includes(':') ? ['-6'] : []
  const output = await run('nmap', '-n', '-Pn', '-T4', ...version, ...parameters, target)
  const lines = output.matchAll(/^(\d+)(?:\/udp|\/tcp)?\s+(open|closed|filtered|unfiltered|open\|filtered)\s/gm)
  const states = Object.fromEntries([...lines].map(([, number, state = '']) => [Number(number), state]))
  return { states, closed: Number(/Not shown: (\d+) closed/.exec(output)?.[1] ?? 0) }
}

/** The same four services, as sockets of a kernel; for TCP no more than listeners. */
const KERNEL_SERVICES = `
  const { createSocket } = require('node:dgram')
  const { createServer } = require('node:net')
  let waiting = 4
  for (const [port, answers] of [[7, true], [9, false], [13, true], [19, true]]) {
    const socket = createSocket('udp6')
    if (answers) socket.on('message', (request, from) => socket.send('an answer', from.port, from.address))
    socket.bind(port, () => { if (--waiting === 0) console.log('listening') })
    createServer((connection) => connection.on('error', () => {})).listen(port)
  }
`

/** What has a protocol number here. Broken IGMP, UDP-Lite and extension headers are dropped without a word, there as here. */
const PROTOCOLS = {
  4: { 1: 'open', 2: 'open|filtered', 6: 'open', 17: 'open', 136: 'open|filtered' },
  6: {
    ...{ 0: 'open|filtered', 43: 'open|filtered', 44: 'open', 59: 'open|filtered', 60: 'open|filtered' },
    ...{ 6: 'open', 17: 'open', 58: 'open', 136: 'open|filtered' },
  },
} as const

describe.each([
  { version: 4, kind: 'tun', network: '10.76.0.', length: 24 },
  { version: 6, kind: 'tun', network: 'fd76:1::', length: 64 },
  { version: 6, kind: 'tap', network: 'fd76:2::', length: 64 },
] as const)('what nmap finds over $kind and IPv$version', ({ version, kind, network, length }) => {
  const { name, stack, parameters } = place(kind, version)
  const kernel = `${network}2`
  const ports: Record<number, string> = {}
  for (let port = 1; port <= 25; port++) ports[port] = 'closed'
  // A port that takes what comes and says nothing cannot be told from one that a firewall hides.
  Object.assign(ports, { 7: 'open', 9: 'open|filtered', 13: 'open', 19: 'open' })

  /** Another kernel, of which nmap is to find the same. */
  async function startKernel(): Promise<void> {
    const far = await FarHost.create()
    const cable = [`scan${kind}${version}`, `seen${kind}${version}`] as const
    await far.connect(cable[0], `${network}1/${length}`, cable[1], `${kernel}/${length}`)
    await far.run('sysctl', '-q', '-w', ...UNLIMITED)
    await far.start(process.execPath, '-e', KERNEL_SERVICES).printed(/listening/)
  }

  test('is what it finds of Linux: open ports, silent ones and closed ones', async () => {
    const settings = UNLIMITED.flatMap((setting) => ['--sysctl', setting])
    await upAtOnce(...parameters, '--services', 'echo,discard,daytime,chargen', ...settings)
    await kernelSettled(name)
    await startKernel()
    const [ours, theirs] = await nmap([stack, kernel], '-sU', '-p', '1-25')
    expect(ours?.states).toEqual(ports)
    expect(theirs).toEqual(ours)
  })

  // Scans of connections: whole ones, SYN, ACK, no flags, FIN, and FIN with PSH and URG. A closed port answers them all
  // with RST, an open one answers no segment without SYN, ACK or RST, and to an ACK all ports are alike (RFC 9293,
  // 3.10.7).
  test.each([
    ['-sT', 'open', 'closed'],
    ['-sS', 'open', 'closed'],
    ['-sA', 'unfiltered', 'unfiltered'],
    ['-sN', 'open|filtered', 'closed'],
    ['-sF', 'open|filtered', 'closed'],
    ['-sX', 'open|filtered', 'closed'],
  ])('is the same with %s: open ports are %s, closed ones %s', async (kind, open, closed) => {
    const states: Record<number, string> = {}
    for (let port = 1; port <= 25; port++) states[port] = closed
    for (const port of [7, 9, 13, 19]) states[port] = open
    const [ours, theirs] = await nmap([stack, kernel], kind, '-p', '1-25')
    expect(ours?.states).toEqual(states)
    expect(theirs).toEqual(ours)
  })

  test('is each protocol that the stack has', async () => {
    const [ours, theirs] = await nmap([stack, kernel], '-sO')
    expect(ours?.states).toEqual(PROTOCOLS[version])
    expect(ours?.closed).toBe(256 - Object.keys(PROTOCOLS[version]).length)
    // A kernel may have more protocols, as it is configured, or no UDP-Lite.
    const { 136: _, ...all } = PROTOCOLS[version]
    expect(theirs?.states).toMatchObject(all)
    for (const unassigned of [200, 253, 254]) expect(theirs?.states[unassigned]).toBeUndefined()
  })
})

describe('the limit of ICMP errors', () => {
  /** Sends a datagram to each of so many closed ports, not more at once than the device's queue holds (500). */
  async function knock(address: string, count: number, source?: string): Promise<void> {
    const socket = createSocket('udp4')
    await new Promise<void>((resolve) => socket.bind(0, source, resolve))
    for (let i = 0; i < count; i++) {
      await new Promise((resolve) => socket.send('anybody there?', 20_000 + i, address, resolve))
    }
    socket.close()
  }

  /** A host on a device with the sysctl settings of a new one, or these. */
  function start(sysctl: Readonly<Record<string, number>> = {}) {
    const { name, kernel, stack, host: other } = place('tun')
    const device = openTun({ name, address: `${kernel}/24` })
    const host = createHost({ sysctl, interfaces: [{ device, addresses: [`${stack}/24`] }] })
    return { host, name, stack, other, count: (counter: string): number => host.stack.counters()[counter] ?? 0 }
  }

  test('is six at once to each destination and one a second from then on, as of Linux', async () => {
    const { host, name, stack, other, count } = start()
    const began = performance.now()
    await knock(stack, 40)
    await until(() => count('UdpNoPorts') === 40, 'all datagrams')
    const sent = count('IcmpOutDestUnreachs')
    const more = Math.ceil((performance.now() - began) / 1000)
    expect(sent).toBeGreaterThanOrEqual(6)
    expect(sent).toBeLessThanOrEqual(6 + more)
    expect(sent + count('IcmpOutRateLimitHost')).toBe(40)
    // What is no error is not limited, and another destination has a count of its own.
    expect(await ping('-c', '50', '-l', '50', stack)).toMatchObject({ sent: 50, received: 50 })
    await run('ip', 'address', 'add', `${other(11)}/24`, 'dev', name)
    await knock(stack, 6, other(11))
    await until(() => count('UdpNoPorts') === 46, 'the datagrams of the other address')
    expect(count('IcmpOutDestUnreachs')).toBe(sent + 6)
    await host.close()

    const far = await FarHost.create()
    await far.connect('knocker', '10.75.0.1/24', 'knocked', '10.75.0.2/24')
    // Datagrams that wait for its hardware address would be dropped but for the last few.
    await until(async () => (await ping('-c', '1', '10.75.0.2')).received === 1, 'the other kernel')
    const beganThere = performance.now()
    await knock('10.75.0.2', 40)
    await until(async () => ((await far.snmpCounters('Udp')).get('NoPorts') ?? 0) >= 40, 'all datagrams there')
    const there = await far.snmpCounters('Icmp')
    const moreThere = Math.ceil((performance.now() - beganThere) / 1000)
    expect(there.get('OutDestUnreachs')).toBeGreaterThanOrEqual(6)
    expect(there.get('OutDestUnreachs')).toBeLessThanOrEqual(6 + moreThere)
  })

  test('is for all destinations together, too', async () => {
    const { host, stack, count } = start({ 'net.ipv4.icmp_ratelimit': 0, 'net.ipv4.icmp_msgs_per_sec': 50 })
    const began = performance.now()
    await knock(stack, 400)
    await until(() => count('UdpNoPorts') === 400, 'all datagrams')
    // 50 credits at once and as many a second, of which each message takes 0, 1 or 2 by chance.
    const sent = count('IcmpOutDestUnreachs')
    const seconds = (performance.now() - began) / 1000
    expect(sent).toBeGreaterThanOrEqual(25)
    expect(sent).toBeLessThan(200 + 100 * seconds)
    expect(sent + count('IcmpOutRateLimitGlobal')).toBe(400)
    await host.close()
  })

  test('is off where the settings say so', async () => {
    const settings = UNLIMITED.map((setting) => setting.split('='))
    const { host, stack, count } = start(Object.fromEntries(settings.map(([name, value]) => [name, Number(value)])))
    await knock(stack, 400)
    await until(() => count('UdpNoPorts') === 400, 'all datagrams')
    expect(count('IcmpOutDestUnreachs')).toBe(400)
    expect(count('IcmpOutRateLimitHost') + count('IcmpOutRateLimitGlobal')).toBe(0)
    await host.close()
  })
})
