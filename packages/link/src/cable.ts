import { MacAddress } from '@jackfield/addr'
import type { Clock, RandomSource, RunLoop, Task } from '@jackfield/clock'
import {
  type LinkDevice,
  type LinkMedium,
  type LinkOffload,
  type LinkReceiver,
  type LinkStatistics,
  NO_OFFLOAD,
} from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import { CableLane, type LaneEnd, type LaneStatistics } from './cable-lane.js'
import {
  checkInteger,
  checkName,
  DEFAULT_QUEUE,
  ETHERNET_OVERHEAD,
  emptyStatistics,
  FULL_OFFLOAD,
  tooLong,
} from './device-basics.js'
import type { Impairments } from './impairments.js'

/** How a cable is made. */
export interface CableOptions<Medium extends LinkMedium = LinkMedium> {
  readonly clock: Clock
  readonly medium: Medium
  /** In bytes, link header not counted, 68 to 65,535. Default 1500. */
  readonly mtu?: number
  /** Default `['cable0', 'cable1']`. */
  readonly names?: readonly [string, string]
  /** For Ethernet. Default: locally administered ones from `random`. */
  readonly hardwareAddresses?: readonly [MacAddress, MacAddress]
  /** Needed for impairments that take chance, and for hardware addresses that are not given. */
  readonly random?: RandomSource
  readonly aToB?: Impairments
  readonly bToA?: Impairments
  /**
   * True: checksums stay partial and large segments stay whole, as on Linux's veth, which is quickest. False: what goes by
   * is what a wire carries, packets of at most the MTU with complete checksums. Or what it does exactly. Default false.
   */
  readonly offload?: boolean | LinkOffload
  /** Packets that may wait in each direction. Default 1000. */
  readonly queuePackets?: number
}

/** A cable: two devices, what one transmits the other receives. */
export interface Cable<Medium extends LinkMedium = LinkMedium> {
  readonly a: LinkDevice<Medium>
  readonly b: LinkDevice<Medium>
  readonly statistics: { readonly aToB: Readonly<LaneStatistics>; readonly bToA: Readonly<LaneStatistics> }
  /** Whether it is plugged in. */
  readonly plugged: boolean
  /** Sets what happens to the packets that follow in a direction; null is nothing. Throws as `createCable` does. */
  setImpairments(direction: 'aToB' | 'bToA' | 'both', impairments: Impairments | null): void
  /** Pulls the cable out: what is under way is lost, and both ends lose their carrier. */
  unplug(): void
  plug(): void
}

class CableEnd<Medium extends LinkMedium> implements LinkDevice<Medium>, LaneEnd, Task {
  queued = false
  receiver: LinkReceiver | null = null
  closed = false
  readonly name: string
  readonly medium: Medium
  readonly mtu: number
  readonly hardwareAddress?: MacAddress
  readonly offload: LinkOffload
  readonly statistics: LinkStatistics = emptyStatistics()
  private carrier = true
  private out: CableLane | null = null
  private readonly overhead: number
  private readonly loop: RunLoop
  private readonly onClose: (end: LaneEnd) => void

  constructor(
    options: CableOptions<Medium>,
    name: string,
    address: MacAddress | undefined,
    onClose: (end: LaneEnd) => void,
  ) {
    this.name = checkName(name)
    this.medium = options.medium
    this.mtu = checkInteger('mtu', options.mtu ?? 1500, 68, 65_535)
    if (address !== undefined) this.hardwareAddress = address
    const { offload } = options
    this.offload = offload === true ? FULL_OFFLOAD : offload === undefined || offload === false ? NO_OFFLOAD : offload
    this.overhead = options.medium === 'ethernet' ? ETHERNET_OVERHEAD : 0
    this.loop = options.clock.loop
    this.onClose = onClose
  }

  /** Gives it the direction that it sends by. */
  connect(out: CableLane): void {
    this.out = out
  }

  open(receiver: LinkReceiver): void {
    if (this.receiver !== null || this.closed)
      throw new Error(`${this.name} was opened before: a device is opened once`)
    this.receiver = receiver
    if (!this.carrier) this.loop.defer(this)
  }

  transmit(packet: Packet): boolean {
    const { out, statistics } = this
    if (this.receiver === null || out === null || !out.accepts()) {
      statistics.txDropped++
      packet.release()
      return false
    }
    if (tooLong(packet, this.overhead, this.mtu, this.offload)) {
      statistics.txErrors++
      packet.release()
      return true
    }
    statistics.txPackets++
    statistics.txBytes += packet.end - packet.start
    out.carry(packet)
    return true
  }

  flush(): void {}

  close(): void {
    if (this.closed) return
    this.closed = true
    this.receiver = null
    this.onClose(this)
  }

