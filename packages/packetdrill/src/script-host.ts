import { IpAddress, Prefix } from '@jackfield/addr'
import { createSeededRandom, createVirtualClock, type VirtualClock } from '@jackfield/clock'
import { icmp } from '@jackfield/icmp'
import type { NetworkInterface, StackModule } from '@jackfield/interfaces'
import { ipv4 } from '@jackfield/ipv4'
import { ipv6 } from '@jackfield/ipv6'
import { createLoopback } from '@jackfield/link'
import { PacketPool } from '@jackfield/packet'
import { raw } from '@jackfield/raw'
import { createSockets, type Sockets } from '@jackfield/sockets'
import { createStack, type Stack } from '@jackfield/stack'
import { tcp } from '@jackfield/tcp'
import { udp } from '@jackfield/udp'
import { type Configuration, configure } from './configuration.js'
import { ScriptDevice } from './script-device.js'

/** Microseconds of uptime when a script begins, so that no clock of the stack stands at 0. */
const UPTIME = 1_000_000_000

/** The host under test. */
export interface ScriptHost {
  readonly clock: VirtualClock
  readonly packets: PacketPool
  readonly stack: Stack
  readonly sockets: Sockets
  readonly device: ScriptDevice
  readonly interface: NetworkInterface
  /** Closes sockets and stack. Afterwards `packets.outstanding` is 0, or something was lost. */
  close(): Promise<void>
}

/** What a host is made of. */
export interface ScriptHostOptions {
  /** The modules of the stack, in the order in which they are added. Default: IPv4, IPv6, ICMP, UDP, TCP and raw sockets. */
  modules?: readonly StackModule[]
  /** Chooses all chance. Default `'packetdrill'`. */
  seed?: number | string
  /** Addresses and MTU. Default: those of `configure([])`. */
  configuration?: Configuration
}

/** The modules of a host that a script runs against unless its caller names others. */
export function defaultModules(): StackModule[] {
  return [ipv4(), ipv6(), icmp(), udp(), tcp(), raw()]
}

/**
 * A stack in virtual time with a loopback interface and `tun0`, whose other end is the script.
 * @throws RangeError where the modules lack the IP version that the configuration asks for
 */
export function createScriptHost(options: ScriptHostOptions = {}): ScriptHost {
  const { modules = defaultModules(), seed = 'packetdrill', configuration = configure([]) } = options
  const clock = createVirtualClock({ start: UPTIME })
  const packets = new PacketPool()
  // What the modules are is the caller's choice: that each finds what it needs is checked when it is added.
  let stack = createStack({ clock, random: createSeededRandom(seed), packets }) as unknown as Stack
  for (const module of modules) stack = stack.with(module)
  const { localAddress, gatewayAddress, prefixLength, mtu } = configuration
  const version = localAddress.version
  const loopbacks = stack.network(4) === undefined ? [] : ['127.0.0.1/8']
  stack.addInterface(createLoopback({ clock }), { addresses: loopbacks })
  const device = new ScriptDevice(clock, mtu)
  const tun = stack.addInterface(device, { addresses: [`${localAddress}/${prefixLength}`] })
  const any = new Prefix(version === 4 ? IpAddress.v4(0) : IpAddress.v6(0, 0, 0, 0), 0)
  stack.addRoute({ destination: any, type: 'unicast', gateway: gatewayAddress, interface: tun.index })
  const sockets = createSockets(stack)
  return {
    clock,
    packets,
    stack,
    sockets,
    device,
    interface: tun,
    close: async () => {
      sockets.closeAll()
      await stack.close()
    },
  }
}
