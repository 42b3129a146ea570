import type { MacAddress } from '@jackfield/addr'
import type { Clock, RandomSource, Task } from '@jackfield/clock'
import type {
  LinkDevice,
  LinkMedium,
  LinkOffload,
  LinkReceiver,
  LinkState,
  LinkStatistics,
} from '@jackfield/interfaces'
import type { Packet, PacketPool } from '@jackfield/packet'
import { emptyImpairmentStatistics, Impairer } from './impairer.js'
import type { ImpairmentStatistics, Impairments } from './impairments.js'

/** How a device is impaired. */
export interface ImpairOptions {
  readonly clock: Clock
  /** Needed for impairments that take chance. */
  readonly random?: RandomSource
  /** What happens to packets that it transmits. */
  readonly egress?: Impairments
  /** What happens to packets that it receives. */
  readonly ingress?: Impairments
}

/** A device around another that loses, delays or damages packets. */
export interface ImpairedDevice<Medium extends LinkMedium = LinkMedium> extends LinkDevice<Medium> {
  readonly impairments: {
    readonly egress: Readonly<ImpairmentStatistics>
    readonly ingress: Readonly<ImpairmentStatistics>
  }
  /** Sets what happens to the packets that follow; null is nothing. Throws as `impair` does. */
  setImpairments(direction: 'egress' | 'ingress', impairments: Impairments | null): void
}

class Impaired<Medium extends LinkMedium> implements ImpairedDevice<Medium>, LinkReceiver, Task {
  queued = false
  readonly name: string
  readonly medium: Medium
  readonly mtu: number
  readonly loopback?: boolean
  readonly hardwareAddress?: MacAddress
  readonly offload: LinkOffload
  readonly statistics: LinkStatistics
  readonly impairments: { readonly egress: ImpairmentStatistics; readonly ingress: ImpairmentStatistics }
  private readonly device: LinkDevice<Medium>
  private readonly clock: Clock
  private readonly egress: Impairer
  private readonly ingress: Impairer
  private receiver: LinkReceiver | null = null
  private blocked = false
  private closed = false

  constructor(device: LinkDevice<Medium>, options: ImpairOptions) {
    const { clock, random } = options
    this.device = device
    this.clock = clock
    this.name = device.name
    this.medium = device.medium
    this.mtu = device.mtu
    if (device.loopback !== undefined) this.loopback = device.loopback
    if (device.hardwareAddress !== undefined) this.hardwareAddress = device.hardwareAddress
    this.offload = device.offload
    this.statistics = device.statistics
    this.impairments = { egress: emptyImpairmentStatistics(), ingress: emptyImpairmentStatistics() }
    this.egress = new Impairer(
      clock,
      device.medium,
      random,
      {
        pass: (packet) => device.transmit(packet),
        passed: () => {
          device.flush()
          this.wake()
        },
      },
      this.impairments.egress,
    )
    this.ingress = new Impairer(
      clock,
      device.medium,
      random,
      {
        pass: (packet) => this.deliver(packet),
        passed: () => this.receiver?.burstEnd(),
      },
      this.impairments.ingress,
    )
    this.egress.configure(options.egress ?? null)
    this.ingress.configure(options.ingress ?? null)
  }

  setImpairments(direction: 'egress' | 'ingress', impairments: Impairments | null): void {
    if (direction !== 'egress' && direction !== 'ingress') {
      throw new RangeError(`a direction is 'egress' or 'ingress', not ${JSON.stringify(direction)}`)
    }
    this[direction].configure(impairments)
  }

  get pool(): PacketPool {
    if (this.receiver === null) throw new Error(`${this.name} is not open`)
    return this.receiver.pool
  }

  open(receiver: LinkReceiver): void {
    if (this.receiver !== null || this.closed)
      throw new Error(`${this.name} was opened before: a device is opened once`)
    this.receiver = receiver
    this.device.open(this)
  }

  transmit(packet: Packet): boolean {
    if (this.receiver === null || this.egress.full) {
      this.statistics.txDropped++
      packet.release()
      this.blocked = this.receiver !== null
      return false
    }
    if (this.egress.idle) return this.device.transmit(packet)
    return this.egress.offer(packet)
  }

  flush(): void {
    this.device.flush()
  }

  close(): void | Promise<void> {
    this.closed = true
    this.receiver = null
    this.egress.clear()
    this.ingress.clear()
    return this.device.close()
  }

  receive(packet: Packet): void {
    if (this.ingress.idle) {
      this.deliver(packet)
      return
    }
    // Nobody upstream can be told to wait.
    if (this.ingress.full) {
      this.statistics.rxDropped++
      packet.release()
      return
    }
    this.ingress.offer(packet)
  }

  burstEnd(): void {
    this.receiver?.burstEnd()
  }

  writable(): void {
    this.receiver?.writable()
  }

  changed(state: LinkState): void {
    this.receiver?.changed(state)
  }

  /** Tells a sender that was refused, from the run loop. */
  run(): void {
    this.receiver?.writable()
  }

  private deliver(packet: Packet): boolean {
    if (this.receiver === null) {
      packet.release()
      return false
    }
    this.receiver.receive(packet)
    return true
  }

  private wake(): void {
    if (!this.blocked || !this.egress.roomy) return
    this.blocked = false
    this.clock.loop.defer(this)
  }
}

/**
 * Puts impairments around any device. The wrapped device is opened and closed through this one, and keeps the statistics.
 * Corruption hits what passes here, so that on a device with checksum offload partial checksums are completed first.
 * @throws RangeError or TypeError for impairments that are out of range, unknown or incomplete
 */
export function impair<Medium extends LinkMedium>(
  device: LinkDevice<Medium>,
  options: ImpairOptions,
): ImpairedDevice<Medium> {
  return new Impaired(device, options)
}
