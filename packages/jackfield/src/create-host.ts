import { type Clock, createSystemClock, type RandomSource } from '@jackfield/clock'
import { ethernet } from '@jackfield/ethernet'
import { icmp } from '@jackfield/icmp'
import type { LinkDevice, NetworkInterface } from '@jackfield/interfaces'
import { ipv4 } from '@jackfield/ipv4'
import { ipv6 } from '@jackfield/ipv6'
import { createLoopback } from '@jackfield/link'
import { raw } from '@jackfield/raw'
import { createSockets, type DescriptorForwarder, SOCK_DGRAM, SOCK_STREAM, type Sockets } from '@jackfield/sockets'
import { createStack, type InterfaceOptions, type Stack } from '@jackfield/stack'
import { tcp } from '@jackfield/tcp'
import { udp } from '@jackfield/udp'
import { createHostNetwork, type HostNetwork } from './host-network.js'

/** The modules that a host made by `createHost` has. */
export type HostModules = 'ethernet' | 'ipv4' | 'ipv6' | 'network' | 'icmp' | 'udp' | 'tcp' | 'raw'

/** A device of a host, with its addresses and gateway. */
export interface HostInterface extends InterfaceOptions {
  device: LinkDevice
  /**
   * For gateways: unicast packets for any address that come in by this device are the host's own, and its sockets may send from
   * any address (`net.ipv4.conf.NAME.accept_any_destination`, of each IP version). What no socket is there for goes to the forwarders. Default false.
   */
  acceptAnyDestination?: boolean
}

/** What a host is made of. Everything has a default. */
export interface HostOptions {
  /** For people: shown in captures and tables. Default `'jackfield'`. */
  name?: string
  /** Its devices. A loopback interface `lo` with 127.0.0.1/8 and ::1/128 is there in any case. */
  interfaces?: readonly HostInterface[]
  /** Settings by sysctl name, as `{ 'net.ipv4.ip_forward': 1 }`. */
  sysctl?: Readonly<Record<string, number | string>>
  /** Who is asked about TCP connections that no socket of the host is there for. Default: nobody, they are reset. */
  tcpForwarder?: DescriptorForwarder
  /** Who is asked about UDP datagrams that no socket of the host is there for. Default: nobody, they are refused by ICMP. */
  udpForwarder?: DescriptorForwarder
  /** Default: the system clock. */
  clock?: Clock
  /** Default: the runtime's secure source. */
  random?: RandomSource
}

/** A whole host: a stack with every layer, and the socket calls over it. */
export interface Host extends HostNetwork {
  readonly name: string
  readonly stack: Stack<HostModules>
  readonly sockets: Sockets
  /** Puts a device in. */
  addInterface(device: LinkDevice, options?: Omit<HostInterface, 'device'>): NetworkInterface
  /** Closes the sockets, the stack and its devices. */
  close(): Promise<void>
}

/**
 * A host with every layer, a loopback interface and its devices.
 * @throws RangeError for settings, names and addresses that are not valid; the message says what would be right
 */
export function createHost(options: HostOptions = {}): Host {
  const { name = 'jackfield', clock = createSystemClock(), random } = options
  const link = ethernet()
  const six = ipv6()
  const stack: Stack<HostModules> = createStack(random === undefined ? { clock } : { clock, random })
    .with(link)
    .with(ipv4())
    .with(six)
    .with(icmp())
    .with(udp())
    .with(tcp())
    .with(raw())
  stack.addInterface(createLoopback({ clock }), { addresses: ['127.0.0.1/8'] })
  for (const [setting, value] of Object.entries(options.sysctl ?? {})) {
    if (!isOfInterface(setting)) stack.sysctl.set(setting, value)
  }
  for (const { device, ...settings } of options.interfaces ?? []) addInterface(stack, device, settings)
  for (const [setting, value] of Object.entries(options.sysctl ?? {})) {
    if (isOfInterface(setting)) stack.sysctl.set(setting, value)
  }
  const sockets = createSockets(stack)
  if (options.tcpForwarder !== undefined) sockets.setForwarder(SOCK_STREAM, options.tcpForwarder)
  if (options.udpForwarder !== undefined) sockets.setForwarder(SOCK_DGRAM, options.udpForwarder)
  return {
    name,
    stack,
    sockets,
    addInterface: (device, settings = {}) => addInterface(stack, device, settings),
    ...createHostNetwork({ stack, ethernet: link, ipv6: six }),
    close: async () => {
      sockets.closeAll()
      await stack.close()
    },
  }
}

function addInterface(
  stack: Stack<HostModules>,
  device: LinkDevice,
  { acceptAnyDestination, ...settings }: Omit<HostInterface, 'device'>,
): NetworkInterface {
  const added = stack.addInterface(device, settings)
  if (acceptAnyDestination !== undefined) {
    for (const { version } of stack.networks) {
      stack.sysctl.set(`net.ipv${version}.conf.${added.name}.accept_any_destination`, Number(acceptAnyDestination))
    }
  }
  return added
}

/** Settings of one interface exist when the interface does. */
function isOfInterface(setting: string): boolean {
  return /\.(conf|neigh)\.(?!all\.|default\.)/.test(setting)
}
