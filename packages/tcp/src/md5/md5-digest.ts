import type { IpAddress } from '@jackfield/addr'
import type { Packet } from '@jackfield/packet'
// RFC 2385 is made of MD5, which the web's own cryptography does not offer.
import { md5 } from '@noble/hashes/legacy.js'
import { TCP_CHECKSUM, TCP_HEADER_LENGTH } from '../wire/segment.js'

const IPPROTO_TCP = 6
const DIGEST_LENGTH = 16

/** Pseudo-header and TCP header as they are hashed. */
const head = new Uint8Array(40 + TCP_HEADER_LENGTH)
const headView = new DataView(head.buffer)

/**
 * The digest of a segment (RFC 2385 2.0): of the pseudo-header, the TCP header without options and with a checksum of zero, the data,
 * and the key.
 * @param at where the TCP header begins
 * @param dataStart where the data begins; it ends at `end`
 */
function md5Digest(
  key: Uint8Array,
  source: IpAddress,
  destination: IpAddress,
  bytes: Uint8Array,
  at: number,
  dataStart: number,
  end: number,
): Uint8Array {
  const length = writePseudoHeader(source, destination, end - at)
  for (let i = 0; i < TCP_HEADER_LENGTH; i++) head[length + i] = bytes[at + i] as number
  headView.setUint16(length + TCP_CHECKSUM, 0)
  const hash = md5.create().update(head.subarray(0, length + TCP_HEADER_LENGTH))
  if (dataStart < end) hash.update(bytes.subarray(dataStart, end))
  return hash.update(key).digest()
}

function writePseudoHeader(source: IpAddress, destination: IpAddress, segmentLength: number): number {
  const from = source.unmapped()
  const to = destination.unmapped()
  const size = from.version === 4 ? 4 : 16
  from.writeTo(headView, 0)
  to.writeTo(headView, size)
  const at = 2 * size
  if (size === 4) {
    headView.setUint16(at, IPPROTO_TCP)
    headView.setUint16(at + 2, segmentLength)
    return at + 4
  }
  headView.setUint32(at, segmentLength)
  headView.setUint32(at + 4, IPPROTO_TCP)
  return at + 8
}

/** Signs a segment that is complete but for its checksum: the option is there, four bytes behind the header's fixed part. */
export function md5Sign(key: Uint8Array, source: IpAddress, destination: IpAddress, packet: Packet): void {
  const { start, end, bytes, view } = packet
  const dataStart = start + (view.getUint8(start + 12) >>> 4) * 4
  const digest = md5Digest(key, source, destination, bytes, start, dataStart, end)
  const at = start + TCP_HEADER_LENGTH + 4
  for (let i = 0; i < DIGEST_LENGTH; i++) view.setUint8(at + i, digest[i] as number)
}

/** Whether the digest at `digestAt` is that of the segment. In constant time. */
export function md5Matches(
  key: Uint8Array,
  source: IpAddress,
  destination: IpAddress,
  packet: Packet,
  digestAt: number,
): boolean {
  // The window of an arriving segment is its data.
  const digest = md5Digest(key, source, destination, packet.bytes, packet.transportHeader, packet.start, packet.end)
  let difference = 0
  for (let i = 0; i < DIGEST_LENGTH; i++) difference |= (digest[i] as number) ^ packet.view.getUint8(digestAt + i)
  return difference === 0
}
