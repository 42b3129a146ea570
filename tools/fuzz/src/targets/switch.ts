import { MacAddress } from '@jackfield/addr'
import { createVirtualClock, type VirtualClock } from '@jackfield/clock'
import { createSwitch, type Switch } from '@jackfield/link'
import { PacketPool, setPacketChecks } from '@jackfield/packet'
import { toHex } from '../bytes.js'
import type { Chance } from '../chance.js'
import { spoiltFrame } from '../corpus/spoilt.js'
import { FuzzDevice } from '../host/fuzz-device.js'
import type { Subject, Target } from '../subject.js'

const PORTS = 4
/** Few, so that the table is full at times. */
const STATIONS = 32

/** A learning switch whose stations make up addresses and come and go. */
class FuzzedSwitch implements Subject {
  private readonly clock: VirtualClock = createVirtualClock()
  private readonly pool = new PacketPool()
  private readonly devices: FuzzDevice<'ethernet'>[] = []
  private readonly subject: Switch
  private frames = 0
  private last: Uint8Array = new Uint8Array(0)

  constructor(chance: Chance) {
    setPacketChecks(true)
    const { clock, pool } = this
    this.subject = createSwitch({ clock, random: chance.random, pool, addresses: STATIONS })
    for (let i = 0; i < PORTS; i++) this.plugIn(i)
  }

  input(chance: Chance): void {
    const bytes = spoiltFrame(chance)
    if (chance.oneIn(3) && bytes.length >= 12) bytes[11] = chance.below(64)
    this.last = bytes
    const port = chance.below(PORTS)
    const device = this.devices[port] as FuzzDevice<'ethernet'>
    this.frames++
    device.deliver(this.pool.copyOf(bytes))
    device.burstEnd()
    if (chance.oneIn(50)) this.clock.advance(chance.below(400) * 1_000_000)
    if (chance.oneIn(500)) {
      void this.subject.ports.find((each) => each.device === device)?.detach()
      this.plugIn(port)
    }
  }

  check(): void {
    const { forwarded, flooded, filtered, reserved, malformed } = this.subject.statistics
    const counted = forwarded + flooded + filtered + reserved + malformed
    if (counted !== this.frames) throw new Error(`the switch was given ${this.frames} frames and counts ${counted}`)
    const known = this.subject.stations().length
    if (known > STATIONS) throw new Error(`${known} stations, where the limit is ${STATIONS}`)
    const { outstanding } = this.pool
    if (outstanding !== 0) throw new Error(`${outstanding} packets are left in a switch that queues nothing`)
  }

  settle(): void {
    this.clock.advance(600_000_000)
    this.check()
  }

  async close(): Promise<void> {
    await this.subject.close()
  }

  counters(): Readonly<Record<string, number>> {
    const named: Record<string, number> = {}
    for (const [name, count] of Object.entries(this.subject.statistics)) named[`switch ${name}`] = count
    return named
  }

  lastInput(): string {
    return toHex(this.last)
  }

  private plugIn(port: number): void {
    const hardwareAddress = new MacAddress(0x0200, 0x100 + port)
    const device = new FuzzDevice({ name: `port${port}`, medium: 'ethernet', hardwareAddress })
    device.strict = false
    this.devices[port] = device
    this.subject.attach(device)
  }
}

/** Frames for a switch. */
export const SWITCH_TARGET: Target = { name: 'switch', share: 1, create: (chance) => new FuzzedSwitch(chance) }
