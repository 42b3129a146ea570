/** The example router in a process of its own, between this namespace and another, for tests that cross it. */
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, expect } from 'vitest'
import { type Finished, Running, run, withoutProbing } from './kernel.test-support.js'

const ROUTER = fileURLToPath(new URL('../../../../examples/router/src/router.js', import.meta.url))

const TCP_ECHO = `
  const server = require('node:net').createServer((connection) => connection.pipe(connection))
  server.listen(7, process.argv[1], () => console.log('listening'))
`

/** Sends bytes from this kernel to a TCP port 7, and gives all that comes back. */
export async function tcpExchange(address: string, bytes: Uint8Array): Promise<Buffer> {
  const connection = connect(7, address)
  connection.end(bytes)
  const received: Buffer[] = []
  for await (const chunk of connection) received.push(chunk)
  return Buffer.concat(received)
}

const namespaces: string[] = []
const servers: Running[] = []
const routers: Running[] = []

// The next file finds the network as this one did. Deleting a namespace deletes its devices.
afterAll(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()))
  for (const ended of await Promise.all(routers.splice(0).map((router) => router.stop()))) expectClean(ended)
  for (const name of namespaces.splice(0)) await run('ip', 'netns', 'delete', name)
})

/** Another network namespace: its kernel is another host. It goes after the tests of the file. */
export class FarHost {
  readonly name: string

  private constructor(name: string) {
    this.name = name
  }

  static async create(): Promise<FarHost> {
    const far = new FarHost(`far${namespaces.length + 1}`)
    await run('ip', 'netns', 'add', far.name)
    namespaces.push(far.name)
    await far.run('ip', 'link', 'set', 'lo', 'up')
    return far
  }

  /** Runs a command there that must succeed; gives what it printed. */
  run(file: string, ...parameters: string[]): Promise<string> {
    return run('ip', 'netns', 'exec', this.name, file, ...parameters)
  }

  /** Starts a command there. It is stopped after the tests of the file. */
  start(file: string, ...parameters: string[]): Running {
    const started = new Running('ip', ['netns', 'exec', this.name, file, ...parameters])
    servers.push(started)
    return started
  }

  /** Starts a TCP server on port 7 of an address, which sends back what comes. */
  async startTcpEcho(address: string): Promise<void> {
    await this.start(process.execPath, '-e', TCP_ECHO, address).printed(/listening/)
  }

  /** What its kernel counted, by the names of `/proc/net/snmp`, as `OutDestUnreachs` of `Icmp`. */
  async snmpCounters(protocol: 'Icmp' | 'Udp'): Promise<ReadonlyMap<string, number>> {
    const text = await this.run('cat', '/proc/net/snmp')
    const lines = text.split('\n').filter((line) => line.startsWith(`${protocol}: `))
    const [names = [], counts = []] = lines.map((line) => line.split(' ').slice(1))
    return new Map(names.map((name, i) => [name, Number(counts[i])]))
  }

  /** Takes one end of a new cable (veth) to this namespace. */
  async connect(near: string, nearAddress: string, far: string, farAddress: string): Promise<void> {
    await run('ip', 'link', 'add', near, 'type', 'veth', 'peer', 'name', far)
    await run('ip', 'address', 'add', nearAddress, 'dev', near, ...withoutProbing(nearAddress))
    await run('ip', 'link', 'set', near, 'up')
    await this.takeDevice(far, farAddress)
  }

  /** Takes a device over: its other end stays where it is. It loses its addresses by that. */
  async takeDevice(device: string, address: string): Promise<void> {
    await run('ip', 'link', 'set', device, 'netns', this.name)
    await this.run('ip', 'address', 'add', address, 'dev', device, ...withoutProbing(address))
    await this.run('ip', 'link', 'set', device, 'up')
  }
}

/** What a router is started with. */
export interface RouterOptions {
  /** Of the addresses. Default 4. */
  readonly version?: 4 | 6
  /** MTU of the far link, bytes. Default 1500. */
  readonly farMtu?: number
  /** Settings as `net.ipv4.icmp_ratelimit=0`. */
  readonly settings?: readonly string[]
}

/** This kernel -- near link -- router -- far link -- another kernel. */
export interface RoutedPath {
  readonly far: FarHost
  /** The device towards the router, here and there. */
  readonly nearDevice: string
  readonly farDevice: string
  /** Addresses along the path. */
  readonly nearAddress: string
  readonly routerNear: string
  readonly routerFar: string
  readonly farAddress: string
  /** An address in the far network that nobody has. */
  readonly unusedAddress: string
  /** Ends the router and gives what it counted, by SNMP name. */
  stop(): Promise<ReadonlyMap<string, number>>
}

let paths = 0

/** Starts the example router with a far host behind it, and routes through it on both sides. */
export async function startRouter(options: RouterOptions = {}): Promise<RoutedPath> {
  const number = ++paths
  const { version = 4 } = options
  const length = version === 4 ? 24 : 64
  const near = (host: number): string => (version === 4 ? `10.90.${number}.${host}` : `fd90:${number}::${host}`)
  const beyond = (host: number): string => (version === 4 ? `10.91.${number}.${host}` : `fd91:${number}::${host}`)
  const [nearDevice, farDevice] = [`near${number}`, `beyond${number}`]
  const far = await FarHost.create()
  // Made before: the router opens it as it is, with its MTU.
  await run('ip', 'tuntap', 'add', farDevice, 'mode', 'tun')
  await run('ip', 'link', 'set', farDevice, 'mtu', String(options.farMtu ?? 1500))
  const links = [`${nearDevice}=${near(2)}/${length}`, `${farDevice}=${beyond(2)}/${length}`]
  const router = new Running(process.execPath, [ROUTER, ...links, ...(options.settings ?? [])])
  routers.push(router)
  await router.printed(/ready.*\n/)
  await run('ip', 'address', 'add', `${near(1)}/${length}`, 'dev', nearDevice)
  await run('ip', 'link', 'set', nearDevice, 'up')
  await run('ip', 'route', 'add', `${beyond(0)}/${length}`, 'via', near(2))
  await far.takeDevice(farDevice, `${beyond(1)}/${length}`)
  await far.run('ip', `-${version}`, 'route', 'add', 'default', 'via', beyond(2))
  return {
    far,
    nearDevice,
    farDevice,
    nearAddress: near(1),
    routerNear: near(2),
    routerFar: beyond(2),
    farAddress: beyond(1),
    unusedAddress: beyond(9),
    stop: async () => {
      routers.splice(routers.indexOf(router), 1)
      const ended = await router.stop()
      expectClean(ended)
      const lines = ended.stdout.matchAll(/^([A-Z]\w+) +(\d+)$/gm)
      return new Map([...lines].map(([, name = '', count]) => [name, Number(count)]))
    },
  }
}

function expectClean({ code, stderr }: Finished): void {
  expect(stderr).toBe('')
  expect(code).toBe(0)
}
