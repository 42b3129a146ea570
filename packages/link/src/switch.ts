import { MacAddress } from '@jackfield/addr'
import { type Clock, createSecureRandom, type RandomSource } from '@jackfield/clock'
import type { LinkDevice, LinkReceiver, LinkState } from '@jackfield/interfaces'
import {
  CHECKSUM_PARTIAL,
  completeChecksum,
  type Packet,
  PacketPool,
  SEGMENT_NONE,
  SEGMENT_TCP,
} from '@jackfield/packet'
import { AddressTable, LEARNED, MOVED, TABLE_FULL } from './address-table.js'
import { checkInteger } from './device-basics.js'

/** How a switch is made. */
export interface SwitchOptions {
  readonly clock: Clock
  /** Stations that it remembers, 1 to 1,000,000. Default 1024. */
  readonly addresses?: number
  /** Microseconds after which a station that was not heard of is forgotten. Default 300 s (IEEE 802.1D). */
  readonly ageing?: number
  /** Only for the secret of its hash table: no other behaviour depends on it. Default: a secure one. */
  readonly random?: RandomSource
  /** Where devices at its ports allocate what they receive. Default: a pool of its own. */
  readonly pool?: PacketPool
}

/** What a switch counts. Devices at its ports count their packets themselves. */
export interface SwitchStatistics {
  /** Frames sent to the one port where their station is. */
  forwarded: number
  /** Frames sent to all ports but their own. */
  flooded: number
  /** Frames dropped because their station is where they came from, or there is no other port. */
  filtered: number
  /** Frames dropped because they are for the link alone (IEEE 802.1D, 7.12.6: 01-80-C2-00-00-00 to 0F). */
  reserved: number
  /** Frames dropped because they are too short, or name a group as their source. */
  malformed: number
  /** Large segments, not sent to a port whose device does not cut them. */
  uncut: number
  learned: number
  moved: number
  /** Stations not learned because the table is full. */
  tableFull: number
}

/** A device at a switch. */
export interface SwitchPort {
  readonly device: LinkDevice<'ethernet'>
  /** Takes the device off, closes it, and forgets its stations. */
  detach(): void | Promise<void>
}

/** A station and where it is. */
export interface SwitchStation {
  readonly hardwareAddress: MacAddress
  readonly port: SwitchPort
  /** Microseconds since it was heard of. */
  readonly age: number
}

/** A learning Ethernet switch. */
export interface Switch {
  readonly ports: readonly SwitchPort[]
  readonly statistics: Readonly<SwitchStatistics>
  /** Opens a device and makes it a port. */
  attach(device: LinkDevice<'ethernet'>): SwitchPort
  /** The stations it knows, the one heard of longest ago first. */
  stations(): SwitchStation[]
  /** Detaches everything. */
  close(): Promise<void>
}

const ETHERNET_HEADER = 14

class Port implements SwitchPort, LinkReceiver {
  /** Whether frames were sent to it since its last flush. */
  dirty = false
  readonly number: number
  readonly device: LinkDevice<'ethernet'>
  private readonly owner: LearningSwitch

  constructor(owner: LearningSwitch, number: number, device: LinkDevice<'ethernet'>) {
    this.owner = owner
    this.number = number
    this.device = device
  }

  get pool(): PacketPool {
    return this.owner.pool
  }

  receive(packet: Packet): void {
    this.owner.input(packet, this)
  }

  burstEnd(): void {
    this.owner.flush()
  }

  // What a full port does not take is dropped and counted by its device: a switch does not wait.
  writable(): void {}

  changed(state: LinkState): void {
    if (!state.carrier) this.owner.forget(this)
  }

  detach(): void | Promise<void> {
    return this.owner.detach(this)
  }
}

class LearningSwitch implements Switch {
  readonly ports: Port[] = []
  readonly pool: PacketPool
  readonly statistics: SwitchStatistics = {
    forwarded: 0,
    flooded: 0,
    filtered: 0,
    reserved: 0,
    malformed: 0,
    uncut: 0,
    learned: 0,
    moved: 0,
    tableFull: 0,
  }
  private readonly clock: Clock
  private readonly table: AddressTable
  /** Ports by number. */
  private readonly numbered: (Port | null)[] = []

