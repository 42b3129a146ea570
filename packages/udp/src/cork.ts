import { createAddressSlot, type IpAddress, type IpAddressSlot, setSlot } from '@jackfield/addr'
import type { Packet, PacketPool } from '@jackfield/packet'
import { copyToPacket, type SendAccount, SendControl } from '@jackfield/transport'

/** A datagram that is put together from several send calls (`MSG_MORE`, `UDP_CORK`): the first says where it goes. */
export class Cork {
  readonly destination: IpAddressSlot = createAddressSlot()
  readonly port: number
  readonly scopeId: number
  readonly segmentSize: number
  /** What the first call's ancillary data asked for; its own copy. */
  readonly control: SendControl | null
  /** The most bytes that it may have. */
  readonly limit: number
  private readonly packet: Packet

  /** The payload's memory is charged to the account from the beginning. */
  constructor(
    pool: PacketPool,
    account: SendAccount,
    destination: IpAddress,
    port: number,
    scopeId: number,
    segmentSize: number,
    control: SendControl | null,
    limit: number,
  ) {
    setSlot(this.destination, destination)
    this.port = port
    this.scopeId = scopeId
    this.segmentSize = segmentSize
    this.limit = limit
    this.control = control === null ? null : Object.assign(new SendControl(), control)
    // A datagram has its largest size from the start: nothing to be charged or moved as it grows.
    this.packet = pool.allocate(0, 0, 65_535)
    account.charge(this.packet)
  }

  /** Bytes put in so far. */
  get length(): number {
    return this.packet.length
  }

  /** The payload; read it up to `length`. */
  get bytes(): Uint8Array {
    return this.packet.bytes
  }

  /** Adds bytes; the caller has checked that they fit into a datagram. */
  append(source: Uint8Array, from: number, length: number): void {
    copyToPacket(source, from, length, this.packet, this.packet.append(length))
  }

  /** Gives the memory back. */
  drop(): void {
    this.packet.release()
  }
}
