import {
  AF_INET6,
  EPOLLIN,
  IPV6_V6ONLY,
  SO_REUSEADDR,
  SOCK_STREAM,
  SOL_IPV6,
  SOL_SOCKET,
  SocketError,
  type Sockets,
} from '@jackfield/sockets'
import { type StreamHandler, StreamLoop } from './stream-loop.js'

/** Connections that a service serves at once; more wait in the backlog. */
const MOST_CONNECTIONS = 10_000

/**
 * Serves the connections to a port of every address, of both IP versions. Returns what ends it, with all that is open.
 * @param open what is to be done with a connection; null where somebody else takes it over
 * @throws SocketError `EADDRINUSE` where the port is taken
 */
export function serveStreams(
  sockets: Sockets,
  port: number,
  open: (fd: number, loop: StreamLoop) => StreamHandler | null,
  mostConnections: number = MOST_CONNECTIONS,
): () => void {
  const listening = sockets.socket(AF_INET6, SOCK_STREAM)
  try {
    sockets.setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, 1)
    sockets.setsockopt(listening, SOL_IPV6, IPV6_V6ONLY, 0)
    sockets.bind(listening, { address: '::', port })
    sockets.listen(listening)
  } catch (error) {
    sockets.close(listening)
    throw error
  }
  const loop = new StreamLoop(sockets)
  let connections = 0

  /** As a handler, and telling the listener when there is room for another. */
  function counted(handler: StreamHandler): StreamHandler {
    connections++
    return {
      wants: () => handler.wants(),
      ready: (events) => handler.ready(events),
      released: () => {
        handler.released?.()
        if (connections-- === mostConnections) loop.update(listening)
      },
    }
  }

  loop.add(listening, {
    // Of a listener that takes no more nobody wants to hear: it would be ready for ever.
    wants: () => (connections < mostConnections ? EPOLLIN : 0),
    ready: () => {
      let fd = -1
      try {
        fd = sockets.accept(listening)
        const handler = open(fd, loop)
        if (handler !== null) loop.add(fd, counted(handler))
      } catch (error) {
        // One that went before it was accepted or looked at, or no descriptor for it.
        if (!(error instanceof SocketError)) throw error
        if (fd >= 0) sockets.close(fd)
      }
      return true
    },
  })
  return () => loop.close()
}
