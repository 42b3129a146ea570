import { classicRecords, isClassic } from './format/classic-reader.js'
import { BLOCK_SECTION } from './format/pcapng.js'
import { PcapngReader } from './format/pcapng-reader.js'
import type { CapturedPacket, CaptureRecord } from './format/record.js'
import { PcapError } from './pcap-error.js'

/**
 * Reads a capture file record by record: pcapng (any number of sections, either byte order) or classic pcap
 * (micro- or nanoseconds, either byte order). Blocks and options that are not known are passed over.
 * @throws PcapError where the file is malformed; the records before that have come by then
 */
export function* readCapture(bytes: Uint8Array): Generator<CaptureRecord, void, undefined> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (isClassic(view)) {
    yield* classicRecords(bytes)
    return
  }
  if (bytes.length < 4 || view.getUint32(0) !== BLOCK_SECTION) {
    throw new PcapError('neither a pcapng nor a pcap file: it begins with none of their magic numbers', 0)
  }
  yield* new PcapngReader(bytes).records()
}

/** All packets of a capture file. Throws as `readCapture` does. */
export function readPackets(bytes: Uint8Array): CapturedPacket[] {
  const packets: CapturedPacket[] = []
  for (const record of readCapture(bytes)) if (record.kind === 'packet') packets.push(record)
  return packets
}
