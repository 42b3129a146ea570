import type { IpAddress } from '@jackfield/addr'
import { MacAddress } from '@jackfield/addr'
import { createSeededRandom, createVirtualClock, type VirtualClock } from '@jackfield/clock'
import { ethernet } from '@jackfield/ethernet'
import { icmp } from '@jackfield/icmp'
import { AF_INET6, type NetworkInterface, SOCK_DGRAM } from '@jackfield/interfaces'
import { type Ipv6Module, ipv6 } from '@jackfield/ipv6'
import { createCable, createSwitch } from '@jackfield/link'
import { createSockets, type Sockets } from '@jackfield/sockets'
import { createStack, type Stack } from '@jackfield/stack'
import { tcp } from '@jackfield/tcp'
import { udp } from '@jackfield/udp'

type Modules = 'ethernet' | 'ipv6' | 'network' | 'icmp' | 'udp' | 'tcp'

/** A host on an Ethernet. */
export interface Station {
  readonly stack: Stack<Modules>
  readonly sockets: Sockets
  readonly ip: Ipv6Module
  readonly eth: NetworkInterface
  /** Its IPv6 addresses, with the state where it is not 'preferred'. */
  addresses(): string[]
}

/** Hosts on one switch, in virtual time. */
export class Lan {
  readonly clock: VirtualClock = createVirtualClock()
  private readonly bridge = createSwitch({ clock: this.clock })
  readonly random = createSeededRandom('lan')
  private count = 0

  station(options: { mac?: string; sysctl?: Record<string, number | string>; addresses?: string[] } = {}): Station {
    const n = ++this.count
    const ip = ipv6()
    const stack = createStack({ clock: this.clock, random: createSeededRandom(`station ${n}`) })
      .with(ethernet())
      .with(ip)
      .with(icmp())
      .with(udp())
      .with(tcp())
    for (const [name, value] of Object.entries(options.sysctl ?? {})) stack.sysctl.set(name, value)
    const own = MacAddress.parse(options.mac ?? `02:00:00:00:00:0${n}`)
    const cable = createCable({
      clock: this.clock,
      medium: 'ethernet',
      names: ['eth0', `port${n}`],
      hardwareAddresses: [own, new MacAddress(0x0200, 0x1000 + n)],
    })
    this.bridge.attach(cable.b)
    const eth = stack.addInterface(cable.a, { addresses: options.addresses ?? [] })
    return {
      stack,
      ip,
      eth,
      sockets: createSockets(stack),
      addresses: () =>
        (stack.networks[0]?.addresses() ?? []).map((entry) => {
          const { state } = entry as unknown as { state: string }
          return state === 'preferred' ? `${entry.prefix}` : `${entry.prefix} ${state}`
        }),
    }
  }

  seconds(time: number): void {
    this.clock.advance(time * 1e6)
  }
}

/** The link-local address of the station made as the n-th. */
export const LINK_LOCAL = (n: number): string => `fe80::ff:fe00:${n}`

export const FORWARD = { 'net.ipv6.conf.default.forwarding': 1 }

/** Sends a datagram; what arrives, and from whom. */
export function talk(lan: Lan, from: Station, to: Station, address: string): string {
  const receiver = to.sockets.socket(AF_INET6, SOCK_DGRAM)
  to.sockets.bind(receiver, '[::]:7')
  const sender = from.sockets.socket(AF_INET6, SOCK_DGRAM)
  from.sockets.sendto(sender, Uint8Array.of(42), 0, address)
  lan.seconds(2)
  const buffer = new Uint8Array(10)
  const source = to.sockets.createAddress(AF_INET6)
  const length = to.sockets.recvfrom(receiver, buffer, 0, source)
  to.sockets.close(receiver)
  from.sockets.close(sender)
  return `${length} ${(source as unknown as { address: IpAddress }).address}`
}
