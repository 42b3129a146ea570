import { IpAddress } from '@jackfield/addr'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ExtensionHeader, formatExtensionHeaders, parseExtensionHeaders } from './extension-list.js'
import {
  checkIpv6Header,
  formatIpv6Header,
  HEADER_BAD_VERSION,
  HEADER_OK,
  HEADER_SHORT,
  HEADER_TRUNCATED,
  Ipv6Header,
  parseIpv6Header,
  readTrafficClass,
  writeTrafficClass,
} from './header.js'
import {
  CHAIN_LATER_FRAGMENT,
  CHAIN_OK,
  CHAIN_TOO_LONG,
  CHAIN_TRUNCATED,
  HeaderChain,
  MAX_EXTENSION_HEADERS,
  walkHeaders,
} from './header-chain.js'
import {
  formatIpv6Options,
  type Ipv6Option,
  padIpv6Options,
  parseIpv6Options,
  ROUTER_ALERT_OPTIONS,
} from './option-list.js'
import {
  OPTIONS_ANSWER,
  OPTIONS_ANSWER_UNICAST,
  OPTIONS_DISCARD,
  OPTIONS_MALFORMED,
  OPTIONS_OK,
  OptionScan,
  scanIpv6Options,
} from './options.js'

const words = fc.tuple(fc.nat(0xffff_ffff), fc.nat(0xffff_ffff), fc.nat(0xffff_ffff), fc.nat(0xffff_ffff))
const address = words.map(([a, b, c, d]) => IpAddress.v6(a, b, c, d))
const header = fc
  .record({
    trafficClass: fc.nat(255),
    flowLabel: fc.nat(0xfffff),
    payloadLength: fc.nat(200),
    nextHeader: fc.nat(255),
    hopLimit: fc.nat(255),
    source: address,
    destination: address,
  })
  .map((fields) => Object.assign(new Ipv6Header(), fields))

const option: fc.Arbitrary<Ipv6Option> = fc.oneof(
  fc.constant({ type: 0, data: new Uint8Array(0) }),
  fc.record({ type: fc.integer({ min: 1, max: 255 }), data: fc.uint8Array({ maxLength: 20 }) }),
)
const options = fc.array(option, { maxLength: 6 }).map(padIpv6Options)
const extension: fc.Arbitrary<ExtensionHeader> = fc.oneof(
  fc.record({ kind: fc.constantFrom('hop-by-hop' as const, 'destination-options' as const), options }),
  fc.record({
    kind: fc.constant('routing' as const),
    type: fc.nat(255),
    segmentsLeft: fc.nat(255),
    data: fc.nat(5).chain((units) => fc.uint8Array({ minLength: 4 + units * 8, maxLength: 4 + units * 8 })),
  }),
  fc.record({
    kind: fc.constant('fragment' as const),
    offset: fc.constant(0),
    more: fc.boolean(),
    identification: fc.nat(0xffff_ffff),
  }),
  fc.record({
    kind: fc.constant('authentication' as const),
    data: fc.nat(5).chain((units) => fc.uint8Array({ minLength: 6 + units * 4, maxLength: 6 + units * 4 })),
  }),
)
/** A transport that no walk goes on from. */
const transport = fc.constantFrom(6, 17, 58, 59, 253)

/** A packet of extension headers and 8 bytes behind them. */
function packetOf(headers: readonly ExtensionHeader[], protocol: number): DataView {
  const { bytes, nextHeader } = formatExtensionHeaders(headers, protocol)
  const packet = new Uint8Array(48 + bytes.length)
  const fixed = Object.assign(new Ipv6Header(), { nextHeader, payloadLength: bytes.length + 8 })
  formatIpv6Header(new DataView(packet.buffer), 0, fixed)
  packet.set(bytes, 40)
  return new DataView(packet.buffer)
}

