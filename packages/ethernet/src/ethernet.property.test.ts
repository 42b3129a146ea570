import { IpAddress, MacAddress } from '@jackfield/addr'
import { MAX_QUEUED_BYTES } from '@jackfield/neighbor'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { arpFrame, Bench, OWN } from './ethernet.test-bench.js'

const bytes = fc.uint8Array({ maxLength: 80 })
/** Random bytes behind the address of the host, so that they get further. */
const addressed = bytes.map((payload) => Uint8Array.from([...OWN.toBytes(), ...payload]))
const mutated = fc
  .record({
    operation: fc.integer({ min: 0, max: 3 }),
    sender: fc.ipV4(),
    target: fc.constantFrom('10.0.0.1', '10.0.0.2', '0.0.0.0', '255.255.255.255'),
    from: fc.integer({ min: 0, max: 3 }),
    at: fc.nat(59),
    value: fc.nat(255),
    length: fc.integer({ min: 0, max: 60 }),
  })
  .map(({ operation, sender, target, from, at, value, length }) => {
    const frame = arpFrame({ operation, sender, target, from: new MacAddress(0x0200, from) })
    if (value > 100) frame[at] = value
    return length < 30 ? frame.slice(0, length) : frame
  })

describe('whatever comes in', () => {
  it('nothing throws, every packet has one end, every drop is counted, and the tables keep their bounds', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(bytes, addressed, mutated), { maxLength: 60 }), (frames) => {
        const bench = new Bench()
        let up = 0
        for (const frame of frames) {
          const packet = bench.receive(frame)
          if (packet !== null) {
            up++
            packet.release()
          }
        }
        expect(bench.host.packets.outstanding).toBe(0)
        expect(bench.module.neighbors().length).toBeLessThanOrEqual(128)
        const names = ['EthInRuntFrames', 'EthInOtherHost', 'EthInLengthFrames', 'EthInUnknownVlan']
        const dropped = names.reduce((sum, name) => sum + (bench.counter(name) ?? 0), 0)
        // What is left is ARP.
        expect(up + dropped + bench.shown.length).toBe(frames.length)
        bench.host.close()
      }),
      { numRuns: 200 },
    )
  })

  it('a flood of requests fills no more than its share, and pushes out no neighbour in use', () => {
    const bench = new Bench()
    for (let i = 2; i < 12; i++) {
      bench.receive(arpFrame({ operation: 1, sender: `10.0.0.${i}`, target: '10.0.0.1' }))
      bench.send(`10.0.0.${i}`)
    }
    for (let i = 0; i < 20_000; i++) {
      const sender = IpAddress.v4(0x0a010000 + i).toString()
      bench.receive(arpFrame({ operation: 1, sender, target: '10.0.0.1', from: new MacAddress(0x0200, i) }))
    }
    expect(bench.module.neighbors()).toHaveLength(10 + 128)
    for (let i = 2; i < 12; i++) expect(bench.state(`10.0.0.${i}`)).toBe('DELAY')
    expect(bench.host.packets.outstanding).toBe(0)
  })

  it('a scan of a whole network keeps queues and questions within their bounds', () => {
    const bench = new Bench()
    for (let i = 0; i < 5000; i++) bench.send(IpAddress.v4(0x0a010000 + i).toString(), i)
    expect(bench.module.neighbors()).toHaveLength(1024)
    expect(bench.device.take()).toHaveLength(1024)
    expect(bench.host.packets.outstanding * 768).toBeLessThanOrEqual(MAX_QUEUED_BYTES)
    bench.host.clock.runUntilIdle()
    expect(bench.unreachable).toHaveLength(1024)
    expect(bench.host.packets.outstanding).toBe(0)
    bench.host.close()
  })
})
