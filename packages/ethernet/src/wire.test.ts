import { ETH_P_8021AD, ETH_P_8021Q, ETH_P_IP } from '@jackfield/interfaces'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ARP_LENGTH,
  ArpPacket,
  ETHERNET_TRUNCATED,
  EthernetHeader,
  ethernetLength,
  insertVlanTag,
  parseArp,
  parseEthernet,
  removeVlanTag,
  writeArp,
  writeEthernet,
} from './wire.js'

const word16 = fc.integer({ min: 0, max: 0xffff })
const word32 = fc.integer({ min: -0x80000000, max: 0x7fffffff })
const type = word16.filter((value) => value !== ETH_P_8021Q && value !== ETH_P_8021AD)

const header = fc
  .record({
    destinationHigh: word16,
    destinationLow: word32,
    sourceHigh: word16,
    sourceLow: word32,
    etherType: type,
    tag: fc.option(fc.record({ tagType: fc.constantFrom(ETH_P_8021Q, ETH_P_8021AD), vlan: word16 })),
  })
  .map(({ tag, ...fields }) => Object.assign(new EthernetHeader(), fields, tag ?? {}))

const arp = fc
  .record({
    operation: word16,
    senderHigh: word16,
    senderLow: word32,
    sender: word32,
    targetHigh: word16,
    targetLow: word32,
    target: word32,
  })
  .map((fields) => Object.assign(new ArpPacket(), fields))

describe('Ethernet', () => {
  it('parse(write(header)) = header, at any offset', () => {
    fc.assert(
      fc.property(header, fc.integer({ min: 0, max: 9 }), (given, at) => {
        const length = ethernetLength(given)
        const view = new DataView(new ArrayBuffer(at + length))
        expect(writeEthernet(view, at, given)).toBe(at + length)
        const read = new EthernetHeader()
        expect(parseEthernet(view, at, at + length, read)).toBe(at + length)
        expect(read).toEqual(given)
        for (let end = at; end < at + length; end++) {
          expect(parseEthernet(view, at, end, read)).toBe(ETHERNET_TRUNCATED)
        }
      }),
    )
  })

  it('reads the outermost of two tags and leaves the other', () => {
    const view = new DataView(new ArrayBuffer(22))
    view.setUint16(12, ETH_P_8021AD)
    view.setUint16(14, 100)
    view.setUint16(16, ETH_P_8021Q)
    view.setUint16(18, 5)
    view.setUint16(20, ETH_P_IP)
    const read = new EthernetHeader()
    expect(parseEthernet(view, 0, 22, read)).toBe(18)
    expect(read).toMatchObject({ tagType: ETH_P_8021AD, vlan: 100, etherType: ETH_P_8021Q })
  })

  it('a tag put in and taken out leaves the frame as it was', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 14, maxLength: 40 }), word16, (frame, tci) => {
        const bytes = new Uint8Array(4 + frame.length)
        bytes.set(frame, 4)
        const view = new DataView(bytes.buffer)
        insertVlanTag(view, 0, ETH_P_8021Q, tci)
        expect(bytes.subarray(0, 12)).toEqual(frame.subarray(0, 12))
        expect(view.getUint32(12)).toBe(ETH_P_8021Q * 65_536 + tci)
        expect(removeVlanTag(view, 0)).toBe(4)
        expect(bytes.subarray(4)).toEqual(frame)
      }),
    )
  })
})

describe('ARP', () => {
  it('parse(write(packet)) = packet, padding or not', () => {
    fc.assert(
      fc.property(arp, fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 18 }), (given, at, padding) => {
        const end = at + ARP_LENGTH + padding
        const view = new DataView(new ArrayBuffer(end))
        writeArp(view, at, given)
        const read = new ArpPacket()
        expect(parseArp(view, at, end, read)).toBe(true)
        expect(read).toEqual(given)
        for (let short = at; short < at + ARP_LENGTH; short++) expect(parseArp(view, at, short, read)).toBe(false)
      }),
    )
  })
})
