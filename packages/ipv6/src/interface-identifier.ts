import { Eui64, IpAddress } from '@jackfield/addr'
import type { RandomSource } from '@jackfield/clock'
import type { NetworkInterface, Setting } from '@jackfield/interfaces'
// An audited hash without dependencies, that runs everywhere.
import { sha256 } from '@noble/hashes/sha2.js'
import type { Configurations } from './configuration.js'

/**
 * `addr_gen_mode`: from the hardware address; none for link-local addresses; by RFC 7217 with a secret given. The last, 3, makes the
 * secret up.
 */
export const GENERATE_EUI64 = 0
export const GENERATE_NONE = 1
export const GENERATE_STABLE = 2

/** Where the last 64 bits of an address come from that the host makes itself: `addr_gen_mode` and `stable_secret`. */
export class InterfaceIdentifiers {
  private readonly configurations: Configurations
  private readonly random: RandomSource
  /** By interface index: what the stable identifiers are derived from. */
  private readonly secrets = new Map<number, IpAddress>()
  private defaultSecret: IpAddress | null = null

  constructor(configurations: Configurations, random: RandomSource) {
    this.configurations = configurations
    this.random = random
  }

  /**
   * The identifier for an address with a prefix of 64 bits.
   * @param retry how many were duplicates before (RFC 7217 5); the hardware address has only one to offer
   * @returns null where the interface has none (more)
   */
  of(networkInterface: NetworkInterface, prefix: IpAddress, retry: number): Eui64 | null {
    const mode = this.configurations.of(networkInterface.index).addr_gen_mode
    const { hardwareAddress } = networkInterface
    const byHardware = mode === GENERATE_EUI64 || mode === GENERATE_NONE
    if (byHardware && hardwareAddress !== undefined) return retry === 0 ? Eui64.fromMac(hardwareAddress).modified : null
    const secret = this.secretOf(networkInterface.index, mode)
    return secret === null ? null : stableIdentifier(secret, prefix, networkInterface, retry)
  }

  /** Another for a temporary address: 64 random bits (RFC 8981 3.3.1). */
  temporary(): Eui64 {
    for (;;) {
      const identifier = new Eui64(this.random.uint32(), this.random.uint32())
      if (!isReserved(identifier)) return identifier
    }
  }

  forget(interfaceIndex: number): void {
    this.secrets.delete(interfaceIndex)
  }

  /**
   * `stable_secret`, an IPv6 address in text; empty while there is none. As in Linux it sets `addr_gen_mode` to 2, of all interfaces
   * where it is given for those to come.
   */
  settings(of: NetworkInterface | 'all' | 'default'): readonly Setting[] {
    if (of === 'all') return []
    const name = `net.ipv6.conf.${of === 'default' ? of : of.name}.stable_secret`
    return [
      {
        name,
        get: () => String((of === 'default' ? this.defaultSecret : this.secrets.get(of.index)) ?? ''),
        set: (value) => {
          const secret = typeof value === 'string' ? IpAddress.tryParse(value) : null
          if (secret === null || secret.version !== 6) {
            throw new RangeError(`${name} is 128 bits, written as an IPv6 address, not ${value}`)
          }
          if (of === 'default') {
            this.defaultSecret = secret
            this.configurations.setAll('addr_gen_mode', GENERATE_STABLE)
          } else {
            this.secrets.set(of.index, secret)
            this.configurations.renew(of.index, 'addr_gen_mode', GENERATE_STABLE)
          }
        },
      },
    ]
  }

  private secretOf(interfaceIndex: number, mode: number): IpAddress | null {
    const known = this.secrets.get(interfaceIndex) ?? this.defaultSecret
    if (known !== null || mode === GENERATE_STABLE) return known
    const { random } = this
    const made = IpAddress.v6(random.uint32(), random.uint32(), random.uint32(), random.uint32())
    this.secrets.set(interfaceIndex, made)
    return made
  }
}

/** The address that begins with the first 64 bits of `prefix` and ends with an identifier. */
export function addressWith(prefix: IpAddress, identifier: Eui64): IpAddress {
  return IpAddress.v6(prefix.w0, prefix.w1, identifier.high, identifier.low)
}

/** F(Prefix, Net_Iface, Network_ID, DAD_Counter, secret_key) of RFC 7217 5: the interface is its hardware address, or its name. */
function stableIdentifier(
  secret: IpAddress,
  prefix: IpAddress,
  networkInterface: NetworkInterface,
  retry: number,
): Eui64 {
  const label = String(networkInterface.hardwareAddress ?? networkInterface.name)
  const input = new Uint8Array(16 + 8 + label.length + 2)
  const view = new DataView(input.buffer)
  secret.writeTo(view, 0)
  view.setInt32(16, prefix.w0)
  view.setInt32(20, prefix.w1)
  for (let i = 0; i < label.length; i++) view.setUint8(24 + i, label.charCodeAt(i))
  const counterAt = input.length - 2
  view.setUint8(counterAt, retry)
  for (let attempt = 0; ; attempt++) {
    view.setUint8(counterAt + 1, attempt)
    const digest = sha256(input)
    const words = new DataView(digest.buffer, digest.byteOffset)
    const identifier = new Eui64(words.getInt32(0), words.getInt32(4))
    if (!isReserved(identifier) || attempt === 255) return identifier
  }
}

/** Identifiers that no host may have (RFC 5453): the routers' anycast, IANA's Ethernet block, reserved anycast addresses. */
export function isReserved({ high, low }: Eui64): boolean {
  if (high === 0 && low === 0) return true
  if (high === 0x0200_5eff && low >>> 24 === 0xfe) return true
  return high >>> 0 === 0xfdff_ffff && low >>> 0 >= 0xffff_ff80
}
