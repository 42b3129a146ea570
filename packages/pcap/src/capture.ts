import type { MacAddress } from '@jackfield/addr'
import type { Clock } from '@jackfield/clock'
import type {
  LinkDevice,
  LinkMedium,
  LinkOffload,
  LinkReceiver,
  LinkState,
  LinkStatistics,
} from '@jackfield/interfaces'
import { CHECKSUM_PARTIAL, checksum, type Packet, type PacketPool } from '@jackfield/packet'
import type { PcapSink } from './format/block-writer.js'
import { DIRECTION_INBOUND, DIRECTION_OUTBOUND } from './format/pcapng.js'
import { linkTypeOf } from './link-type.js'
import { type PacketDetails, PcapngWriter } from './pcapng-writer.js'

/** How a device is captured. */
export interface CaptureOptions {
  /** Stamps what is sent, and what is received without a time of its own. */
  clock: Clock
  /** Bytes kept of each packet: 1 to 262,144, the default. */
  snapLength?: number
  /** Which packets to keep; all by default. It borrows the packet: no change, no release. */
  filter?: (packet: Packet, direction: number) => boolean
  /** The interface's name in the file. Default: the device's. */
  name?: string
  /** A note on the interface. */
  comment?: string
}

/**
 * A device that is another one, seen. What goes through is written both ways: what the device delivers, and what it is given to
 * send (before the device decides whether its queue has room). A partial checksum is finished in the file, not in
 * the packet; a large packet to be cut is written whole, as tcpdump sees it.
 *
 * The interface is added to the file when the device is opened, and ends when it is closed. Several devices may share a
 * writer, which is theirs who made it to close, before or after the devices; a writer that has ended lets packets
 * pass unseen. Given a sink, the capture makes its own writer and closes it with the device.
 *
 * @throws what the writer's `close` throws, from the device's `close`, where the writer is the capture's own
 */
export function capture<Medium extends LinkMedium>(
  device: LinkDevice<Medium>,
  to: PcapngWriter | PcapSink,
  options: CaptureOptions,
): LinkDevice<Medium> {
  const own = typeof to === 'function'
  return new CapturedDevice(device, own ? new PcapngWriter(to) : to, own, options)
}

class CapturedDevice<Medium extends LinkMedium> implements LinkDevice<Medium> {
  readonly name: string
  readonly medium: Medium
  readonly loopback: boolean
  readonly hardwareAddress?: MacAddress
  private readonly device: LinkDevice<Medium>
  private readonly writer: PcapngWriter
  private readonly ownsWriter: boolean
  private readonly clock: Clock
  private readonly filter: ((packet: Packet, direction: number) => boolean) | null
  private readonly options: CaptureOptions
  private readonly details: Required<Omit<PacketDetails, 'comment' | 'originalLength'>>
  private interfaceId = -1
  private dropsTold = 0
  private dropsAtOpen = 0
  private packetsAtOpen = 0

  constructor(device: LinkDevice<Medium>, writer: PcapngWriter, ownsWriter: boolean, options: CaptureOptions) {
    this.name = device.name
    this.medium = device.medium
    this.loopback = device.loopback ?? false
    if (device.hardwareAddress !== undefined) this.hardwareAddress = device.hardwareAddress
    this.device = device
    this.writer = writer
    this.ownsWriter = ownsWriter
    this.clock = options.clock
    this.filter = options.filter ?? null
    this.options = options
    this.details = { direction: 0, dropCount: 0, patchOffset: -1, patchValue: 0 }
  }

  get mtu(): number {
    return this.device.mtu
  }

  get offload(): LinkOffload {
    return this.device.offload
  }

  get statistics(): LinkStatistics {
    return this.device.statistics
  }

  open(receiver: LinkReceiver): void {
    const { name, snapLength, comment } = this.options
    this.dropsAtOpen = this.dropsTold = drops(this.device.statistics)
    this.packetsAtOpen = packets(this.device.statistics)
    this.interfaceId = this.writer.addInterface({
      name: name ?? this.name,
      linkType: linkTypeOf(this.medium),
      ...(snapLength === undefined ? {} : { snapLength }),
      ...(comment === undefined ? {} : { comment }),
      ...(this.hardwareAddress === undefined ? {} : { hardwareAddress: this.hardwareAddress }),
      statistics: () => ({
        received: packets(this.device.statistics) - this.packetsAtOpen,
        dropped: drops(this.device.statistics) - this.dropsAtOpen,
        timestamp: this.clock.wallTime(),
      }),
    })
    this.device.open(new CapturedReceiver(receiver, this))
  }

  transmit(packet: Packet): boolean {
    this.record(packet, DIRECTION_OUTBOUND)
    return this.device.transmit(packet)
  }

  flush(): void {
    this.device.flush()
  }

  close(): void | Promise<void> {
    const closing = this.device.close()
    if (closing !== undefined) return closing.then(() => this.end())
    this.end()
  }

  /** Writes a packet that the caller keeps. */
  record(packet: Packet, direction: number): void {
    if (this.interfaceId < 0) return
    if (this.filter !== null && !this.filter(packet, direction)) return
    const details = this.details
    const dropped = drops(this.device.statistics)
    details.direction = direction
    details.dropCount = dropped > this.dropsTold ? dropped - this.dropsTold : 0
    details.patchOffset = -1
    if (packet.checksum === CHECKSUM_PARTIAL) finishChecksum(packet, details)
    // A packet that is forwarded may still have the time at which it came in.
    const stamped = direction === DIRECTION_INBOUND && packet.timestamp > 0
    const time = stamped ? packet.timestamp : this.clock.wallTime()
    if (this.writer.writePacket(this.interfaceId, packet.bytes, packet.start, packet.end, time, details)) {
      this.dropsTold = dropped
    }
  }

  private end(): void {
    if (this.interfaceId >= 0) this.writer.endInterface(this.interfaceId)
    if (this.ownsWriter) this.writer.close()
  }
}

/** Computes what `completeChecksum` would store, for the copy alone. */
function finishChecksum(packet: Packet, details: { patchOffset: number; patchValue: number }): void {
  const start = packet.checksumStart
  const at = start + packet.checksumOffset
  if (start < packet.start || at + 2 > packet.end) return
  const value = checksum(packet.view, start, packet.end)
  details.patchOffset = at - packet.start
  details.patchValue = value === 0 ? 0xffff : value
}

function packets(statistics: LinkStatistics): number {
  return statistics.rxPackets + statistics.txPackets
}

function drops(statistics: LinkStatistics): number {
  return statistics.rxDropped + statistics.txDropped
}

/** Stands between the device and whoever opened it. */
class CapturedReceiver implements LinkReceiver {
  private readonly receiver: LinkReceiver
  private readonly device: { record(packet: Packet, direction: number): void }

  constructor(receiver: LinkReceiver, device: { record(packet: Packet, direction: number): void }) {
    this.receiver = receiver
    this.device = device
  }

  get pool(): PacketPool {
    return this.receiver.pool
  }

  receive(packet: Packet): void {
    this.device.record(packet, DIRECTION_INBOUND)
    this.receiver.receive(packet)
  }

  burstEnd(): void {
    this.receiver.burstEnd()
  }

  writable(): void {
    this.receiver.writable()
  }

  changed(state: LinkState): void {
    this.receiver.changed(state)
  }
}
