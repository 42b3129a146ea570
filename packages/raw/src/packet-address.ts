import { MacAddress } from '@jackfield/addr'
import {
  type AddressFamily,
  AF_PACKET,
  ETH_P_ALL,
  type Host,
  type LinkSocketAddress,
  type Sockaddr,
} from '@jackfield/interfaces'

const RIGHT =
  "a link address is an interface's name ('tap0') or { interface: 'tap0' or its index, protocol?, hardwareAddress? }"

/** How people may write a `LinkSocketAddress`. */
interface LinkAddressInput {
  readonly interface?: unknown
  readonly interfaceIndex?: unknown
  readonly protocol?: unknown
  readonly hardwareAddress?: unknown
}

/** The addresses of packet sockets: an interface by name or index, an EtherType, a hardware address. */
export class PacketAddressFamily implements AddressFamily {
  readonly family: number = AF_PACKET
  private readonly host: Host

  constructor(host: Host) {
    this.host = host
  }

  createAddress(): LinkSocketAddress {
    return { family: AF_PACKET, protocol: 0, interfaceIndex: 0, packetType: 0, hardwareAddress: new Uint8Array(0) }
  }

  parseAddress(input: unknown): LinkSocketAddress {
    if (typeof input === 'string') return this.address(input, 0, new Uint8Array(0))
    if (typeof input !== 'object' || input === null) throw new TypeError(`${RIGHT}, not ${String(input)}`)
    const given: LinkAddressInput & { family?: unknown } = input
    if (given.family !== undefined && given.family !== AF_PACKET) {
      throw new TypeError(`an address of family ${String(given.family)} is none of a packet socket: ${RIGHT}`)
    }
    const protocol = given.protocol ?? 0
    if (typeof protocol !== 'number' || !Number.isInteger(protocol) || protocol < 0 || protocol > 0xffff) {
      throw new TypeError(`protocol is an EtherType from 0 to 65535, not ${String(protocol)}`)
    }
    return this.address(given.interface ?? given.interfaceIndex ?? 0, protocol, hardwareAddress(given.hardwareAddress))
  }

  formatAddress(address: Sockaddr): string {
    if (address.family !== AF_PACKET) throw new TypeError(`${RIGHT}, not an address of family ${address.family}`)
    const { interfaceIndex, protocol, hardwareAddress } = address
    const name = this.host.interfaceByIndex(interfaceIndex)?.name
    const parts = [interfaceIndex === 0 ? '*' : (name ?? `if${interfaceIndex}`)]
    if (protocol !== 0) parts.push(protocol === ETH_P_ALL ? 'all' : `0x${protocol.toString(16).padStart(4, '0')}`)
    if (hardwareAddress.length === 6) parts.push(MacAddress.fromBytes(hardwareAddress).toString())
    return parts.join(' ')
  }

  private address(where: unknown, protocol: number, hardwareAddress: Uint8Array): LinkSocketAddress {
    return { family: AF_PACKET, protocol, interfaceIndex: this.index(where), packetType: 0, hardwareAddress }
  }

  private index(where: unknown): number {
    if (typeof where === 'number' && Number.isInteger(where) && where >= 0) return where
    if (typeof where !== 'string') throw new TypeError(`${RIGHT}, not ${String(where)}`)
    const found = this.host.interfaceByName(where)
    if (found !== undefined) return found.index
    const names = this.host.interfaces.map((each) => each.name).join(', ')
    throw new TypeError(`there is no interface '${where}'; there are: ${names === '' ? 'none' : names}`)
  }
}

function hardwareAddress(given: unknown): Uint8Array {
  if (given === undefined || given === null) return new Uint8Array(0)
  if (given instanceof Uint8Array) {
    if (given.length === 0 || given.length === 6) return given
    throw new TypeError(`a hardware address has 6 bytes, not ${given.length}`)
  }
  if (given instanceof MacAddress) return given.toBytes()
  if (typeof given === 'string') return MacAddress.parse(given).toBytes()
  throw new TypeError("a hardware address is 6 bytes, or text as in '02:00:5e:10:00:01'")
}
