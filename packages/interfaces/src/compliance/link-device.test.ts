import { createVirtualClock } from '@jackfield/clock'
import type { Packet } from '@jackfield/packet'
import { describe, expect, test } from 'vitest'
import { type LinkDevice, type LinkReceiver, NO_OFFLOAD } from '../link.js'
import { linkDeviceCompliance, linkDeviceQueueCompliance } from './link-device.js'

/** How a device may be broken. */
type Fault =
  | 'none'
  | 'receives inside transmit'
  | 'no burst end'
  | 'keeps packets'
  | 'releases never'
  | 'counts nothing'
  | 'sends when closed'
  | 'opens twice'
  | 'reverses'
  | 'writes shared bytes'
  | 'no bound'
  | 'bad name'

/** A loopback of a screenful, with one fault. */
function device(fault: Fault) {
  const clock = createVirtualClock()
  const queue: Packet[] = []
  let receiver: LinkReceiver | null = null
  let closed = false
  let blocked = false
  const statistics = {
    rxPackets: 0,
    rxBytes: 0,
    rxDropped: 0,
    rxErrors: 0,
    txPackets: 0,
    txBytes: 0,
    txDropped: 0,
    txErrors: 0,
  }
  const task = {
    queued: false,
    run() {
      if (fault === 'reverses') queue.reverse()
      for (const packet of queue.splice(0)) {
        if (fault === 'releases never') packet.share()
        if (fault === 'writes shared bytes') packet.view.setUint8(packet.end - 1, 99)
        statistics.rxPackets++
        statistics.rxBytes += packet.length
        receiver?.receive(packet)
      }
      if (fault !== 'no burst end') receiver?.burstEnd()
      if (blocked) receiver?.writable()
      blocked = false
    },
  }
  const it: LinkDevice = {
    name: fault === 'bad name' ? 'a device' : 'test0',
    medium: 'ip',
    mtu: 1500,
    offload: NO_OFFLOAD,
    statistics,
    open(opener) {
      if (receiver !== null && fault !== 'opens twice') throw new Error('open')
      receiver = opener
    },
    transmit(packet) {
      if ((closed && fault !== 'sends when closed') || (queue.length >= 500 && fault !== 'no bound')) {
        statistics.txDropped++
        blocked = !closed
        packet.release()
        return false
      }
      if (fault !== 'counts nothing') {
        statistics.txPackets++
        statistics.txBytes += packet.length
      }
      queue.push(packet)
      if (fault === 'receives inside transmit') task.run()
      clock.loop.defer(task)
      return true
    },
    flush() {},
    close() {
      closed = true
      receiver = null
      if (fault !== 'keeps packets') for (const packet of queue.splice(0)) packet.release()
    },
  }
  return { a: it, b: it, loop: clock.loop, settle: () => void (closed || clock.runUntilIdle()) }
}

async function failures(fault: Fault): Promise<string[]> {
  const failed: string[] = []
  const create = () => device(fault)
  for (const { name, run } of [...linkDeviceCompliance(create), ...linkDeviceQueueCompliance(create)]) {
    try {
      await run()
    } catch {
      failed.push(name)
    }
  }
  return failed
}

describe('link device compliance', () => {
  test('a device that does everything right passes', async () => {
    expect(await failures('none')).toEqual([])
  })

  test.each<[Fault, RegExp]>([
    ['receives inside transmit', /never from inside transmit/],
    ['no burst end', /burst ended/],
    ['keeps packets', /releases queued packets/],
    ['releases never', /tells its owner/],
    ['counts nothing', /counts packets/],
    ['sends when closed', /once closed/],
    ['opens twice', /opened once/],
    ['reverses', /in order/],
    ['writes shared bytes', /bytes that others hold/],
    ['no bound', /queue with a bound/],
    ['bad name', /describes itself/],
  ])('a device that %s fails', async (fault, expected) => {
    expect((await failures(fault)).some((name) => expected.test(name))).toBe(true)
  })
})
