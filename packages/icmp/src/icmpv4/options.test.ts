import { NetworkHeader } from '@jackfield/interfaces'
import { PacketPool } from '@jackfield/packet'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { replyOptions } from './options.js'

const pool = new PacketPool()

function optionsOf(bytes: readonly number[]): number[] | null {
  const padded = (bytes.length + 3) & ~3
  const packet = pool.allocate(20 + padded + 8)
  packet.bytes.fill(0, packet.start, packet.end)
  packet.networkHeader = packet.start
  packet.bytes.set(bytes, packet.start + 20)
  const header = new NetworkHeader()
  header.headerLength = 20 + padded
  const options = replyOptions(packet, header)
  packet.release()
  return options === null ? null : [...options]
}

it('a reply carries record route and timestamp, and nothing else', () => {
  const route = [7, 7, 8, 10, 0, 0, 1]
  const alert = [148, 4, 0, 0]
  const time = [68, 8, 9, 0, 1, 2, 3, 4]
  expect(optionsOf([1, ...route, ...alert, 1, 1, ...time])).toEqual([...route, ...time, 0])
  expect(optionsOf(alert)).toBeNull()
  expect(optionsOf([])).toBeNull()
  expect(optionsOf([0, ...route])).toBeNull()
})

it('broken options never throw', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(255), { maxLength: 40 }), (bytes) => {
      const options = optionsOf(bytes)
      expect((options ?? []).length % 4).toBe(0)
    }),
  )
})
