import { type Packet, PacketPool } from '@jackfield/packet'
import { decodeVnetHeader, encodeVnetHeader, VNET_HEADER_LENGTH } from '@jackfield/tun-driver/wire'
import { joined } from '../bytes.js'
import { spoiltFrame, spoiltPacket } from '../corpus/spoilt.js'
import type { Step } from './stateless.js'

/** The header of a driver with offloads: what is believed fits the packet, and can be written again. */
export function vnet(): Step {
  const pool = new PacketPool()
  return (chance, tell) => {
    const ethernet = chance.oneIn(2)
    const bytes = ethernet ? spoiltFrame(chance) : spoiltPacket(chance)
    const header = chance.bytes(VNET_HEADER_LENGTH)
    if (!chance.oneIn(4)) {
      header[0] = chance.below(4)
      header[1] = chance.pick([0, 1, 4, 5, 0x81])
      header[6] = (ethernet ? 14 : 0) + 20
      header[7] = 0
      header[8] = chance.pick([6, 16])
      header[9] = 0
    }
    tell(joined(header, bytes))
    const given = pool.copyOf(joined(header, bytes))
    const at = given.start
    given.start += VNET_HEADER_LENGTH
    if (decodeVnetHeader(given.view, at, given, ethernet)) {
      checkVnet(given)
      encodeVnetHeader(given.view, at, given, ethernet)
    }
    given.release()
    if (pool.outstanding !== 0) throw new Error('a decoded packet was not given back')
  }
}

function checkVnet(packet: Packet): void {
  const { start, end, checksum, checksumStart, checksumOffset, segmentType, segmentSize, segmentCount } = packet
  if (checksum === 1 && (checksumStart < start || checksumStart + checksumOffset + 2 > end)) {
    throw new Error(`a checksum at ${checksumStart} + ${checksumOffset}, outside of ${start} to ${end}`)
  }
  if (segmentType !== 0 && (segmentSize < 1 || segmentCount < 1 || segmentCount > Math.max(1, end - start))) {
    throw new Error(`${segmentCount} segments of ${segmentSize} bytes in ${end - start}`)
  }
}
