export { type CaptureOptions, capture } from './capture.js'
export { createDissectors, type DissectOptions, dissect } from './dissect/dissect.js'
export {
  type DissectInput,
  type Dissector,
  type Dissectors,
  dissectPayload,
  type NetworkContext,
} from './dissect/dissectors.js'
export { formatLine, formatTree, type LineOptions, type TimeStyle } from './dissect/format.js'
export { type Field, type FieldStatus, findField, findLayer, Layer } from './dissect/layer.js'
export { TcpSession } from './dissect/tcp-session.js'
export type { PcapSink } from './format/block-writer.js'
export { DIRECTION_INBOUND, DIRECTION_OUTBOUND, DIRECTION_UNKNOWN, MAX_SNAP_LENGTH } from './format/pcapng.js'
export type {
  CapturedPacket,
  CaptureInterface,
  CaptureInterfaceRecord,
  CaptureRecord,
  CaptureSection,
  CaptureStatisticsRecord,
} from './format/record.js'
export * from './link-type.js'
export { createPcapBuffer, type PcapBuffer } from './pcap-buffer.js'
export { PcapError } from './pcap-error.js'
export {
  type CaptureInterfaceOptions,
  type CaptureStatistics,
  type PacketDetails,
  PcapngWriter,
  type PcapngWriterOptions,
} from './pcapng-writer.js'
export { readCapture, readPackets } from './read-capture.js'