describe('the fixed header', () => {
  it('parse(format(header)) = header', () => {
    fc.assert(
      fc.property(header, fc.nat(7), (given, at) => {
        const view = new DataView(new ArrayBuffer(at + 40 + given.payloadLength))
        expect(formatIpv6Header(view, at, given)).toBe(40)
        const read = new Ipv6Header()
        expect(parseIpv6Header(view, at, view.byteLength, read)).toBe(HEADER_OK)
        expect({ ...read, source: `${read.source}`, destination: `${read.destination}` }).toEqual({
          ...given,
          source: `${given.source}`,
          destination: `${given.destination}`,
        })
      }),
    )
  })

  it('says what is wrong, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const view = new DataView(bytes.buffer)
        const fault = checkIpv6Header(view, 0, bytes.length)
        if (bytes.length < 40) expect(fault).toBe(HEADER_SHORT)
        else if ((bytes[0] as number) >>> 4 !== 6) expect(fault).toBe(HEADER_BAD_VERSION)
        else expect(fault).toBe(view.getUint16(4) > bytes.length - 40 ? HEADER_TRUNCATED : HEADER_OK)
      }),
    )
  })

  it('has its traffic class changed and nothing else', () => {
    const view = new DataView(new ArrayBuffer(40))
    formatIpv6Header(view, 0, Object.assign(new Ipv6Header(), { trafficClass: 0xff, flowLabel: 0xabcde }))
    writeTrafficClass(view, 0, 0x13)
    expect(readTrafficClass(view, 0)).toBe(0x13)
    expect(view.getUint32(0)).toBe(0x613abcde)
  })

  it('refuses fields that do not fit', () => {
    const format = (fields: Partial<Ipv6Header>) => () =>
      formatIpv6Header(new DataView(new ArrayBuffer(40)), 0, Object.assign(new Ipv6Header(), fields))
    expect(format({ flowLabel: 0x100000 })).toThrow('the flow label is an integer from 0 to 1048575')
    expect(format({ hopLimit: 256 })).toThrow('the hop limit')
    expect(format({ payloadLength: 65_536 })).toThrow('the payload length')
  })
})

describe('extension headers', () => {
  it('parse(format(headers)) = headers, in any order', () => {
    fc.assert(
      fc.property(fc.array(extension, { maxLength: 6 }), transport, (headers, protocol) => {
        const view = packetOf(headers, protocol)
        const read = parseExtensionHeaders(view, 0, view.byteLength)
        expect(read.outcome).toBe(CHAIN_OK)
        expect(read.headers).toEqual(headers)
        expect([read.protocol, read.transport]).toEqual([protocol, view.byteLength - 8])
      }),
    )
  })

  it('end at a later fragment, at the end of the packet, and after a number of them', () => {
    const chain = new HeaderChain()
    const later = packetOf([{ kind: 'fragment', offset: 8, more: false, identification: 1 }], 17)
    expect(walkHeaders(later, 0, later.byteLength, chain)).toBe(CHAIN_LATER_FRAGMENT)
    expect([chain.fragment, chain.fragmentNamedAt, chain.protocol]).toEqual([40, 6, 17])
    expect(walkHeaders(later, 0, 47, chain)).toBe(CHAIN_TRUNCATED)
    const many = (count: number): DataView =>
      packetOf(
        Array.from({ length: count }, () => ({ kind: 'destination-options' as const, options: padIpv6Options([]) })),
        17,
      )
    const [most, more] = [many(MAX_EXTENSION_HEADERS), many(MAX_EXTENSION_HEADERS + 1)]
    expect(walkHeaders(most, 0, most.byteLength, chain)).toBe(CHAIN_OK)
    expect(walkHeaders(more, 0, more.byteLength, chain)).toBe(CHAIN_TOO_LONG)
  })

  it('of random bytes are walked without reading behind the end', () => {
    const kinds = fc.constantFrom(0, 43, 44, 51, 60, 17)
    fc.assert(
      fc.property(kinds, fc.array(fc.oneof(kinds, fc.nat(3), fc.nat(255)), { maxLength: 80 }), (first, rest) => {
        // Exactly as long as the packet: reading on would throw.
        const bytes = Uint8Array.from([...new Uint8Array(40), ...rest])
        bytes[6] = first
        const view = new DataView(bytes.buffer)
        const chain = new HeaderChain()
        walkHeaders(view, 0, bytes.length, chain)
        expect(chain.transport).toBeLessThanOrEqual(bytes.length)
        parseExtensionHeaders(view, 0, bytes.length)
      }),
    )
  })

  it('refuse what their fields cannot hold', () => {
    const format = (header: ExtensionHeader) => () => formatExtensionHeaders([header], 17)
    expect(format({ kind: 'fragment', offset: 4, more: false, identification: 0 })).toThrow('a multiple of 8 bytes')
    expect(format({ kind: 'routing', type: 0, segmentsLeft: 0, data: new Uint8Array(3) })).toThrow('a multiple of 8')
    expect(format({ kind: 'hop-by-hop', options: [{ type: 5, data: new Uint8Array(300) }] })).toThrow('0 to 255 bytes')
    expect(format({ kind: 'hop-by-hop', options: [{ type: 256, data: new Uint8Array(0) }] })).toThrow(
      'type of an option',
    )
  })
})