  constructor(options: SwitchOptions) {
    const capacity = checkInteger('addresses', options.addresses ?? 1024, 1, 1_000_000)
    const ageing = options.ageing ?? 300_000_000
    if (!(ageing > 0)) throw new RangeError(`ageing must be a time above 0 in microseconds, not ${ageing}`)
    this.clock = options.clock
    this.pool = options.pool ?? new PacketPool()
    this.table = new AddressTable(capacity, ageing, options.random ?? createSecureRandom())
  }

  attach(device: LinkDevice<'ethernet'>): SwitchPort {
    if (device.medium !== 'ethernet') {
      throw new TypeError(
        `a switch takes Ethernet devices, and ${device.name} carries ${JSON.stringify(device.medium)}`,
      )
    }
    const vacant = this.numbered.indexOf(null)
    const port = new Port(this, vacant < 0 ? this.numbered.length : vacant, device)
    device.open(port)
    this.numbered[port.number] = port
    this.ports.push(port)
    return port
  }

  detach(port: Port): void | Promise<void> {
    const index = this.ports.indexOf(port)
    if (index < 0) return
    this.ports.splice(index, 1)
    this.numbered[port.number] = null
    this.forget(port)
    return port.device.close()
  }

  forget(port: Port): void {
    this.table.forgetPort(port.number)
  }

  stations(): SwitchStation[] {
    const now = this.clock.now()
    const stations: SwitchStation[] = []
    this.table.expire(now)
    this.table.forEach((high, low, number, seen) => {
      const port = this.numbered[number]
      if (port) stations.push({ hardwareAddress: new MacAddress(high, low), port, age: now - seen })
    })
    return stations
  }

  async close(): Promise<void> {
    await Promise.all([...this.ports].map((port) => port.detach()))
  }

  /** Takes a frame that came in by a port. VLAN tags are not looked at. */
  input(packet: Packet, from: Port): void {
    const { statistics } = this
    const { view, start } = packet
    if (packet.end - start < ETHERNET_HEADER || (view.getUint8(start + 6) & 1) !== 0) {
      statistics.malformed++
      packet.release()
      return
    }
    const high = view.getUint16(start)
    const low = view.getInt32(start + 2)
    const now = this.clock.now()
    const learned = this.table.learn(view.getUint16(start + 6), view.getInt32(start + 8), from.number, now)
    if (learned === LEARNED) statistics.learned++
    else if (learned === MOVED) statistics.moved++
    else if (learned === TABLE_FULL) statistics.tableFull++
    if (high === 0x0180 && (low & ~0xf) === (0xc2000000 | 0)) {
      statistics.reserved++
      packet.release()
      return
    }
    const number = (high & 0x0100) !== 0 ? -1 : this.table.lookup(high, low, now)
    const to = number < 0 ? null : (this.numbered[number] ?? null)
    if (to === null) this.flood(packet, from)
    else if (to === from) {
      statistics.filtered++
      packet.release()
    } else {
      statistics.forwarded++
      this.output(packet, to)
    }
  }

  /** The burst ended: so did those that it led to. */
  flush(): void {
    for (const port of this.ports) {
      if (!port.dirty) continue
      port.dirty = false
      port.device.flush()
    }
  }

  private flood(packet: Packet, from: Port): void {
    const { ports, statistics } = this
    let last: Port | null = null
    for (const port of ports) {
      if (port === from) continue
      if (last !== null) this.output(packet.share(), last)
      last = port
    }
    if (last === null) {
      statistics.filtered++
      packet.release()
      return
    }
    statistics.flooded++
    this.output(packet, last)
  }

  private output(packet: Packet, port: Port): void {
    const { device } = port
    const { offload } = device
    if (packet.segmentType !== SEGMENT_NONE) {
      const cut = packet.segmentType === SEGMENT_TCP ? offload.tcpSegmentation : offload.udpSegmentation
      if (!cut) {
        this.statistics.uncut++
        packet.release()
        return
      }
    }
    if (packet.checksum === CHECKSUM_PARTIAL && !offload.checksum) {
      packet.unshare()
      completeChecksum(packet)
    }
    port.dirty = true
    device.transmit(packet)
  }
}

/** A learning Ethernet switch (IEEE 802.1D without spanning trees). Loops between switches would flood for ever. */
export function createSwitch(options: SwitchOptions): Switch {
  return new LearningSwitch(options)
}
