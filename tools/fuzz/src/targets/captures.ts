import {
  createPcapBuffer,
  LINKTYPE_ETHERNET,
  LINKTYPE_RAW,
  PcapError,
  PcapngWriter,
  readCapture,
} from '@jackfield/pcap'
import { joined } from '../bytes.js'
import type { Chance } from '../chance.js'
import { spoiltPacket } from '../corpus/spoilt.js'
import type { Step } from './stateless.js'

/** Capture files: records, then the end or a `PcapError`. */
export function captures(): Step {
  return (chance, tell) => {
    const bytes = spoiltCapture(chance)
    tell(bytes)
    let records = 0
    try {
      for (const record of readCapture(bytes)) {
        records++
        if (record.kind === 'packet' && record.bytes.length > bytes.length)
          throw new Error('a packet longer than its file')
      }
    } catch (error) {
      if (!(error instanceof PcapError)) throw error
    }
    if (records > bytes.length) throw new Error(`${records} records in ${bytes.length} bytes`)
  }
}

function spoiltCapture(chance: Chance): Uint8Array {
  const bytes = chance.oneIn(3) ? classicFile(chance) : pcapngFile(chance)
  for (let count = chance.below(5); count > 0 && bytes.length > 0; count--) {
    // Most of a file is its packets; the fields that matter stand at the beginning of blocks.
    const at = chance.oneIn(2) ? chance.below(Math.min(bytes.length, 120)) : chance.below(bytes.length)
    bytes[at] = chance.byte()
  }
  return chance.oneIn(4) ? bytes.slice(0, chance.below(bytes.length + 1)) : bytes
}

function pcapngFile(chance: Chance): Uint8Array {
  const buffer = createPcapBuffer()
  const writer = new PcapngWriter(buffer.sink, { unbuffered: true })
  const id = writer.addInterface({ name: 'eth0', linkType: chance.oneIn(2) ? LINKTYPE_ETHERNET : LINKTYPE_RAW })
  for (let count = chance.below(4); count > 0; count--) {
    const bytes = spoiltPacket(chance)
    writer.writePacket(id, bytes, 0, bytes.length, chance.below(1_000_000_000))
  }
  writer.close()
  return buffer.toBytes()
}

function classicFile(chance: Chance): Uint8Array {
  const little = chance.oneIn(2)
  const header = new Uint8Array(24)
  const view = new DataView(header.buffer)
  view.setUint32(0, chance.oneIn(2) ? 0xa1b2c3d4 : 0xa1b23c4d, little)
  view.setUint16(4, 2, little)
  view.setUint16(6, 4, little)
  view.setUint32(16, 65_535, little)
  view.setUint32(20, chance.oneIn(2) ? 1 : 101, little)
  const pieces: Uint8Array[] = [header]
  for (let count = chance.below(4); count > 0; count--) {
    const bytes = spoiltPacket(chance)
    const record = new Uint8Array(16)
    const fields = new DataView(record.buffer)
    fields.setUint32(0, chance.word() >>> 0, little)
    fields.setUint32(8, chance.oneIn(8) ? chance.half() : bytes.length, little)
    fields.setUint32(12, chance.oneIn(8) ? chance.word() >>> 0 : bytes.length, little)
    pieces.push(record, bytes)
  }
  return joined(...pieces)
}
