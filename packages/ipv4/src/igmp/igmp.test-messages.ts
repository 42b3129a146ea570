import { IpAddress } from '@jackfield/addr'
import { checksum } from '@jackfield/packet'
import { IgmpMessage, IgmpRecord, readIgmp, readIgmpRecord } from './wire.js'

const RECORDS = ['', 'IS_IN', 'IS_EX', 'TO_IN', 'TO_EX', 'ALLOW', 'BLOCK']

/** One line for a message that was sent: `v3 TO_EX 239.1.2.3{} > 224.0.0.22`. */
export function describeMessage(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const message = new IgmpMessage()
  if (!readIgmp(view, 0, bytes.length, message)) return 'cut short'
  if (checksum(view, 0, bytes.length) !== 0) return 'bad checksum'
  if (message.type === 0x12 || message.type === 0x16) return `v${message.type === 0x12 ? 1 : 2} ${message.group}`
  if (message.type === 0x17) return `leave ${message.group}`
  const record = new IgmpRecord()
  const parts: string[] = []
  let at = message.recordsAt
  for (let i = 0; i < message.records; i++) {
    at = readIgmpRecord(view, at, bytes.length, record)
    if (at < 0) return 'cut short'
    const sources = Array.from({ length: record.sources }, (_, n) => IpAddress.readV4(view, record.sourcesAt + 4 * n))
    parts.push(`${RECORDS[record.type]} ${record.group}{${sources}}`)
  }
  return at === bytes.length ? `v3 ${parts.join(' ')}` : 'trailing bytes'
}
