import { CHECKSUM_PARTIAL, checksum, foldSum, type Packet, sumBytes, sumWord } from '@jackfield/packet'

/** The protocol of an IPv4 packet without options; -1 for another. */
export function protocolOf(packet: Packet): number {
  return packet.view.getUint8(packet.start) === 0x45 ? packet.view.getUint8(packet.start + 9) : -1
}

/** An IPv4 packet with a UDP datagram from 10.77.0.2:7 to 10.77.0.1:7777; the UDP checksum is 0. */
export function udpPacket(payload: number): Uint8Array {
  const bytes = new Uint8Array(28 + payload).map((_, i) => i & 0xff)
  const view = new DataView(bytes.buffer)
  writeIpHeader(view, 17)
  view.setUint16(20, 7)
  view.setUint16(22, 7777)
  view.setUint16(24, 8 + payload)
  view.setUint16(26, 0)
  return bytes
}

/** An IPv4 packet with a TCP segment from 10.77.0.2 to 10.77.0.1; the TCP checksum is 0. */
export function tcpPacket(
  port: { ours: number; theirs: number },
  flags: number,
  sequence: number,
  acknowledgement: number,
  payload: Buffer,
): Uint8Array {
  const bytes = new Uint8Array(40 + payload.length)
  const view = new DataView(bytes.buffer)
  writeIpHeader(view, 6)
  view.setUint16(20, port.ours)
  view.setUint16(22, port.theirs)
  view.setUint32(24, sequence)
  view.setInt32(28, acknowledgement)
  view.setUint8(32, 5 << 4)
  view.setUint8(33, flags)
  view.setUint16(34, 65_535)
  bytes.set(payload, 40)
  return bytes
}

function writeIpHeader(view: DataView, protocol: number): void {
  view.setUint32(0, 0x45000000 | view.byteLength)
  view.setUint32(4, 0)
  view.setUint32(8, (64 << 24) | (protocol << 16))
  view.setUint32(12, 0x0a4d0002)
  view.setUint32(16, 0x0a4d0001)
  view.setUint16(10, checksum(view, 0, 20))
}

/** Leaves the checksum to the device: the pseudo-header's sum in its field. */
export function partial(packet: Packet, protocol: number, offset: number): void {
  const { view, start } = packet
  const sum = sumBytes(view, start + 12, start + 20) + sumWord(protocol) + sumWord(packet.length - 20)
  view.setUint16(start + 20 + offset, foldSum(sum))
  packet.checksum = CHECKSUM_PARTIAL
  packet.checksumStart = start + 20
  packet.checksumOffset = offset
}
