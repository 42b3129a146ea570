import { describe, expect, test } from 'vitest'
import type { CongestionControl, RateSample } from '../congestion/congestion-control.js'
import { newReno } from '../congestion/new-reno.js'
import { checkAppLimited } from './rate.js'
import { Sender } from './sender.test-support.js'

/** A control that only keeps the samples. */
function recorder(): { control: CongestionControl; samples: RateSample[] } {
  const samples: RateSample[] = []
  const control: CongestionControl = {
    ...newReno,
    name: 'recorder',
    control: (_connection, sample) => samples.push({ ...sample }),
  }
  return { control, samples }
}

describe('the delivery rate', () => {
  test('is what was delivered between the sending of a packet and its acknowledgement', () => {
    const { control, samples } = recorder()
    const sender = new Sender({ congestion: control })
    sender.write(20_000)
    sender.wait(100)
    sender.ack(4000)
    expect(samples[0]).toMatchObject({
      delivered: 4,
      interval: 100_000,
      priorDelivered: 1,
      ackedSacked: 4,
      losses: 0,
      priorInFlight: 10,
      rtt: 100_000,
    })
    sender.wait(50)
    sender.ack(4000, { sack: [[8000, 10_000]] })
    expect(samples[1]).toMatchObject({ delivered: 6, interval: 150_000, ackedSacked: 2, priorInFlight: 10 })
    expect([sender.c.rateDelivered, sender.c.rateInterval]).toEqual([6, 150_000])
  })

  test('counts the longer of sending and acknowledging, when acknowledgements are compressed', () => {
    const { control, samples } = recorder()
    const sender = new Sender({ congestion: control })
    sender.write(1000)
    for (let i = 0; i < 4; i++) {
      sender.wait(10)
      sender.write(1000)
    }
    sender.wait(60)
    sender.ack(5000)
    // The last was sent 40 ms after the first, and 100 ms ago that one left.
    expect(samples[0]).toMatchObject({ delivered: 5, interval: 100_000, rtt: 60_000 })
  })

  test('is marked while the application has nothing to send', () => {
    const { control, samples } = recorder()
    const sender = new Sender({ congestion: control })
    const { c } = sender
    sender.write(2000)
    checkAppLimited(c)
    expect(c.appLimited).toBe(3)
    sender.write(1000)
    sender.wait(20)
    sender.ack(2000)
    expect(samples[0]?.appLimited).toBe(false)
    sender.wait(1)
    sender.ack(3000)
    expect(samples[1]?.appLimited).toBe(true)
    // What was in flight then is delivered, and more.
    expect(c.appLimited).toBe(0)
  })

  test('is not marked while the window is full, or lost packets wait', () => {
    const sender = new Sender({ cwnd: 2 })
    sender.write(2000)
    checkAppLimited(sender.c)
    expect(sender.c.appLimited).toBe(0)
  })

  test('has no sample without news', () => {
    const { control, samples } = recorder()
    const sender = new Sender({ congestion: control })
    sender.write(2000)
    sender.wait(10)
    sender.ack(0)
    expect(samples[0]).toMatchObject({ delivered: -1, interval: -1, rtt: -1 })
  })

  test('tells of losses', () => {
    const { control, samples } = recorder()
    const sender = new Sender({ congestion: control })
    sender.write(10_000)
    sender.wait(100)
    sender.ack(0, { sack: [[3000, 6000]] })
    expect(samples[0]).toMatchObject({ ackedSacked: 3, losses: 3 })
  })
})
