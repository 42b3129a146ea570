import { IpAddress, MacAddress, Prefix } from '@jackfield/addr'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_LISTED } from './options.js'
import { NdpMessage, readLinkAddress, readNdp, readPrefixInformation, readRouteInformation } from './read.js'
import * as type from './types.js'
import * as write from './write.js'

const ip = (text: string): IpAddress => IpAddress.parse(text)
const word = fc.integer({ min: 0, max: 0xffff_ffff })
const address = fc.tuple(word, word, word, word).map((words) => IpAddress.v6(...words))
const link = fc.tuple(fc.integer({ min: 0, max: 0xffff }), word).map((parts) => new MacAddress(...parts))
const START = 5

/** What `build` wrote, read again. */
function roundTrip(build: (view: DataView, at: number) => number): [DataView, NdpMessage] {
  const view = new DataView(new ArrayBuffer(2048))
  const message = new NdpMessage()
  expect(readNdp(view, START, build(view, START), message)).toBe(true)
  return [view, message]
}

describe('messages of neighbour discovery', () => {
  test('parse(format(neighbour solicitation)) is the same, with link address and nonce', () => {
    fc.assert(
      fc.property(address, link, fc.integer({ min: 0, max: 0xffff }), word, (target, from, high, low) => {
        const [view, message] = roundTrip((to, at) => {
          const options = write.writeNeighborSolicit(to, at, target)
          const end = write.writeLinkAddressOption(to, options, type.ND_OPT_SOURCE_LINKADDR, from)
          return write.writeNonceOption(to, end, high, low)
        })
        expect(message.type).toBe(type.ND_NEIGHBOR_SOLICIT)
        expect(message.target.equals(target)).toBe(true)
        expect(readLinkAddress(view, message.options.sourceLinkAddress).equals(from)).toBe(true)
        expect(message.options.targetLinkAddress).toBe(0)
        expect(view.getUint16(message.options.nonce)).toBe(high)
        expect(view.getUint32(message.options.nonce + 2)).toBe(low)
      }),
    )
  })

  test('parse(format(neighbour advertisement)) is the same', () => {
    fc.assert(
      fc.property(address, link, fc.integer({ min: 0, max: 7 }), (target, from, bits) => {
        const [view, message] = roundTrip((to, at) =>
          write.writeLinkAddressOption(
            to,
            write.writeNeighborAdvert(to, at, target, bits << 5),
            type.ND_OPT_TARGET_LINKADDR,
            from,
          ),
        )
        expect([message.type, message.flags]).toEqual([type.ND_NEIGHBOR_ADVERT, bits << 5])
        expect(message.target.equals(target)).toBe(true)
        expect(readLinkAddress(view, message.options.targetLinkAddress).equals(from)).toBe(true)
      }),
    )
  })

  test('parse(format(router advertisement)) is the same, with prefix and MTU', () => {
    const byte = fc.integer({ min: 0, max: 255 })
    fc.assert(
      fc.property(
        fc.record({ hopLimit: byte, flags: byte, routerLifetime: fc.integer({ min: 0, max: 65_535 }) }),
        fc.record({ reachableTime: word, retransmitTimer: word }),
        fc.tuple(address, fc.integer({ min: 0, max: 128 }), fc.boolean(), fc.boolean(), word, word, word),
        (about, times, [base, length, onLink, autonomous, valid, preferred, mtu]) => {
          const advert = { ...about, ...times }
          const [view, message] = roundTrip((to, at) => {
            const options = write.writeMtuOption(to, write.writeRouterAdvert(to, at, advert), mtu)
            return write.writePrefixOption(to, options, new Prefix(base, length), onLink, autonomous, valid, preferred)
          })
          expect(message).toMatchObject({ type: type.ND_ROUTER_ADVERT, ...advert })
          expect(message.options.mtu).toBe(mtu)
          expect(message.options.prefixCount).toBe(1)
          const information = readPrefixInformation(view, message.options.prefixes[0] as number)
          expect(String(information?.prefix)).toBe(String(new Prefix(base, length).masked))
          expect(information).toMatchObject({ onLink, autonomous, validLifetime: valid, preferredLifetime: preferred })
        },
      ),
    )
  })

  test('parse(format(redirect)) is the same', () => {
    const [, message] = roundTrip((to, at) =>
      write.writeRedirectedOption(to, write.writeRedirect(to, at, ip('fe80::1'), ip('2001:db8::1')), 0),
    )
    expect(message.type).toBe(type.ND_REDIRECT)
    expect(String(message.target)).toBe('fe80::1')
    expect(String(message.destination)).toBe('2001:db8::1')
  })

  test('routes of 8, 16 and 24 bytes are read, and those that cannot hold their prefix are not (RFC 4191 2.3)', () => {
    const option = (units: number, bits: number): [DataView, NdpMessage] =>
      roundTrip((to, at) => {
        const from = write.writeRouterAdvert(to, at, {
          hopLimit: 0,
          flags: 0,
          routerLifetime: 0,
          reachableTime: 0,
          retransmitTimer: 0,
        })
        to.setUint8(from, type.ND_OPT_ROUTE_INFORMATION)
        to.setUint8(from + 1, units)
        to.setUint8(from + 2, bits)
        to.setUint8(from + 3, 0x08)
        to.setUint32(from + 4, 600)
        if (units > 1) to.setUint32(from + 8, 0x2001_0db8)
        return from + 8 * units
      })
    const routes = (units: number, bits: number): string[] => {
      const [view, { options }] = option(units, bits)
      return Array.from(options.routes.subarray(0, options.routeCount), (at) => {
        const { prefix, preference, lifetime } = readRouteInformation(view, at)
        return `${prefix} ${preference} ${lifetime}`
      })
    }
    expect(routes(1, 0)).toEqual(['::/0 8 600'])
    expect(routes(2, 32)).toEqual(['2001:db8::/32 8 600'])
    expect(routes(3, 65)).toEqual(['2001:db8::/65 8 600'])
    expect(routes(1, 1)).toEqual([])
    expect(routes(2, 65)).toEqual([])
    expect(routes(3, 129)).toEqual([])
    expect(routes(4, 64)).toEqual([])
  })

  test('an option without length, or cut short, spoils the message (RFC 4861 4.6)', () => {
    const view = new DataView(new ArrayBuffer(64))
    const message = new NdpMessage()
    const end = write.writeRouterSolicit(view, 0)
    expect(readNdp(view, 0, end, message)).toBe(true)
    expect(readNdp(view, 0, end + 8, message)).toBe(false)
    view.setUint8(end + 1, 2)
    expect(readNdp(view, 0, end + 8, message)).toBe(false)
    expect(readNdp(view, 0, end + 1, message)).toBe(false)
    view.setUint8(end + 1, 1)
    expect(readNdp(view, 0, end + 8, message)).toBe(true)
    view.setUint8(1, 1)
    expect(readNdp(view, 0, end + 8, message)).toBe(false)
  })

  test('no bytes make reading throw or look past the message, and lists stay within their bound', () => {
    const types = fc.constantFrom(133, 134, 135, 136, 137)
    fc.assert(
      fc.property(types, fc.uint8Array({ maxLength: 1400 }), (first, rest) => {
        const bytes = Uint8Array.of(first, 0, ...rest)
        const view = new DataView(bytes.buffer)
        const message = new NdpMessage()
        if (!readNdp(view, 0, bytes.length, message)) return
        const { prefixes, prefixCount, routes, routeCount, sourceLinkAddress } = message.options
        expect(Math.max(prefixCount, routeCount)).toBeLessThanOrEqual(MAX_LISTED)
        for (const at of prefixes.subarray(0, prefixCount)) readPrefixInformation(view, at)
        for (const at of routes.subarray(0, routeCount)) readRouteInformation(view, at)
        if (sourceLinkAddress !== 0) readLinkAddress(view, sourceLinkAddress)
      }),
    )
  })
})
