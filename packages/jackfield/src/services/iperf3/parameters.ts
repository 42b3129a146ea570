import { IEBLOCKSIZE, IENOSCTP, IENUMSTREAMS, IEOMIT, IERECVPARAMS, Iperf3Error } from './protocol.js'

/** What a client asks for, checked. */
export interface Iperf3Parameters {
  readonly protocol: 'tcp' | 'udp'
  /** Who sends: the client, the server (`-R`), or both (`--bidir`). */
  readonly sender: 'client' | 'server' | 'both'
  /** Streams each way, 1 to 128 (`-P`). */
  readonly streams: number
  /** Bytes of one write or datagram (`-l`). */
  readonly blockSize: number
  /** Seconds that the test lasts (`-t`); 0 where bytes end it. */
  readonly seconds: number
  /** Seconds at the beginning that do not count (`-O`). */
  readonly omit: number
  /** Bytes that end the test (`-n`, `-k`); 0 where time does. */
  readonly bytes: number
  /** Bits per second that a sender keeps each stream to (`-b`); 0 is no limit. */
  readonly rate: number
  /** Options of the data connections, undefined where they have their defaults. */
  readonly noDelay: boolean
  readonly segmentSize: number | undefined
  readonly bufferSize: number | undefined
  readonly typeOfService: number | undefined
  readonly congestion: string | undefined
  /** Whether datagrams are numbered by 64 bits (`--udp-counters-64bit`). */
  readonly wideCounters: boolean
}

/** iperf3's own limits. */
const MOST_STREAMS = 128
const MOST_BLOCK = 1024 * 1024
const MOST_DATAGRAM = 65_507
const MOST_OMIT = 600
/** A datagram's time and number. */
const LEAST_DATAGRAM = 16

/** Reads a client's parameters. Throws `Iperf3Error` for those that are not valid or cannot be served. */
export function readParameters(json: Readonly<Record<string, unknown>>): Iperf3Parameters {
  const flag = (name: string): boolean => json[name] === true || json[name] === 1
  const number = (name: string, otherwise: number): number => {
    const value = json[name]
    if (value === undefined) return otherwise
    if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
    throw new Iperf3Error(IERECVPARAMS, `${name} is a number of 0 or more`)
  }
  const integer = (name: string, least: number, most: number, otherwise: number, error: number): number => {
    const value = number(name, otherwise)
    if (Number.isInteger(value) && value >= least && value <= most) return value
    throw new Iperf3Error(error, `${name} is an integer from ${least} to ${most}, not ${value}`)
  }
  const optional = (name: string): number | undefined => number(name, 0) || undefined

  if (flag('sctp')) throw new Iperf3Error(IENOSCTP, 'there is no SCTP')
  const protocol = flag('udp') ? 'udp' : 'tcp'
  const blockSize =
    protocol === 'udp'
      ? integer('len', LEAST_DATAGRAM, MOST_DATAGRAM, 1448, IEBLOCKSIZE)
      : integer('len', 1, MOST_BLOCK, 128 * 1024, IEBLOCKSIZE)
  const congestion = json['congestion']
  return {
    protocol,
    sender: flag('bidirectional') ? 'both' : flag('reverse') ? 'server' : 'client',
    streams: integer('parallel', 1, MOST_STREAMS, 1, IENUMSTREAMS),
    blockSize,
    seconds: number('time', 0),
    omit: integer('omit', 0, MOST_OMIT, 0, IEOMIT),
    bytes: number('num', 0) || number('blockcount', 0) * blockSize,
    rate: number('bandwidth', 0),
    noDelay: flag('nodelay'),
    segmentSize: optional('MSS'),
    bufferSize: optional('window'),
    typeOfService: optional('TOS'),
    congestion: typeof congestion === 'string' ? congestion : undefined,
    wideCounters: flag('udp_counters_64bit'),
  }
}
