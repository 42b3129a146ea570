import { createSeededRandom, createSystemClock } from '@jackfield/clock'
import { createCable, type ImpairmentStatistics, type Impairments, impair } from '@jackfield/link'
import { afterEach, describe, expect, test } from 'vitest'
import { createHost, type Host } from '../create-host.js'
import { serve } from '../services/services.js'
import { openTun } from '../tun.js'
import { noise } from './in-process.test-support.js'
import { BOTH_VERSIONS, place, run, withoutKernelProbes } from './kernel.test-support.js'
import { connectStack, exchangeStack } from './stack-stream.test-support.js'
import { dial, drain, listenEcho, sha256 } from './tcp.test-support.js'

/** Bytes each way: enough for hundreds of losses. */
const BYTES = noise(2_000_000)

const PATHS: [title: string, impairments: Impairments, counted: keyof ImpairmentStatistics | null][] = [
  ['loses 1 %', { delay: 2000, loss: 0.01 }, 'lost'],
  ['loses 5 %', { delay: 2000, loss: 0.05 }, 'lost'],
  // Bursts that go on by packets outlast timeouts, which double: short ones end before a sender has lost its patience.
  ['loses in bursts', { delay: 2000, burstLoss: { enter: 0.005, leave: 0.5 } }, 'lost'],
  ['reorders', { delay: 2000, reorder: { probability: 0.05, delay: 3000 } }, 'reordered'],
  ['jitters, so that packets overtake', { delay: 3000, jitter: 2500, jitterReorders: true }, null],
  ['repeats', { delay: 2000, duplicate: 0.05 }, 'duplicated'],
  ['damages', { delay: 2000, corrupt: 0.01 }, 'corrupted'],
  [
    'does all of it',
    { delay: 2000, loss: 0.01, duplicate: 0.01, corrupt: 0.005, reorder: { probability: 0.02, delay: 3000 } },
    'lost',
  ],
]

/** What losses and the like do to segments does not ask for the version: by IPv6 some of them are enough. */
const ALSO_BY_IPV6 = ['loses 1 %', 'reorders', 'does all of it']

const WAYS = BOTH_VERSIONS.flatMap(({ version }) =>
  PATHS.filter(([title]) => version === 4 || ALSO_BY_IPV6.includes(title)).map((each) => [version, ...each] as const),
)

const hosts: Host[] = []

afterEach(async () => {
  for (const host of hosts.splice(0)) {
    await host.close()
    expect(host.stack.packets.outstanding).toBe(0)
  }
})

/** The kernel's own device, impaired both ways. No offload: what is lost is one segment of the path's MTU. */
function impairedDevice(version: 4 | 6, impairments: Impairments) {
  const at = place('tun', version)
  const clock = createSystemClock()
  const random = createSeededRandom(1)
  const address = `${at.kernel}/${at.length}`
  const tun = withoutKernelProbes(() => openTun({ name: at.name, address, offload: false }))
  const device = impair(tun, { clock, random, egress: impairments, ingress: impairments })
  const host = createHost({ clock, interfaces: [{ device, addresses: [`${at.stack}/${at.length}`] }] })
  hosts.push(host)
  return { ...at, host, device, target: at.stack }
}

/** Behind a stack that forwards, over a cable in memory that is impaired, another stack. */
async function impairedCable(version: 4 | 6, impairments: Impairments) {
  const at = place('tun', version)
  const { length } = at
  const behind = (number: number): string => (version === 4 ? `198.18.0.${number}` : `fd98::${number}`)
  const clock = createSystemClock()
  const random = createSeededRandom(1)
  const cable = createCable({ clock, random, medium: 'ip', ...impairments })
  const router = createHost({ clock, sysctl: { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 } })
  const near = withoutKernelProbes(() => openTun({ name: at.name, address: `${at.kernel}/${length}` }))
  router.addInterface(near, { addresses: [`${at.stack}/${length}`] })
  router.addInterface(cable.a, { addresses: [`${behind(1)}/${length}`] })
  const target = behind(2)
  const host = createHost({
    clock,
    interfaces: [{ device: cable.b, addresses: [`${target}/${length}`], gateway: behind(1) }],
  })
  hosts.push(router, host)
  await run('ip', 'route', 'replace', `${behind(0)}/${length}`, 'via', at.stack, 'congctl', 'cubic')
  return { ...at, host, router, cable, target }
}

describe.each(WAYS)('over IPv%i and a TUN device that %s', (version, _title, impairments, counted) => {
  test('the kernel calls: all comes back as it was sent', async () => {
    const { host, target, device } = impairedDevice(version, impairments)
    serve(host, 'echo')
    const connection = await dial(7, target)
    connection.end(BYTES)
    expect(sha256(await drain(connection))).toBe(sha256(BYTES))
    if (counted !== null) expect(device.impairments.ingress[counted]).toBeGreaterThan(0)
  })

  test('the stack calls: all comes back as it was sent', async () => {
    const { host, kernel } = impairedDevice(version, impairments)
    const fd = await connectStack(host.sockets, await listenEcho(kernel), kernel)
    expect(sha256(await exchangeStack(host.sockets, fd, BYTES))).toBe(sha256(BYTES))
    host.sockets.close(fd)
  })
})

describe.each(WAYS)('through a stack that forwards IPv%i to a cable that %s', (version, _title, impairments) => {
  test('the kernel calls: all comes back as it was sent', async () => {
    const { host, target } = await impairedCable(version, impairments)
    serve(host, 'echo')
    const connection = await dial(7, target)
    connection.end(BYTES)
    expect(sha256(await drain(connection))).toBe(sha256(BYTES))
  })

  test('the stack beyond calls the kernel: all comes back as it was sent', async () => {
    const { host, kernel } = await impairedCable(version, impairments)
    const fd = await connectStack(host.sockets, await listenEcho(kernel), kernel)
    expect(sha256(await exchangeStack(host.sockets, fd, BYTES))).toBe(sha256(BYTES))
    host.sockets.close(fd)
  })
})
