import { availableParallelism } from 'node:os'
import { MacAddress } from '@jackfield/addr'
import { checkName } from './interface-request.js'
import { type CheckedSettings, checkSettings, type InterfaceAddresses } from './interface-settings.js'

/** What kind of device to open: IP packets (TUN) or Ethernet frames (TAP). */
export type TunMode = 'tun' | 'tap'

/** How a device is opened. */
export interface TunOptions {
  /** Default `'tun'`. */
  readonly mode?: TunMode
  /**
   * Its name, 1 to 15 characters; `%d` in it stands for the first free number. A device that exists is opened,
   * another is made. Default `'tun%d'` or `'tap%d'`.
   */
  readonly name?: string
  /** Checksums and segmentation of large packets left to the device, both ways. Default true. */
  readonly offload?: boolean
  /** Queues, 1 to 256 (Linux's limit), each with a descriptor of its own. Default 1. */
  readonly queues?: number
  /** true: the device stays when it is closed; false: it does not, even if it did before. Default: as it was. */
  readonly persist?: boolean
  /** MTU in bytes, 68 to 65,535, set on the device. Default: the one it has (1500 for a new one). */
  readonly mtu?: number
  /** Address of the **kernel's** end with its prefix length, as `'10.9.0.1/24'`, or several (at most one IPv4). */
  readonly address?: InterfaceAddresses
  /** Whether the kernel's end is set up (or down). Default: up where an address is given, else left as it is. */
  readonly up?: boolean
  /** TAP: the hardware address of this end, the stack's. Default: a random, locally administered one. */
  readonly hardwareAddress?: string | MacAddress
  /** TAP: the hardware address of the kernel's end. Default: the one it has. */
  readonly hostHardwareAddress?: string | MacAddress
  /**
   * While traffic flows, how long to look for the next packet without sleeping, in microseconds, 0 to 10,000;
   * 0 turns it off. It spares each packet the wake-up (50 µs and more from core to core in a virtual machine) and costs
   * processor time only while packets come that fast. Default 100; 0 where the program has one processor, which the sender needs too.
   */
  readonly busyPoll?: number
}

/** @internal Options that were checked, with their defaults. */
export interface CheckedOptions {
  readonly mode: TunMode
  readonly name: string
  readonly offload: boolean
  readonly queues: number
  readonly persist: boolean | undefined
  readonly host: CheckedSettings
  readonly hardwareAddress: MacAddress | undefined
  readonly busyPoll: number
}

/** @internal Throws TypeError and RangeError that say what would be right. */
export function checkOptions(options: TunOptions): CheckedOptions {
  const { mode = 'tun', queues = 1, busyPoll, mtu, address, up, hostHardwareAddress } = options
  if (mode !== 'tun' && mode !== 'tap') throw new TypeError(`mode must be 'tun' or 'tap', not ${String(mode)}`)
  const name = options.name ?? `${mode}%d`
  checkName(name, true)
  if (!Number.isInteger(queues) || queues < 1 || queues > 256) {
    throw new RangeError(`queues must be an integer from 1 to 256, not ${queues}`)
  }
  if (busyPoll !== undefined && !(busyPoll >= 0 && busyPoll <= 10_000)) {
    throw new RangeError(`busyPoll must be 0 to 10000 microseconds, not ${busyPoll}`)
  }
  if (mode === 'tun' && (options.hardwareAddress !== undefined || hostHardwareAddress !== undefined)) {
    throw new TypeError("a TUN device has no hardware addresses: leave them out, or take mode: 'tap'")
  }
  return {
    mode,
    name,
    offload: options.offload ?? true,
    queues,
    persist: options.persist,
    host: checkSettings({
      ...(address === undefined ? {} : { address }),
      ...(mtu === undefined ? {} : { mtu }),
      ...(up === undefined ? {} : { up }),
      ...(hostHardwareAddress === undefined ? {} : { hardwareAddress: hostHardwareAddress }),
    }),
    hardwareAddress: mode === 'tap' ? ownAddress(options.hardwareAddress) : undefined,
    busyPoll: busyPoll ?? (availableParallelism() > 1 ? 100 : 0),
  }
}

function ownAddress(given: string | MacAddress | undefined): MacAddress {
  if (given === undefined) return randomAddress()
  const address = typeof given === 'string' ? MacAddress.parse(given) : given
  if (address.isMulticast || address.isZero) {
    throw new TypeError(`${address} is a group or zero, which no device has: take one as 02:00:00:00:00:01`)
  }
  return address
}

/** Locally administered, not a group (IEEE 802: bits 0x02 and 0x01 of the first octet). */
function randomAddress(): MacAddress {
  const bytes = crypto.getRandomValues(new Uint8Array(6))
  bytes[0] = ((bytes[0] as number) & 0xfc) | 0x02
  return MacAddress.fromBytes(bytes)
}
