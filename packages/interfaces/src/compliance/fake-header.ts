import { type IpAddress, type IpAddressSlot, setSlotV4, setSlotV6 } from '@jackfield/addr'
import { checksum, type Packet } from '@jackfield/packet'
import type { NetworkHeader } from '../network.js'

/** @internal Fills a header from the bytes at an offset. */
export function readFakeHeader(packet: Packet, header: NetworkHeader, at: number): void {
  const view = packet.view
  if (view.getUint8(at) >>> 4 === 4) {
    header.version = 4
    header.headerLength = (view.getUint8(at) & 15) * 4
    header.tos = view.getUint8(at + 1)
    header.ttl = view.getUint8(at + 8)
    header.protocol = view.getUint8(at + 9)
    setSlotV4(header.source as IpAddressSlot, view.getInt32(at + 12))
    setSlotV4(header.destination as IpAddressSlot, view.getInt32(at + 16))
  } else {
    header.version = 6
    header.headerLength = 40
    header.tos = (view.getUint16(at) >>> 4) & 0xff
    header.flowLabel = view.getUint32(at) & 0xfffff
    header.protocol = view.getUint8(at + 6)
    header.ttl = view.getUint8(at + 7)
    for (const [slot, from] of [
      [header.source, at + 8],
      [header.destination, at + 24],
    ] as const) {
      setSlotV6(
        slot as IpAddressSlot,
        view.getInt32(from),
        view.getInt32(from + 4),
        view.getInt32(from + 8),
        view.getInt32(from + 12),
      )
    }
  }
}

/** @internal Writes a plain header at `networkHeader`. */
export function writeFakeHeader(
  packet: Packet,
  source: IpAddress,
  destination: IpAddress,
  protocol: number,
  ttl: number,
  tos: number,
): void {
  const { view, networkHeader: at } = packet
  const length = packet.end - at
  if (destination.version === 4) {
    view.setUint16(at, 0x4500 | tos)
    view.setUint16(at + 2, length)
    view.setUint32(at + 4, 0)
    view.setUint8(at + 8, ttl)
    view.setUint8(at + 9, protocol)
    view.setUint16(at + 10, 0)
    source.writeTo(view, at + 12)
    destination.writeTo(view, at + 16)
    view.setUint16(at + 10, checksum(view, at, at + 20))
  } else {
    view.setUint32(at, 0x6000_0000 | (tos << 20))
    view.setUint16(at + 4, length - 40)
    view.setUint8(at + 6, protocol)
    view.setUint8(at + 7, ttl)
    source.writeTo(view, at + 8)
    destination.writeTo(view, at + 24)
  }
}
