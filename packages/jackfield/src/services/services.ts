import { IPPROTO_UDP } from '@jackfield/sockets'
import { chargenLines, chargenTurns } from './chargen.js'
import { serveDatagrams } from './datagram-service.js'
import { daytime } from './daytime.js'
import type { ServiceHost } from './service-host.js'
import { DiscardStream, EchoStream, SendStream } from './small-streams.js'
import type { StreamHandler } from './stream-loop.js'
import { serveStreams } from './stream-service.js'

/** The small services of old, on their assigned ports: good targets for tests of everything below them. */
export const SERVICE_NAMES = ['echo', 'discard', 'chargen', 'daytime'] as const
export type ServiceName = (typeof SERVICE_NAMES)[number]

/** A service that runs. */
export interface Service {
  readonly name: string
  readonly port: number
  /** `'udp'` and the like. */
  readonly transports: readonly string[]
  close(): void
}

/** IANA's ports: RFC 862, 863, 864, 867. */
const PORTS: Readonly<Record<ServiceName, number>> = { echo: 7, discard: 9, daytime: 13, chargen: 19 }

/** What a service answers to a datagram; null for no answer. */
type Answer = (request: Uint8Array, host: ServiceHost) => Uint8Array | null

/** Bytes of UDP chargen's answer: RFC 864 has up to 512. */
const CHARGEN_DATAGRAM = 512

const ANSWERS: Readonly<Record<ServiceName, Answer>> = {
  echo: (request) => request,
  discard: () => null,
  chargen: () => chargenLines(CHARGEN_DATAGRAM),
  daytime: (_request, host) => daytime(host.stack.clock.wallTime()),
}

/** What TCP chargen sends over and over: many turns of the pattern, as each call costs. */
const CHARGEN_STREAM: Uint8Array = chargenTurns(64)

/** What a service does with a connection. */
const STREAMS: Readonly<Record<ServiceName, (host: ServiceHost, fd: number) => StreamHandler>> = {
  echo: (host, fd) => new EchoStream(host.sockets, fd),
  discard: (host, fd) => new DiscardStream(host.sockets, fd),
  chargen: (host, fd) => new SendStream(host.sockets, fd, CHARGEN_STREAM, false),
  daytime: (host, fd) => new SendStream(host.sockets, fd, daytime(host.stack.clock.wallTime()), true),
}

/**
 * Starts a service on its assigned port on every address of the host, for datagrams and for connections.
 * @throws SocketError `EADDRINUSE` where the port is taken
 */
export function serve(host: ServiceHost, name: ServiceName): Service {
  const port = PORTS[name]
  const answer = ANSWERS[name]
  const closeDatagrams = serveDatagrams(host.sockets, IPPROTO_UDP, port, (request) => answer(request, host))
  try {
    const closeStreams = serveStreams(host.sockets, port, (fd) => STREAMS[name](host, fd))
    const close = (): void => {
      closeDatagrams()
      closeStreams()
    }
    return { name, port, transports: ['udp', 'tcp'], close }
  } catch (error) {
    closeDatagrams()
    throw error
  }
}
