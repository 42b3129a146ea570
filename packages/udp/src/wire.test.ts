import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  parseUdp,
  parseUdpLite,
  UDP_BAD_LENGTH,
  UDP_OK,
  UDP_TRUNCATED,
  UdpHeader,
  UdpLiteHeader,
  writeUdp,
  writeUdpLite,
} from './wire.js'

const word = fc.integer({ min: 0, max: 0xffff })

test('parse(write(header)) = header, at any offset', () => {
  fc.assert(
    fc.property(
      word,
      word,
      fc.nat(100),
      word,
      fc.nat(20),
      fc.nat(9),
      (source, destination, payload, sum, at, padding) => {
        const view = new DataView(new ArrayBuffer(at + 8 + payload + padding))
        writeUdp(view, at, source, destination, 8 + payload, sum)
        const header = new UdpHeader()
        expect(parseUdp(view, at, view.byteLength, header)).toBe(UDP_OK)
        expect({ ...header }).toEqual({
          sourcePort: source,
          destinationPort: destination,
          length: 8 + payload,
          checksum: sum,
          payloadStart: at + 8,
          payloadEnd: at + 8 + payload,
        })
      },
    ),
  )
})

test('UDP-Lite: coverage 0 is everything, 1 to 7 and more than there is are bad', () => {
  fc.assert(
    fc.property(word, fc.nat(100), (coverage, payload) => {
      const view = new DataView(new ArrayBuffer(8 + payload))
      writeUdpLite(view, 0, 1, 2, coverage, 3)
      const header = new UdpLiteHeader()
      const good = coverage === 0 || (coverage >= 8 && coverage <= 8 + payload)
      expect(parseUdpLite(view, 0, 8 + payload, header)).toBe(good ? UDP_OK : UDP_BAD_LENGTH)
      if (good) expect(header.covered).toBe(coverage === 0 ? 8 + payload : coverage)
      expect(header.payloadStart).toBe(8)
    }),
  )
})

test('what is too short or lies about its length is told', () => {
  const view = new DataView(new ArrayBuffer(20))
  const header = new UdpHeader()
  expect(parseUdp(view, 0, 7, header)).toBe(UDP_TRUNCATED)
  expect(parseUdpLite(view, 0, 7, new UdpLiteHeader())).toBe(UDP_TRUNCATED)
  expect(parseUdp(view, 0, 20, header)).toBe(UDP_BAD_LENGTH)
  writeUdp(view, 0, 1, 2, 21, 0)
  expect(parseUdp(view, 0, 20, header)).toBe(UDP_TRUNCATED)
  expect(header.payloadEnd).toBe(20)
})
