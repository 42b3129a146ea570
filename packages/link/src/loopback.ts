import type { Clock, RunLoop, Task } from '@jackfield/clock'
import type { LinkDevice, LinkOffload, LinkReceiver, LinkStatistics } from '@jackfield/interfaces'
import { PACKET_HOST, type Packet } from '@jackfield/packet'
import {
  BURST,
  checkInteger,
  checkName,
  DEFAULT_QUEUE,
  emptyStatistics,
  FULL_OFFLOAD,
  tooLong,
} from './device-basics.js'
import { PacketQueue } from './packet-queue.js'

/** How a loopback device is made. */
export interface LoopbackOptions {
  readonly clock: Clock
  /** Default `'lo'`. */
  readonly name?: string
  /** In bytes, 68 to 65,536. Default 65,536. */
  readonly mtu?: number
  /** Packets that may wait for delivery. Default 1000. */
  readonly queuePackets?: number
}

class Loopback implements LinkDevice<'ip'>, Task {
  readonly name: string
  readonly medium = 'ip' as const
  readonly mtu: number
  readonly loopback = true
  readonly offload: LinkOffload = FULL_OFFLOAD
  readonly statistics: LinkStatistics = emptyStatistics()
  queued = false
  private readonly loop: RunLoop
  private readonly limit: number
  private readonly queue = new PacketQueue()
  private receiver: LinkReceiver | null = null
  private closed = false
  private blocked = false

  constructor(options: LoopbackOptions) {
    this.name = checkName(options.name ?? 'lo')
    this.mtu = checkInteger('mtu', options.mtu ?? 65_536, 68, 65_536)
    this.limit = checkInteger('queuePackets', options.queuePackets ?? DEFAULT_QUEUE, 1, 1_000_000)
    this.loop = options.clock.loop
  }

  open(receiver: LinkReceiver): void {
    if (this.receiver !== null || this.closed)
      throw new Error(`${this.name} was opened before: a device is opened once`)
    this.receiver = receiver
  }

  transmit(packet: Packet): boolean {
    const { queue, statistics } = this
    if (this.receiver === null || queue.length >= this.limit) {
      statistics.txDropped++
      packet.release()
      this.blocked = this.receiver !== null
      return false
    }
    if (tooLong(packet, 0, this.mtu, this.offload)) {
      statistics.txErrors++
      packet.release()
      return true
    }
    statistics.txPackets++
    statistics.txBytes += packet.end - packet.start
    packet.orphan()
    packet.linkHeader = -1
    packet.networkHeader = -1
    packet.transportHeader = -1
    packet.interfaceIndex = 0
    packet.packetType = PACKET_HOST
    packet.timestamp = 0
    queue.push(packet)
    if (!this.queued) this.loop.defer(this)
    return true
  }

  flush(): void {}

  run(): void {
    const { queue, statistics } = this
    try {
      for (let i = 0; i < BURST && this.receiver !== null; i++) {
        const packet = queue.shift()
        if (packet === null) break
        statistics.rxPackets++
        statistics.rxBytes += packet.end - packet.start
        this.receiver.receive(packet)
      }
    } finally {
      if (queue.length > 0) this.loop.defer(this)
      this.receiver?.burstEnd()
    }
    if (this.blocked && queue.length <= this.limit >> 1) {
      this.blocked = false
      this.receiver?.writable()
    }
  }

  close(): void {
    this.closed = true
    this.receiver = null
    this.queue.clear()
  }
}

/**
 * A device that leads back to its own host, as Linux's `lo` but for the Ethernet header that `lo` has and nobody needs.
 * Checksums stay partial and large segments whole: nothing can damage them on the way, so a partial checksum that is
 * received counts as good. A mark and a priority stay, as they do on `lo`.
 */
export function createLoopback(options: LoopbackOptions): LinkDevice<'ip'> {
  return new Loopback(options)
}
