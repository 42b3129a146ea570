import type { Clock } from '@jackfield/clock'
import {
  type LinkDevice,
  type LinkOffload,
  type LinkReceiver,
  type LinkStatistics,
  NO_OFFLOAD,
} from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'

/** A packet that left the stack, and when. */
export interface SentPacket {
  readonly bytes: Uint8Array
  /** On the stack's clock, in microseconds. */
  readonly time: number
}

/** Packets kept for a script to look at; past these the stack has run wild, and more are only counted. */
const KEPT = 100_000

/**
 * The device that a script is the other end of: what the stack sends is kept, with the time, and what the script sends is
 * received. It has no offloads, so that what it carries is what a wire would.
 */
export class ScriptDevice implements LinkDevice<'ip'> {
  readonly name = 'tun0'
  readonly medium = 'ip' as const
  readonly mtu: number
  readonly offload: LinkOffload = NO_OFFLOAD
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
  /** What the stack sent and the script has not looked at. */
  readonly sent: SentPacket[] = []
  private readonly clock: Clock
  private receiver: LinkReceiver | null = null

  constructor(clock: Clock, mtu: number) {
    this.clock = clock
    this.mtu = mtu
  }

  open(receiver: LinkReceiver): void {
    this.receiver = receiver
  }

  transmit(packet: Packet): boolean {
    const { statistics } = this
    // Reports of groups (RFC 3810) are for routers: the tool, too, sees its own addresses only.
    if (isForLinkGroup(packet)) {
      packet.release()
      return true
    }
    if (this.receiver === null || this.sent.length >= KEPT) {
      statistics.txDropped++
      packet.release()
      return this.receiver !== null
    }
    statistics.txPackets++
    statistics.txBytes += packet.length
    this.sent.push({ bytes: packet.toBytes(), time: this.clock.now() })
    packet.release()
    return true
  }

  flush(): void {}

  /** Gives the stack a packet, and the end of its burst. */
  inject(bytes: Uint8Array): void {
    const { receiver } = this
    if (receiver === null) throw new Error(`${this.name} is closed`)
    this.statistics.rxPackets++
    this.statistics.rxBytes += bytes.length
    const { loop } = this.clock
    loop.enter()
    try {
      receiver.receive(receiver.pool.copyOf(bytes))
      receiver.burstEnd()
    } finally {
      loop.leave()
    }
  }

  close(): void {
    this.receiver = null
  }
}

/** Whether it goes to an IPv6 group on the link. */
function isForLinkGroup({ view, start, length }: Packet): boolean {
  return length >= 40 && view.getUint8(start) >>> 4 === 6 && view.getUint16(start + 24) === 0xff02
}
