import { ETH_P_8021AD, ETH_P_8021Q, type LinkDevice, type LinkReceiver, type LinkState } from '@jackfield/interfaces'
import type { Packet, PacketPool } from '@jackfield/packet'
import { type PortOwner, UNTAGGED, VlanPort } from './vlan-port.js'
import { ETHERNET_HEADER_LENGTH, VLAN_ID_MASK } from './wire/ethernet-header.js'
import { removeVlanTag, TAGGED_HEADER_LENGTH } from './wire/vlan-tag.js'

/** How VLAN devices are made. */
export interface VlanOptions {
  /** The tag's EtherType: `ETH_P_8021Q` (default), or `ETH_P_8021AD` for the outer tags of stacked VLANs. */
  readonly tagType?: typeof ETH_P_8021Q | typeof ETH_P_8021AD
}

/** A device cut into its VLANs (IEEE 802.1Q). */
export interface VlanDevices {
  /** Frames without a tag, and those of VLAN 0, under the name of the device itself. */
  readonly untagged: LinkDevice<'ethernet'>
  /** By VLAN identifier; named as `eth0.100`. */
  readonly vlans: ReadonlyMap<number, LinkDevice<'ethernet'>>
  /** The device of a VLAN; RangeError for one that was not asked for. */
  vlan(id: number): LinkDevice<'ethernet'>
  /** Frames dropped because there is no device for their VLAN. */
  readonly unknownVlan: number
  /** Frames dropped because they end inside their tag. */
  readonly truncated: number
  /** Closes all of them and the device itself, which else happens when the last of them is closed. */
  close(): void | Promise<void>
}

/**
 * Makes a device for each of the VLANs `ids` (1 to 4094) and one for what is untagged; tags are put on and taken off.
 * Takes the device over: it is opened with the first of them. Each has the MTU and the address of the device.
 * @throws RangeError for an identifier out of range or given twice, or a name that gets longer than 15 characters;
 * TypeError for a device without a hardware address
 */
export function createVlanDevices(
  device: LinkDevice<'ethernet'>,
  ids: readonly number[],
  options: VlanOptions = {},
): VlanDevices {
  return new VlanTrunk(device, ids, options.tagType ?? ETH_P_8021Q)
}

class VlanTrunk implements VlanDevices, PortOwner, LinkReceiver {
  readonly device: LinkDevice<'ethernet'>
  readonly untagged: VlanPort
  readonly vlans: ReadonlyMap<number, VlanPort>
  unknownVlan = 0
  truncated = 0
  private readonly tagType: number
  private readonly ports: readonly VlanPort[]
  private firstPool: PacketPool | null = null
  private closed = false

  constructor(device: LinkDevice<'ethernet'>, ids: readonly number[], tagType: number) {
    if (device.medium !== 'ethernet') throw new TypeError(`${device.name} does not carry Ethernet, so it has no VLANs`)
    if (device.hardwareAddress === undefined) {
      throw new TypeError(`${device.name} needs a hardwareAddress to carry VLANs: set one on the device`)
    }
    if (tagType !== ETH_P_8021Q && tagType !== ETH_P_8021AD) {
      throw new RangeError(`a VLAN tag has the EtherType 0x8100 or 0x88a8, not ${tagType}`)
    }
    this.device = device
    this.tagType = tagType
    const vlans = new Map<number, VlanPort>()
    for (const id of ids) {
      if (!Number.isInteger(id) || id < 1 || id > 4094)
        throw new RangeError(`a VLAN is a number from 1 to 4094, not ${id}`)
      if (vlans.has(id)) throw new RangeError(`VLAN ${id} was given twice`)
      const name = `${device.name}.${id}`
      if (name.length > 15) {
        throw new RangeError(`${name} is longer than 15 characters: give the device a name of at most 10`)
      }
      vlans.set(id, new VlanPort(this, name, id, tagType))
    }
    this.vlans = vlans
    this.untagged = new VlanPort(this, device.name, UNTAGGED, tagType)
    this.ports = [this.untagged, ...vlans.values()]
  }

  vlan(id: number): VlanPort {
    const port = this.vlans.get(id)
    if (port === undefined) throw new RangeError(`${this.device.name} was not given VLAN ${id}`)
    return port
  }

  close(): void | Promise<void> {
    for (const port of this.ports) void port.close()
    return this.closeDevice()
  }

  // --- from the ports

  portOpened(pool: PacketPool): void {
    if (this.firstPool !== null) return
    this.firstPool = pool
    this.device.open(this)
  }

  portClosed(): void | Promise<void> {
    if (this.ports.every((port) => port.closed)) return this.closeDevice()
  }

  private closeDevice(): void | Promise<void> {
    if (this.closed) return
    this.closed = true
    return this.device.close()
  }

  // --- from the device

  get pool(): PacketPool {
    if (this.firstPool === null) throw new Error(`${this.device.name} is not open`)
    return this.firstPool
  }

  receive(packet: Packet): void {
    const { view, start, length } = packet
    if (length < ETHERNET_HEADER_LENGTH || view.getUint16(start + 12) !== this.tagType) {
      this.untagged.deliver(packet)
      return
    }
    if (length < TAGGED_HEADER_LENGTH) {
      this.truncated++
      packet.release()
      return
    }
    const tci = view.getUint16(start + 14)
    const id = tci & VLAN_ID_MASK
    if (id === UNTAGGED) {
      this.untagged.deliver(packet)
      return
    }
    const port = this.vlans.get(id)
    if (port === undefined) {
      this.unknownVlan++
      packet.release()
      return
    }
    packet.unshare()
    packet.start = removeVlanTag(packet.view, start)
    if (packet.linkHeader >= 0) packet.linkHeader = packet.start
    packet.vlan = tci
    port.deliver(packet)
  }

  burstEnd(): void {
    for (let i = 0; i < this.ports.length; i++) this.ports[i]?.burstEnd()
  }

  writable(): void {
    for (let i = 0; i < this.ports.length; i++) this.ports[i]?.writable()
  }

  changed(state: LinkState): void {
    for (const port of this.ports) port.changed(state)
  }
}
