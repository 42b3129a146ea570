import type { MacAddress } from '@jackfield/addr'
import {
  type LinkDevice,
  type LinkMedium,
  type LinkOffload,
  type LinkReceiver,
  type LinkStatistics,
  NO_OFFLOAD,
} from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'

/** A device that keeps what is sent and lets a test put packets in. */
export class TestDevice<M extends LinkMedium = 'ip'> implements LinkDevice<M> {
  readonly name: string
  readonly medium: M
  readonly mtu = 1500
  readonly offload: LinkOffload
  readonly hardwareAddress?: MacAddress
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
  readonly sent: Uint8Array[] = []
  flushes = 0
  closes = 0
  receiver: LinkReceiver | null = null

  constructor(name: string, medium: M, offload: LinkOffload = NO_OFFLOAD) {
    this.name = name
    this.medium = medium
    this.offload = offload
  }

  open(receiver: LinkReceiver): void {
    this.receiver = receiver
  }

  transmit(packet: Packet): boolean {
    this.sent.push(packet.toBytes())
    packet.release()
    return true
  }

  flush(): void {
    this.flushes++
  }

  close(): void {
    this.closes++
  }

  /** Packets from outside, as one burst. */
  burst(...packets: Uint8Array[]): void {
    const { receiver } = this
    if (receiver === null) throw new Error('the device is not open')
    for (const bytes of packets) receiver.receive(receiver.pool.copyOf(bytes))
    receiver.burstEnd()
  }
}
