import { IpAddress } from '@jackfield/addr'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatOptions,
  type Ipv4Option,
  parseOptions,
  ROUTER_ALERT_OPTION,
  recordRouteOption,
  timestampOption,
} from './option-list.js'
import * as wire from './options.js'

const address = fc.integer().map((word) => IpAddress.v4(word))

const route = fc.record({
  kind: fc.constantFrom('record-route' as const, 'loose-source-route' as const, 'strict-source-route' as const),
  addresses: fc.array(address, { maxLength: 3 }),
  pointer: fc.nat(255),
})
const option: fc.Arbitrary<Ipv4Option> = fc.oneof(
  fc.constant({ kind: 'nop' as const }),
  route,
  fc.record({ kind: fc.constant('router-alert' as const), value: fc.nat(0xffff) }),
  fc.record({
    kind: fc.constant('timestamp' as const),
    flag: fc.constant(0),
    overflow: fc.nat(15),
    pointer: fc.nat(255),
    entries: fc.array(fc.record({ milliseconds: fc.nat(86_399_999) }), { maxLength: 2 }),
  }),
  fc.record({
    kind: fc.constant('other' as const),
    type: fc.constantFrom(130, 134, 136),
    data: fc.uint8Array({ maxLength: 4 }),
  }),
)

/** A header of the options alone, at offset 3 of a buffer. */
function headerWith(options: Uint8Array): [DataView, number, number] {
  const bytes = new Uint8Array(3 + 20 + options.length)
  bytes.set(options, 23)
  return [new DataView(bytes.buffer), 3, 20 + options.length]
}

function scan(options: Uint8Array): wire.OptionPlaces {
  const places = new wire.OptionPlaces()
  wire.scanOptions(...headerWith(options), places)
  return places
}

describe('IPv4 options', () => {
  it('parse(format(options)) = options', () => {
    fc.assert(
      fc.property(fc.array(option, { maxLength: 2 }), (options) => {
        expect(parseOptions(formatOptions(options))).toEqual(options)
      }),
    )
  })

  it('random bytes never throw, and a fault lies within the header', () => {
    fc.assert(
      fc.property(
        fc.nat(10).chain((words) => fc.uint8Array({ minLength: words * 4, maxLength: words * 4 })),
        (bytes) => {
          const places = new wire.OptionPlaces()
          const [view, start, length] = headerWith(bytes)
          const good = wire.scanOptions(view, start, length, places)
          expect(good).toBe(places.fault < 0)
          expect(places.fault).toBeLessThan(length)
          parseOptions(bytes)
          wire.keepCopiedOptions(view, start, length)
          if (!good) return
          if (places.recordRoute >= 0) wire.recordAddress(view, start + places.recordRoute, 1)
          if (places.timestamp >= 0) wire.recordTimestamp(view, start + places.timestamp, 1, 2, () => true)
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('what was recorded can be read, until the option is full', () => {
    const [view, start, length] = headerWith(recordRouteOption(2))
    const places = new wire.OptionPlaces()
    expect(wire.scanOptions(view, start, length, places)).toBe(true)
    const at = start + places.recordRoute
    expect(wire.recordAddress(view, at, 0x0a000001)).toBe(true)
    expect(wire.recordAddress(view, at, 0x0a000002)).toBe(true)
    expect(wire.recordAddress(view, at, 0x0a000003)).toBe(false)
    const options = parseOptions(new Uint8Array(view.buffer, start + 20, length - 20))
    expect(options[1]).toMatchObject({ kind: 'record-route', pointer: 12 })
    expect(options[1]?.kind === 'record-route' && options[1].addresses.map(String)).toEqual(['10.0.0.1', '10.0.0.2'])
  })

  it('timestamps are recorded with addresses, and overflows are counted', () => {
    const [view, start, length] = headerWith(timestampOption(1, true))
    const places = new wire.OptionPlaces()
    wire.scanOptions(view, start, length, places)
    const at = start + places.timestamp
    expect(wire.recordTimestamp(view, at, 0x0a000001, 1234, () => false)).toBe(true)
    expect(wire.recordTimestamp(view, at, 0x0a000002, 1235, () => false)).toBe(true)
    const [first] = parseOptions(new Uint8Array(view.buffer, start + 20, length - 20))
    expect(first).toMatchObject({ kind: 'timestamp', flag: 1, overflow: 1, pointer: 13 })
    expect(first?.kind === 'timestamp' && first.entries[0]).toMatchObject({ milliseconds: 1234 })
  })

  it('a prespecified timestamp is written only by the host that it names', () => {
    const bytes = Uint8Array.of(68, 12, 5, 3, 10, 0, 0, 9, 0, 0, 0, 0)
    const [view, start] = headerWith(bytes)
    expect(wire.recordTimestamp(view, start + 20, 1, 77, () => false)).toBe(false)
    expect(wire.recordTimestamp(view, start + 20, 1, 77, (word) => word === 0x0a000009)).toBe(true)
    expect(view.getUint32(start + 28)).toBe(77)
  })

  it('finds a source route, a router alert and faults', () => {
    expect(scan(Uint8Array.of(131, 7, 4, 10, 0, 0, 1, 0))).toMatchObject({ sourceRoute: 20, strict: false, fault: -1 })
    expect(scan(Uint8Array.of(137, 7, 4, 10, 0, 0, 1, 0))).toMatchObject({ sourceRoute: 20, strict: true })
    expect(scan(ROUTER_ALERT_OPTION as Uint8Array)).toMatchObject({ routerAlert: true, fault: -1 })
    expect(scan(Uint8Array.of(1, 7, 99, 4)).fault).toBe(21)
    expect(scan(Uint8Array.of(7, 7, 3, 0, 0, 0, 0, 0)).fault).toBe(22)
    expect(scan(Uint8Array.of(68, 3, 5, 0)).fault).toBe(21)
    expect(scan(Uint8Array.of(68, 8, 5, 2, 0, 0, 0, 0)).fault).toBe(22)
    expect(scan(Uint8Array.of(68, 4, 5, 0xf0)).fault).toBe(23)
    expect(scan(Uint8Array.of(1, 1, 1, 7)).fault).toBe(23)
  })

  it('later fragments keep only the options with the copy flag', () => {
    const [view, start, length] = headerWith(
      formatOptions([
        { kind: 'record-route', addresses: [IpAddress.v4(0)], pointer: 4 },
        { kind: 'router-alert', value: 0 },
      ]),
    )
    wire.keepCopiedOptions(view, start, length)
    const kept = parseOptions(new Uint8Array(view.buffer, start + 20, length - 20))
    expect(kept.filter((each) => each.kind !== 'nop')).toEqual([{ kind: 'router-alert', value: 0 }])
  })
})
