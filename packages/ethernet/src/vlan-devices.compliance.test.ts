import { MacAddress } from '@jackfield/addr'
import { createVirtualClock, type RunLoop, type Task } from '@jackfield/clock'
import type { LinkDevice, LinkReceiver } from '@jackfield/interfaces'
import {
  linkDeviceCompliance,
  linkDeviceQueueCompliance,
  type QueuedLinkDeviceFixture,
} from '@jackfield/interfaces/compliance'
import type { Packet } from '@jackfield/packet'
import { describe, it } from 'vitest'
import { BenchDevice } from './ethernet.test-bench.js'
import { createVlanDevices } from './vlan-devices.js'

/** One end of a wire that delivers by the run loop. */
class WireEnd implements LinkDevice<'ethernet'>, Task {
  readonly name: string
  readonly medium = 'ethernet' as const
  readonly mtu = 1500
  readonly hardwareAddress: MacAddress
  readonly offload
  readonly statistics
  peer: WireEnd | null = null
  receiver: LinkReceiver | null = null
  queued = false
  private readonly loop: RunLoop
  private readonly queue: Packet[] = []
  private blocked = false

  constructor(loop: RunLoop, name: string, hardwareAddress: MacAddress) {
    const model = new BenchDevice(name, hardwareAddress)
    this.loop = loop
    this.name = name
    this.hardwareAddress = hardwareAddress
    this.offload = model.offload
    this.statistics = model.statistics
  }

  open(receiver: LinkReceiver): void {
    this.receiver = receiver
  }

  transmit(packet: Packet): boolean {
    this.blocked = this.receiver === null || this.queue.length >= 64
    if (this.blocked) packet.release()
    else this.queue.push(packet)
    this.loop.defer(this)
    return !this.blocked
  }

  run(): void {
    for (const packet of this.queue.splice(0)) {
      const receiver = this.peer?.receiver ?? null
      if (receiver === null) packet.release()
      else receiver.receive(packet)
    }
    this.peer?.receiver?.burstEnd()
    if (this.blocked) this.receiver?.writable()
    this.blocked = false
  }

  flush(): void {}

  close(): void {
    this.receiver = null
    for (const packet of this.queue.splice(0)) packet.release()
  }
}

function fixture(pick: 'tagged' | 'untagged'): QueuedLinkDeviceFixture {
  const clock = createVirtualClock()
  const left = new WireEnd(clock.loop, 'left', MacAddress.parse('02:00:00:00:00:01'))
  const right = new WireEnd(clock.loop, 'right', MacAddress.parse('02:00:00:00:00:02'))
  left.peer = right
  right.peer = left
  const ends = [left, right].map((end) => createVlanDevices(end, [10]))
  const [a, b] = ends.map((end) => (pick === 'tagged' ? end.vlan(10) : end.untagged))
  if (a === undefined || b === undefined) throw new Error('two ends were made')
  return {
    a,
    b,
    loop: clock.loop,
    settle() {
      clock.runUntilIdle()
    },
    dispose() {
      for (const end of ends) void end.close()
    },
  }
}

describe.each(['tagged', 'untagged'] as const)('a VLAN device for %s frames', (pick) => {
  const create = () => fixture(pick)
  for (const { name, run } of [...linkDeviceCompliance(create), ...linkDeviceQueueCompliance(create)]) it(name, run)
})
