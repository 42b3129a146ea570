import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Icmpv4Message, icmpv4CodeName, icmpv4TypeName, parseIcmpv4, verifyIcmpv4, writeIcmpv4 } from './wire.js'

describe('the wire format', () => {
  it('reads what it wrote', () => {
    fc.assert(
      fc.property(
        fc.nat(255),
        fc.nat(255),
        fc.nat(0xffff_ffff),
        fc.uint8Array({ maxLength: 64 }),
        (type, code, rest, body) => {
          const view = new DataView(new ArrayBuffer(8 + body.length))
          new Uint8Array(view.buffer).set(body, 8)
          writeIcmpv4(view, 0, view.byteLength, type, code, rest)
          expect(verifyIcmpv4(view, 0, view.byteLength)).toBe(new Uint8Array(view.buffer).some((byte) => byte !== 0))
          const message = new Icmpv4Message()
          if (!parseIcmpv4(view, 0, view.byteLength, message)) {
            expect([13, 14]).toContain(type)
            expect(body.length).toBeLessThan(12)
            return
          }
          expect([message.type, message.code]).toEqual([type, code])
          if (type === 8) expect(message.identifier * 0x1_0000 + message.sequence).toBe(rest)
          if (type === 5) expect(message.gateway.w3).toBe(rest | 0)
          if (type === 12) expect(message.pointer).toBe(rest >>> 24)
          if (type === 3 && code === 4) expect(message.mtu).toBe(rest & 0xffff)
        },
      ),
    )
  })

  it('never throws and stays within bounds', () => {
    const message = new Icmpv4Message()
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 64 }),
        fc.integer({ min: -5, max: 80 }),
        fc.integer({ min: -5, max: 80 }),
        (bytes, start, end) => {
          const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
          if (!parseIcmpv4(view, start, end, message)) return
          expect(message.dataStart).toBeLessThanOrEqual(end)
          expect(message.quoteEnd).toBeLessThanOrEqual(end)
        },
      ),
    )
  })

  it('finds extensions behind a quote of 128 bytes and more', () => {
    const view = new DataView(new ArrayBuffer(8 + 128 + 8))
    const message = new Icmpv4Message()
    writeIcmpv4(view, 0, view.byteLength, 11, 0, 32 << 16)
    parseIcmpv4(view, 0, view.byteLength, message)
    expect([message.quoteEnd, message.extensionStart]).toEqual([136, 136])
    writeIcmpv4(view, 0, view.byteLength, 11, 0, 31 << 16)
    parseIcmpv4(view, 0, view.byteLength, message)
    expect([message.quoteEnd, message.extensionStart]).toEqual([144, -1])
  })

  it('names types and codes', () => {
    expect(icmpv4TypeName(8)).toBe('echo request')
    expect(icmpv4TypeName(200)).toBe('type 200')
    expect(icmpv4CodeName(3, 3)).toBe('port unreachable')
    expect(icmpv4CodeName(3, 99)).toBe('code 99')
    expect(icmpv4CodeName(8, 0)).toBeNull()
  })
})
