import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { type Configuration, createScriptHost, type Subject } from '@jackfield/packetdrill'
import { runFirst } from './kernel-calls.js'
import { kernelSockets } from './kernel-sockets.js'
import { KernelTime, now } from './kernel-time.js'
import { Tun } from './tun.js'
import { WaitingCalls } from './waiting-calls.js'

const DEVICE = 'tun0'

/**
 * The kernel of this machine, seen across a TUN device that is made in the network namespace of the process: `run-one`
 * is given one of its own. It never pauses, so that what a script looks at is the time of the kernel alone.
 */
export async function kernelSubject(configuration: Configuration): Promise<Subject> {
  const tun = new Tun(DEVICE, now)
  const calls = await WaitingCalls.start()
  const network = new Network(configuration)
  for (const [name, value] of stackSettings()) if (hasSetting(name)) tryToSet(name, value)
  network.up()
  runFirst()
  return {
    sockets: kernelSockets(calls, { congestionChosen: (name) => network.tryRoute(name) }),
    time: new KernelTime(tun, calls),
    sent: tun.sent,
    inject: (bytes) => {
      tun.inject(bytes)
      tun.drain()
    },
    hasSetting,
    set: (name, value) => {
      if (name === 'net.ipv4.tcp_congestion_control') network.route(value)
      else setOwn(name, value)
    },
    setLink: ({ mtu, up }) => {
      if (mtu !== undefined) ip('link', 'set', DEVICE, 'mtu', String(mtu))
      if (up !== undefined) ip('link', 'set', DEVICE, up ? 'up' : 'down')
    },
    close: async () => null,
  }
}

/** The device's addresses and routes. */
class Network {
  private readonly configuration: Configuration

  constructor(configuration: Configuration) {
    this.configuration = configuration
  }

  up(): void {
    const { localAddress, prefixLength, mtu } = this.configuration
    const version = localAddress.version
    // Without it the kernel asks for routers and reports groups.
    if (version === 4) tryToSet(`net.ipv6.conf.${DEVICE}.disable_ipv6`, '1')
    ip('link', 'set', DEVICE, 'mtu', String(mtu), 'up')
    ip('addr', 'add', `${localAddress}/${prefixLength}`, 'dev', DEVICE, ...(version === 6 ? ['nodad'] : []))
    this.route('cubic')
  }

  /** The same for a name that the program chose: what there is not is the call's to refuse. */
  tryRoute(congestion: string): void {
    try {
      this.route(congestion)
    } catch {
      // The route stays as it was.
    }
  }

  /** The way to the peer. A kernel may have another default than Linux's, and paces with it. */
  route(congestion: string): void {
    const { localAddress, gatewayAddress } = this.configuration
    const family = localAddress.version === 6 ? ['-6'] : []
    ip(...family, 'route', 'replace', 'default', 'via', `${gatewayAddress}`, 'dev', DEVICE, 'congctl', congestion)
  }
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

function pathOf(name: string): string {
  return `/proc/sys/${name.replaceAll('.', '/')}`
}

function hasSetting(name: string): boolean {
  return existsSync(pathOf(name))
}

/** Sets what the namespace has of its own; what is the whole machine's stays as it is. */
function setOwn(name: string, value: string): void {
  try {
    writeFileSync(pathOf(name), value)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM'))) throw error
  }
}

function tryToSet(name: string, value: string): void {
  try {
    writeFileSync(pathOf(name), value)
  } catch {
    // The kernel has another form of it, or keeps it for the whole machine.
  }
}

/** TCP's settings as a stack has them, so that a machine that is set otherwise is asked the same questions. */
function stackSettings(): [string, string][] {
  const { stack } = createScriptHost()
  const names = stack.sysctl.names().filter((name) => name.startsWith('net.ipv4.tcp_'))
  const own: [string, string] = ['net.ipv4.tcp_no_metrics_save', '1']
  return [...names.map((name): [string, string] => [name, String(stack.sysctl.get(name))]), own]
}
