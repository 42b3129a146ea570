import type { DataStream } from './data-stream.js'
import type { Iperf3Parameters } from './parameters.js'

/** What a test came to, for people. */
export interface Iperf3Result {
  /** Address and port of the client. */
  readonly client: string
  readonly protocol: 'tcp' | 'udp'
  /** Seconds measured. */
  readonly seconds: number
  /** Streams, of both directions. */
  readonly streams: number
  readonly bytesReceived: number
  readonly bytesSent: number
  /** Segments that this side sent again. */
  readonly retransmits: number
  /** Datagrams that this side missed, of how many. */
  readonly lost: number
  readonly packets: number
  /** Why the test ended early; undefined where it went to its end. */
  readonly error?: string
}

/** Microseconds that the process was busy, as of Node's `process.cpuUsage()`. */
export interface CpuUsage {
  readonly user: number
  readonly system: number
}

/** Per cent of a time that the process was busy, as iperf3 tells it. */
function cpuShares(before: CpuUsage, after: CpuUsage, seconds: number) {
  const share = (microseconds: number): number => (seconds > 0 ? microseconds / 1e4 / seconds : 0)
  const [user, system] = [share(after.user - before.user), share(after.system - before.system)]
  return { cpu_util_total: user + system, cpu_util_user: user, cpu_util_system: system }
}

/** Streams are numbered 1, 3, 4, 5 and so on: iperf3 has it so, and looks for those numbers. */
function streamNumber(index: number): number {
  return index === 0 ? 1 : index + 2
}

/** The server's results as the client reads them. */
export function resultsJson(
  parameters: Iperf3Parameters,
  streams: readonly DataStream[],
  seconds: number,
  cpu: { readonly before: CpuUsage; readonly after: CpuUsage },
  congestion: string | undefined,
): object {
  const sendsTcp = parameters.protocol === 'tcp' && parameters.sender !== 'client'
  return {
    ...cpuShares(cpu.before, cpu.after, seconds),
    // -1 is that this side does not know.
    sender_has_retransmits: sendsTcp ? 1 : -1,
    ...(congestion === undefined ? {} : { congestion_used: congestion }),
    streams: streams.map((stream, index) => ({
      id: streamNumber(index),
      bytes: stream.bytes,
      retransmits: stream.retransmits ?? -1,
      jitter: stream.jitter,
      errors: stream.lost,
      omitted_errors: 0,
      packets: stream.packets,
      omitted_packets: 0,
      start_time: 0,
      end_time: seconds,
    })),
  }
}

/** All streams together. */
export function summary(
  client: string,
  protocol: 'tcp' | 'udp',
  streams: readonly DataStream[],
  seconds: number,
  error: string | undefined,
): Iperf3Result {
  const sum = (value: (stream: DataStream) => number): number =>
    streams.reduce((total, stream) => total + value(stream), 0)
  return {
    client,
    protocol,
    seconds,
    streams: streams.length,
    bytesReceived: sum((stream) => (stream.sends ? 0 : stream.bytes)),
    bytesSent: sum((stream) => (stream.sends ? stream.bytes : 0)),
    retransmits: sum((stream) => stream.retransmits ?? 0),
    lost: sum((stream) => stream.lost),
    packets: sum((stream) => stream.packets),
    ...(error === undefined ? {} : { error }),
  }
}
