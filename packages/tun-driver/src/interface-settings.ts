import { MacAddress, Prefix } from '@jackfield/addr'
import {
  checkName,
  type InterfaceInformation,
  readState,
  setAddress,
  setHardwareAddress,
  setMtu,
  setUp,
} from './interface-request.js'
import { type KernelCalls, kernelCalls } from './kernel-calls.js'

/** One address with its prefix length, as `'10.9.0.1/24'`, or several: at most one of them IPv4. */
export type InterfaceAddresses = string | Prefix | readonly (string | Prefix)[]

/** What is to be set of the kernel's end of an interface; what is absent stays as it is. */
export interface InterfaceSettings {
  /** Of an interface that exists. */
  readonly name: string
  /** Its address or addresses, with the length of the subnet. */
  readonly address?: InterfaceAddresses
  /** 68 to 65,535 bytes. */
  readonly mtu?: number
  /** Whether it is up. Default: up where an address is given, else left as it is. */
  readonly up?: boolean
  /** TAP and Ethernet. */
  readonly hardwareAddress?: string | MacAddress
}

/**
 * Sets the kernel's end of an interface, by plain ioctls (no `ip` command is run).
 * @throws TypeError, RangeError for settings that cannot be right; TunError where the kernel refuses
 */
export function configureInterface(settings: InterfaceSettings): void {
  checkName(settings.name)
  const checked = checkSettings(settings)
  applySettings(kernelCalls(), settings.name, checked)
}

/**
 * What the kernel says of an interface; null where there is none of this name.
 * @throws TunError where it cannot be asked
 */
export function readInterface(name: string): InterfaceInformation | null {
  checkName(name)
  return readState(kernelCalls(), name)
}

/** @internal Settings that were checked. */
export interface CheckedSettings {
  readonly addresses: readonly Prefix[]
  readonly mtu: number | undefined
  readonly up: boolean | undefined
  readonly hardwareAddress: MacAddress | undefined
}

/** @internal Throws TypeError and RangeError. */
export function checkSettings(settings: Omit<InterfaceSettings, 'name'>): CheckedSettings {
  const { address, mtu, up, hardwareAddress } = settings
  const list =
    address === undefined ? [] : typeof address === 'string' || address instanceof Prefix ? [address] : address
  const addresses = list.map((one) => (typeof one === 'string' ? Prefix.parse(one) : one))
  if (addresses.filter((one) => one.address.version === 4).length > 1) {
    throw new TypeError(
      'an interface takes one IPv4 address here (and any number of IPv6): add others with `ip address add`',
    )
  }
  if (mtu !== undefined && (!Number.isInteger(mtu) || mtu < 68 || mtu > 65_535)) {
    throw new RangeError(`mtu must be an integer from 68 (RFC 791) to 65535 bytes, not ${mtu}`)
  }
  if (addresses.some((one) => one.address.version === 6) && mtu !== undefined && mtu < 1280) {
    throw new RangeError(`mtu must be at least 1280 for IPv6 (RFC 8200 5), not ${mtu}`)
  }
  return {
    addresses,
    mtu,
    up: up ?? (addresses.length > 0 ? true : undefined),
    hardwareAddress: typeof hardwareAddress === 'string' ? MacAddress.parse(hardwareAddress) : hardwareAddress,
  }
}

/** @internal */
export function applySettings(calls: KernelCalls, name: string, settings: CheckedSettings): void {
  if (settings.hardwareAddress !== undefined) setHardwareAddress(calls, name, settings.hardwareAddress)
  if (settings.mtu !== undefined) setMtu(calls, name, settings.mtu)
  for (const address of settings.addresses) setAddress(calls, name, address)
  // Last, so that to set it down is not undone: an IPv4 address brings an interface up by itself.
  if (settings.up !== undefined) setUp(calls, name, settings.up)
}
