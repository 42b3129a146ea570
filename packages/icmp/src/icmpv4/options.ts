import type { NetworkHeader } from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'

const IPV4_HEADER_LENGTH = 20
const END_OF_OPTIONS = 0
const NO_OPERATION = 1
const RECORD_ROUTE = 7
const INTERNET_TIMESTAMP = 68

/**
 * The options of a request that belong in its reply: record route and timestamp, as the network layer has
 * updated them (RFC 1122 3.2.2.6). Padded to a multiple of 4; null for none.
 */
export function replyOptions(packet: Packet, header: NetworkHeader): Uint8Array | null {
  if (packet.networkHeader < 0 || header.headerLength <= IPV4_HEADER_LENGTH) return null
  const { bytes } = packet
  const options = new Uint8Array(40)
  const end = Math.min(packet.networkHeader + header.headerLength, packet.end)
  let at = packet.networkHeader + IPV4_HEADER_LENGTH
  let length = 0
  while (at < end) {
    const type = bytes[at]
    if (type === END_OF_OPTIONS) break
    if (type === NO_OPERATION) {
      at++
      continue
    }
    const size = at + 1 < end ? (bytes[at + 1] as number) : 0
    if (size < 2 || at + size > end) break
    if (type === RECORD_ROUTE || type === INTERNET_TIMESTAMP) {
      for (let i = 0; i < size; i++) options[length + i] = bytes[at + i] as number
      length += size
    }
    at += size
  }
  return length === 0 ? null : options.slice(0, (length + 3) & ~3)
}
