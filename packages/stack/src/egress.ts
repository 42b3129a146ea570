import type { MacAddress } from '@jackfield/addr'
import type { LinkDevice, LinkMedium, LinkOffload, LinkReceiver, LinkStatistics } from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'

/** What an egress tells the interface that it belongs to. */
export interface EgressObserver {
  /** A frame is about to leave; the window is the whole frame. Borrowed. */
  leaving(packet: Packet): void
}

/** The device of an interface as the link layer sees it: shows what leaves to packet sockets and remembers to flush. */
export class Egress implements LinkDevice {
  readonly name: string
  readonly medium: LinkMedium
  readonly loopback: boolean
  readonly offload: LinkOffload
  readonly statistics: LinkStatistics
  /** Whether something left since the last flush. */
  dirty = false
  /** Who is shown what leaves; null when nobody watches. */
  observer: EgressObserver | null = null
  private readonly device: LinkDevice

  constructor(device: LinkDevice) {
    this.device = device
    this.name = device.name
    this.medium = device.medium
    this.loopback = device.loopback ?? false
    this.offload = device.offload
    this.statistics = device.statistics
  }

  get mtu(): number {
    return this.device.mtu
  }

  get hardwareAddress(): MacAddress {
    // Link layers that need an address are only given devices that have one.
    return this.device.hardwareAddress as MacAddress
  }

  open(receiver: LinkReceiver): void {
    this.device.open(receiver)
  }

  transmit(packet: Packet): boolean {
    if (this.observer !== null) this.observer.leaving(packet)
    this.dirty = true
    return this.device.transmit(packet)
  }

  flush(): void {
    this.dirty = false
    this.device.flush()
  }

  close(): void | Promise<void> {
    return this.device.close()
  }
}