describe('options', () => {
  it('parse(format(options)) = options', () => {
    fc.assert(
      fc.property(fc.array(option, { maxLength: 8 }), (given) => {
        expect(parseIpv6Options(formatIpv6Options(given))).toEqual(given)
      }),
    )
    expect(() => parseIpv6Options(Uint8Array.of(5, 4, 0))).toThrow('does not end within')
  })

  const scan = (bytes: number[], alert = true): [number, OptionScan] => {
    const view = new DataView(Uint8Array.from([17, 0, ...bytes]).buffer)
    const found = new OptionScan()
    return [scanIpv6Options(view, 0, view.byteLength, alert, found), found]
  }

  it.each<[string, number[], number]>([
    ['nothing', [], OPTIONS_OK],
    ['padding', [0, 0, 1, 2, 0, 0], OPTIONS_OK],
    ['more padding than an alignment needs', [1, 6, 0, 0, 0, 0, 0, 0], OPTIONS_MALFORMED],
    ['padding that holds something', [1, 4, 0, 0, 7, 0], OPTIONS_MALFORMED],
    ['an option that ends behind its header', [1, 5, 0, 0, 0, 0], OPTIONS_MALFORMED],
    ['half an option', [0, 0, 0, 0, 0, 30], OPTIONS_MALFORMED],
    ['one to skip', [0x1e, 4, 1, 2, 3, 4], OPTIONS_OK],
    ['one to discard', [0x5e, 4, 1, 2, 3, 4], OPTIONS_DISCARD],
    ['one to answer', [0x9e, 4, 1, 2, 3, 4], OPTIONS_ANSWER],
    ['one to answer unless to a group', [0xde, 4, 1, 2, 3, 4], OPTIONS_ANSWER_UNICAST],
    ['a jumbogram', [0xc2, 4, 0, 1, 0, 0], OPTIONS_ANSWER_UNICAST],
    ['a bad router alert', [5, 4, 0, 0, 0, 0], OPTIONS_MALFORMED],
    ['more than a few', new Array(9).fill([0x1e, 0]).flat(), OPTIONS_MALFORMED],
  ])('%s', (_name, bytes, outcome) => {
    expect(scan(bytes)[0]).toBe(outcome)
  })

  it('tell of a router alert where that means something', () => {
    const alert = [...formatIpv6Options(ROUTER_ALERT_OPTIONS)]
    expect(scan(alert)).toMatchObject([OPTIONS_OK, { routerAlert: 0 }])
    expect(scan(alert, false)).toMatchObject([OPTIONS_OK, { routerAlert: -1 }])
  })

  it('of random bytes are read without reading behind the end', () => {
    fc.assert(fc.property(fc.array(fc.nat(255), { maxLength: 64 }), (bytes) => void scan(bytes)))
  })
})
