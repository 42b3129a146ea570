import type { MacAddress } from '@jackfield/addr'
import type { LinkDevice, LinkOffload, LinkReceiver, LinkState, LinkStatistics } from '@jackfield/interfaces'
import type { Packet, PacketPool } from '@jackfield/packet'
import { ETHERNET_HEADER_LENGTH, VLAN_TAG_LENGTH } from './wire/ethernet-header.js'
import { insertVlanTag } from './wire/vlan-tag.js'

/** What a port needs of the device that it shares with others. */
export interface PortOwner {
  readonly device: LinkDevice<'ethernet'>
  portOpened(pool: PacketPool): void
  portClosed(): void | Promise<void>
}

/** The VLAN identifier of the port for frames without one. */
export const UNTAGGED = 0

/** One VLAN of a device, or its untagged frames, as a device of its own. */
export class VlanPort implements LinkDevice<'ethernet'> {
  readonly name: string
  readonly medium = 'ethernet' as const
  readonly offload: LinkOffload
  readonly statistics: LinkStatistics = {
    rxPackets: 0,
    rxBytes: 0,
    rxDropped: 0,
    rxErrors: 0,
    txPackets: 0,
    txBytes: 0,
    txDropped: 0,
    txErrors: 0,
  }
  /** `UNTAGGED`, or 1 to 4094. */
  readonly id: number
  closed = false
  private readonly owner: PortOwner
  private readonly tagType: number
  private receiver: LinkReceiver | null = null
  /** Something came in since the last end of a burst. */
  private inBurst = false
  /** The device refused a frame, so `writable` is due. */
  private blocked = false

  constructor(owner: PortOwner, name: string, id: number, tagType: number) {
    this.owner = owner
    this.name = name
    this.id = id
    this.tagType = tagType
    this.offload = owner.device.offload
  }

  get mtu(): number {
    return this.owner.device.mtu
  }

  get hardwareAddress(): MacAddress {
    // The trunk is not made for a device that has none.
    return this.owner.device.hardwareAddress as MacAddress
  }

  open(receiver: LinkReceiver): void {
    if (this.closed || this.receiver !== null) throw new Error(`${this.name} can be opened once`)
    this.receiver = receiver
    this.owner.portOpened(receiver.pool)
  }

  transmit(packet: Packet): boolean {
    const receiver = this.receiver
    if (receiver === null) {
      this.statistics.txDropped++
      packet.release()
      return false
    }
    let frame = packet
    // Counted as Linux does, without the tag.
    const { length } = packet
    if (this.id !== UNTAGGED) {
      if (length < ETHERNET_HEADER_LENGTH) {
        this.statistics.txErrors++
        packet.release()
        return true
      }
      frame = receiver.pool.reserve(packet, VLAN_TAG_LENGTH)
      const at = frame.prepend(VLAN_TAG_LENGTH)
      insertVlanTag(frame.view, at, this.tagType, this.id)
      if (frame.linkHeader >= 0) frame.linkHeader = at
    }
    if (this.owner.device.transmit(frame)) {
      this.statistics.txPackets++
      this.statistics.txBytes += length
      return true
    }
    this.statistics.txDropped++
    this.blocked = true
    return false
  }

  flush(): void {
    if (this.receiver !== null) this.owner.device.flush()
  }

  close(): void | Promise<void> {
    if (this.closed) return
    this.closed = true
    this.receiver = null
    return this.owner.portClosed()
  }

  // --- from the trunk

  /** A frame of this port, without its tag. Takes it. */
  deliver(packet: Packet): void {
    const receiver = this.receiver
    if (receiver === null) {
      this.statistics.rxDropped++
      packet.release()
      return
    }
    this.statistics.rxPackets++
    this.statistics.rxBytes += packet.length
    this.inBurst = true
    receiver.receive(packet)
  }

  burstEnd(): void {
    if (!this.inBurst) return
    this.inBurst = false
    this.receiver?.burstEnd()
  }

  writable(): void {
    if (!this.blocked) return
    this.blocked = false
    this.receiver?.writable()
  }

  changed(state: LinkState): void {
    this.receiver?.changed(state)
  }
}
