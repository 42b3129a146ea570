import { MacAddress } from '@jackfield/addr'
import { createSeededRandom, createVirtualClock, type VirtualClock } from '@jackfield/clock'
import type { LinkDevice } from '@jackfield/interfaces'
import {
  linkDeviceCompliance,
  linkDeviceQueueCompliance,
  type QueuedLinkDeviceFixture,
} from '@jackfield/interfaces/compliance'
import { describe, test } from 'vitest'
import { createCable } from './cable.js'
import { impair } from './impair.js'
import { createLoopback } from './loopback.js'
import { createSwitch } from './switch.js'

function fixtureOf(clock: VirtualClock, a: LinkDevice, b: LinkDevice): QueuedLinkDeviceFixture {
  return { a, b, loop: clock.loop, settle: () => void clock.runUntilIdle() }
}

const hardwareAddresses = [new MacAddress(0x0200, 1), new MacAddress(0x0200, 2)] as const

const devices: Record<string, () => QueuedLinkDeviceFixture> = {
  loopback() {
    const clock = createVirtualClock()
    const device = createLoopback({ clock })
    return fixtureOf(clock, device, device)
  },
  'cable of IP packets'() {
    const clock = createVirtualClock()
    const cable = createCable({ clock, medium: 'ip' })
    return fixtureOf(clock, cable.a, cable.b)
  },
  'cable of Ethernet frames, offloads on, backwards'() {
    const clock = createVirtualClock()
    const cable = createCable({ clock, medium: 'ethernet', hardwareAddresses, offload: true })
    return fixtureOf(clock, cable.b, cable.a)
  },
  'cable with delay, jitter and a rate'() {
    const clock = createVirtualClock()
    const random = createSeededRandom(1)
    const impairments = {
      delay: 1000,
      jitter: 100,
      rate: 1e9,
      loss: 0,
      queuePackets: 5000,
      inFlightPackets: 4000,
    } as const
    const cable = createCable({ clock, medium: 'ip', random, aToB: impairments, bToA: impairments })
    return fixtureOf(clock, cable.a, cable.b)
  },
  'impaired device, with delay both ways'() {
    const clock = createVirtualClock()
    const cable = createCable({ clock, medium: 'ip' })
    const options = { clock, egress: { delay: 500, inFlightPackets: 900 }, ingress: { delay: 700 } }
    return fixtureOf(clock, impair(cable.a, options), impair(cable.b, options))
  },
  'impaired device without impairments'() {
    const clock = createVirtualClock()
    const cable = createCable({ clock, medium: 'ip' })
    return fixtureOf(clock, impair(cable.a, { clock }), impair(cable.b, { clock }))
  },
  switch() {
    const clock = createVirtualClock()
    const random = createSeededRandom(2)
    const left = createCable({ clock, medium: 'ethernet', random })
    const right = createCable({ clock, medium: 'ethernet', random })
    const bridge = createSwitch({ clock, random })
    bridge.attach(left.b)
    bridge.attach(right.b)
    return { ...fixtureOf(clock, left.a, right.a), dispose: () => bridge.close() }
  },
}

describe.each(Object.entries(devices))('%s', (_name, create) => {
  for (const { name, run } of [...linkDeviceCompliance(create), ...linkDeviceQueueCompliance(create)]) test(name, run)
})
