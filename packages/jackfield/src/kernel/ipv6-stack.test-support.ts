/** A stack of both IP versions on a TAP device, with its IPv6 module at hand: neighbours, routers, advertisements. */
import type { IpAddress } from '@jackfield/addr'
import { createSystemClock } from '@jackfield/clock'
import { ethernet } from '@jackfield/ethernet'
import { icmp } from '@jackfield/icmp'
import type { InterfaceAddress, NeighborEntry, NetworkInterface } from '@jackfield/interfaces'
import { ipv4 } from '@jackfield/ipv4'
import { type Ipv6Module, ipv6 } from '@jackfield/ipv6'
import { createLoopback } from '@jackfield/link'
import { setPacketChecks } from '@jackfield/packet'
import { raw } from '@jackfield/raw'
import { createSockets, type Sockets } from '@jackfield/sockets'
import { createStack, type Stack } from '@jackfield/stack'
import { tcp } from '@jackfield/tcp'
import { openTap, type TunDevice } from '@jackfield/tun-driver'
import { udp } from '@jackfield/udp'
import { afterEach, expect } from 'vitest'
import type { HostModules } from '../create-host.js'
import { type Place, place, until } from './kernel.test-support.js'

setPacketChecks(true)

/** What a test has in its hands. */
export interface Ipv6Stack extends Place {
  readonly built: Stack<HostModules>
  readonly ip: Ipv6Module
  readonly sockets: Sockets
  readonly device: TunDevice
  readonly networkInterface: NetworkInterface
  /** The IPv6 addresses on its device that may be used or not yet, with their states. */
  addresses(): readonly InterfaceAddress[]
  /** The state of an address, as `tentative`; undefined where it has no such address. */
  stateOf(address: string): InterfaceAddress['state']
  /** Its link-local address, once it may be used. */
  linkLocal(): Promise<string>
  /** What it knows of a neighbour. */
  neighbor(address: string): NeighborEntry | undefined
}

/** How such a stack is set up. */
export interface Ipv6StackSettings {
  /** Its addresses besides the link-local one. Default: that of the place. */
  readonly addresses?: readonly string[]
  /** The address of the kernel's end. Default: that of the place; null: none, and the device is up. */
  readonly kernelAddress?: string | null
  readonly sysctl?: Readonly<Record<string, number | string>>
  /** Default true. */
  readonly offload?: boolean
}

const open: Stack<HostModules>[] = []

afterEach(async () => {
  for (const built of open.splice(0)) {
    await built.close()
    expect(built.packets.outstanding).toBe(0)
  }
})

/** Opens it. It is closed after the test, by when it must have released every packet. */
export function openIpv6Stack(settings: Ipv6StackSettings = {}): Ipv6Stack {
  const at = place('tap', 6)
  const { addresses = [`${at.stack}/64`], kernelAddress = `${at.kernel}/64`, sysctl = {}, offload = true } = settings
  const ip = ipv6()
  const clock = createSystemClock()
  const built: Stack<HostModules> = createStack({ clock })
    .with(ethernet())
    .with(ipv4())
    .with(ip)
    .with(icmp())
    .with(udp())
    .with(tcp())
    .with(raw())
  open.push(built)
  for (const [name, value] of Object.entries(sysctl)) built.sysctl.set(name, value)
  built.addInterface(createLoopback({ clock }), {})
  const device = openTap({
    name: at.name,
    offload,
    ...(kernelAddress === null ? { up: true } : { address: kernelAddress }),
  })
  const networkInterface = built.addInterface(device, { addresses })
  const own = (): readonly InterfaceAddress[] =>
    (built.network(6)?.addresses() ?? []).filter((each) => each.interface === networkInterface)
  const linkLocal = (): IpAddress | undefined =>
    own().find(({ prefix, state }) => `${prefix}`.startsWith('fe80:') && state === 'preferred')?.prefix.address
  return {
    ...at,
    built,
    ip,
    sockets: createSockets(built),
    device,
    networkInterface,
    addresses: own,
    stateOf: (address) => own().find(({ prefix }) => `${prefix.address}` === address)?.state,
    linkLocal: async () => {
      await until(() => linkLocal() !== undefined, "the stack's link-local address")
      return `${linkLocal()}`
    },
    neighbor: (address) => ip.neighbors().find((each) => `${each.address}` === address),
  }
}
