export * from './wire/option-kinds.js'
export { parseTcpOptions, TcpOptions } from './wire/options.js'
export { formatSegmentOptions, parseSegmentOptions, type TcpOption } from './wire/plain-options.js'
export { formatTcpSegment, parseTcpSegment, type TcpSegment } from './wire/plain-segment.js'
export * from './wire/segment.js'
export {
  EstablishedOptions,
  establishedOptionsLength,
  maxSackBlocks,
  SynOptions,
  synCookieFits,
  synOptionsLength,
  writeAlignedTimestamps,
  writeEstablishedOptions,
  writeSynOptions,
} from './wire/write-options.js'
