import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readParameters } from './parameters.js'
import { Iperf3Error } from './protocol.js'

/** The number of the error that parameters are refused with. */
function refused(json: Record<string, unknown>): number {
  try {
    readParameters(json)
  } catch (error) {
    if (error instanceof Iperf3Error) return error.number
    throw error
  }
  return 0
}

describe('parameters of a client', () => {
  test('as stock clients send them', () => {
    const json = { tcp: true, omit: 0, time: 10, num: 0, blockcount: 0, parallel: 1, len: 131_072, pacing_timer: 1000 }
    expect(readParameters({ ...json, client_version: '3.12' })).toEqual({
      protocol: 'tcp',
      sender: 'client',
      streams: 1,
      blockSize: 131_072,
      seconds: 10,
      omit: 0,
      bytes: 0,
      rate: 0,
      noDelay: false,
      segmentSize: undefined,
      bufferSize: undefined,
      typeOfService: undefined,
      congestion: undefined,
      wideCounters: false,
    })
    const more = { reverse: true, parallel: 4, nodelay: true, MSS: 1000, window: 65_536, TOS: 32, congestion: 'reno' }
    expect(readParameters({ ...json, ...more, blockcount: 3 })).toMatchObject({
      sender: 'server',
      streams: 4,
      noDelay: true,
      segmentSize: 1000,
      bufferSize: 65_536,
      typeOfService: 32,
      congestion: 'reno',
      bytes: 3 * 131_072,
    })
    const udp = { udp: true, bidirectional: true, len: 1448, bandwidth: 1_048_576, udp_counters_64bit: 1 }
    expect(readParameters(udp)).toMatchObject({ protocol: 'udp', sender: 'both', rate: 1_048_576, wideCounters: true })
  })

  test('out of range or of another kind are refused by iperf3’s number for it', () => {
    expect(refused({ parallel: 129 })).toBe(6)
    expect(refused({ parallel: 0 })).toBe(6)
    expect(refused({ len: 2 ** 20 + 1 })).toBe(7)
    expect(refused({ udp: true, len: 15 })).toBe(7)
    expect(refused({ udp: true, len: 65_508 })).toBe(7)
    expect(refused({ omit: 601 })).toBe(12)
    expect(refused({ sctp: true })).toBe(18)
    expect(refused({ time: '10' })).toBe(114)
    expect(refused({ num: -1 })).toBe(114)
  })

  test('whatever they are, nothing else is thrown, and what is taken is within bounds', () => {
    const names = ['tcp', 'udp', 'omit', 'time', 'num', 'blockcount', 'parallel', 'len', 'bandwidth', 'MSS', 'TOS']
    const value = fc.oneof(fc.double(), fc.integer(), fc.boolean(), fc.string(), fc.constant(null), fc.object())
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), value), (json) => {
        if (refused(json) !== 0) return
        const { streams, blockSize, omit } = readParameters(json)
        expect(streams >= 1 && streams <= 128 && blockSize >= 1 && blockSize <= 2 ** 20 && omit <= 600).toBe(true)
      }),
    )
  })
})