  setCarrier(carrier: boolean): void {
    if (this.carrier === carrier) return
    this.carrier = carrier
    if (this.receiver !== null) this.loop.defer(this)
  }

  /** Says whether the carrier is there, from the run loop. */
  run(): void {
    this.receiver?.changed({ carrier: this.carrier, mtu: this.mtu })
  }
}

function localAddress(random: RandomSource | undefined): MacAddress {
  if (random === undefined) {
    throw new TypeError(
      'an Ethernet cable needs hardware addresses: pass `hardwareAddresses`, or `random` to choose them',
    )
  }
  // A locally administered, individual address (IEEE 802 section 8.4): 02 in the first octet.
  return new MacAddress(0x0200 | random.below(256), random.uint32() | 0)
}

class TwoEndedCable<Medium extends LinkMedium> implements Cable<Medium> {
  readonly a: CableEnd<Medium>
  readonly b: CableEnd<Medium>
  readonly statistics: { readonly aToB: LaneStatistics; readonly bToA: LaneStatistics }
  private readonly aToB: CableLane
  private readonly bToA: CableLane
  private readonly loop: RunLoop

  constructor(options: CableOptions<Medium>) {
    const { clock, medium, random } = options
    if (medium !== 'ip' && medium !== 'ethernet') {
      throw new RangeError(`a cable's medium is 'ip' or 'ethernet', not ${JSON.stringify(medium)}`)
    }
    const ethernet = medium === 'ethernet'
    const names = options.names ?? ['cable0', 'cable1']
    const addresses = options.hardwareAddresses
    const addressA = addresses?.[0] ?? (ethernet ? localAddress(random) : undefined)
    const addressB = addresses?.[1] ?? (ethernet ? localAddress(random) : undefined)
    const limit = checkInteger('queuePackets', options.queuePackets ?? DEFAULT_QUEUE, 1, 1_000_000)
    const closed = (end: LaneEnd): void => this.ended(end)
    this.loop = clock.loop
    this.a = new CableEnd(options, names[0], addressA, closed)
    this.b = new CableEnd(options, names[1], addressB, closed)
    this.aToB = new CableLane(clock, medium, random, this.a, this.b, limit)
    this.bToA = new CableLane(clock, medium, random, this.b, this.a, limit)
    this.a.connect(this.aToB)
    this.b.connect(this.bToA)
    this.aToB.configure(options.aToB ?? null)
    this.bToA.configure(options.bToA ?? null)
    this.statistics = { aToB: this.aToB.statistics, bToA: this.bToA.statistics }
  }

  get plugged(): boolean {
    return this.aToB.plugged
  }

  setImpairments(direction: 'aToB' | 'bToA' | 'both', impairments: Impairments | null): void {
    if (direction !== 'aToB' && direction !== 'bToA' && direction !== 'both') {
      throw new RangeError(`a direction is 'aToB', 'bToA' or 'both', not ${JSON.stringify(direction)}`)
    }
    if (direction !== 'bToA') this.aToB.configure(impairments)
    if (direction !== 'aToB') this.bToA.configure(impairments)
  }

  unplug(): void {
    this.setPlugged(false)
  }

  plug(): void {
    this.setPlugged(true)
  }

  private setPlugged(plugged: boolean): void {
    this.loop.enter()
    try {
      for (const lane of [this.aToB, this.bToA]) {
        lane.plugged = plugged
        if (!plugged) lane.clear()
      }
      this.setCarriers()
    } finally {
      this.loop.leave()
    }
  }

  /** An end was closed: what was on its way there is lost, and the other has no carrier any more. */
  private ended(end: LaneEnd): void {
    this.loop.enter()
    try {
      if (end === this.a) this.bToA.clear()
      else this.aToB.clear()
      this.setCarriers()
    } finally {
      this.loop.leave()
    }
  }

  private setCarriers(): void {
    this.a.setCarrier(this.plugged && !this.b.closed)
    this.b.setCarrier(this.plugged && !this.a.closed)
  }
}

/**
 * A cable between two devices in memory, for stacks in one process. Packets are handed over without a copy, by the run
 * loop, or by one timer for each direction where there is a delay or a rate. A packet that is longer than the MTU allows is
 * an error of the sender (`txErrors`). While the other end is not open, or the cable unplugged, packets are lost.
 *
 * With `offload`, a partial checksum that is received counts as good: nothing damages it but the `corrupt` impairment,
 * which completes it first.
 * @throws RangeError or TypeError for options that are out of range, unknown or incomplete
 */
export function createCable<Medium extends LinkMedium>(options: CableOptions<Medium>): Cable<Medium> {
  return new TwoEndedCable(options)
}
