/** A stack on a TAP device, and what it knows of neighbours, routers and its own IPv6 addresses. */
import type { IpAddress } from '@jackfield/addr'
import { openTap } from '@jackfield/tun-driver'
import type { Host } from '../create-host.js'
import { type OpenStack, openedAt } from './in-process.test-support.js'
import { place, until, WITHOUT_PROBES, withoutKernelProbes } from './kernel.test-support.js'

type Address = ReturnType<Host['addresses']>[number]

/** What a test has in its hands. */
export interface Ipv6Stack extends OpenStack {
  /** The addresses on its device that may be used or not yet, with their states. */
  addresses(): readonly Address[]
  /** The state of an address, as `tentative`; undefined where it has no such address. */
  stateOf(address: string): Address['state'] | undefined
  /** Its link-local address, once it may be used. */
  linkLocal(): Promise<string>
  /** What it knows of a neighbour. */
  neighbor(address: string): ReturnType<Host['neighbors']>[number] | undefined
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
  /** Whether both ends probe their addresses before they use them. Default true. */
  readonly probes?: boolean
}

/** Opens it. It is closed after the test, by when it must have released every packet. */
export function openIpv6Stack(settings: Ipv6StackSettings = {}): Ipv6Stack {
  const at = place('tap', 6)
  const { addresses = [`${at.stack}/64`], kernelAddress = `${at.kernel}/64`, offload = true, probes = true } = settings
  const kernelEnd = kernelAddress === null ? { up: true } : { address: kernelAddress }
  const openDevice = () => openTap({ name: at.name, offload, ...kernelEnd })
  const device = probes ? openDevice() : withoutKernelProbes(openDevice)
  const opened = openedAt(at, device, addresses, { ...(probes ? {} : WITHOUT_PROBES), ...settings.sysctl })
  const { hosted, networkInterface } = opened
  const own = (): readonly Address[] => hosted.addresses().filter((each) => each.interface === networkInterface)
  const linkLocal = (): IpAddress | undefined =>
    own().find(({ prefix, state }) => `${prefix}`.startsWith('fe80:') && state === 'preferred')?.prefix.address
  return {
    ...opened,
    addresses: own,
    stateOf: (address) => own().find(({ prefix }) => `${prefix.address}` === address)?.state,
    linkLocal: async () => {
      await until(() => linkLocal() !== undefined, "the stack's link-local address")
      return `${linkLocal()}`
    },
    neighbor: (address) => hosted.neighbors().find((each) => `${each.address}` === address),
  }
}
