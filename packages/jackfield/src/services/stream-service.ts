import {
  AF_INET,
  EPOLLIN,
  EPOLLOUT,
  SO_REUSEADDR,
  SOCK_STREAM,
  SOL_SOCKET,
  SocketError,
  type Sockets,
} from '@jackfield/sockets'

/** What a service does with one connection. Its methods never wait; they are called when the socket is ready. */
export interface StreamHandler {
  /** What it wants to hear of: `EPOLLIN`, `EPOLLOUT` or both. Asked after each call. */
  wants(): number
  /** The socket is ready. False: the connection is done with, and is closed. */
  ready(events: number): boolean
}

/** Connections that a service serves at once; more wait in the backlog. */
const MOST_CONNECTIONS = 10_000

/** Serves the connections to a port. Returns what ends it. */
export function serveStreams(
  sockets: Sockets,
  port: number,
  open: (sockets: Sockets, fd: number) => StreamHandler,
): () => void {
  const listening = sockets.socket(AF_INET, SOCK_STREAM)
  try {
    sockets.setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, 1)
    sockets.bind(listening, { address: '0.0.0.0', port })
    sockets.listen(listening)
  } catch (error) {
    sockets.close(listening)
    throw error
  }
  const handlers = new Map<number, StreamHandler>()
  const readiness = sockets.epoll()
  readiness.add(listening, EPOLLIN)
  const stop = new AbortController()

  function acceptOne(): void {
    const fd = sockets.accept(listening)
    const handler = open(sockets, fd)
    handlers.set(fd, handler)
    readiness.add(fd, handler.wants())
  }

  function serve(fd: number, events: number): void {
    const handler = handlers.get(fd)
    if (handler === undefined) return
    let goesOn = false
    try {
      goesOn = handler.ready(events)
    } catch (error) {
      // A connection that broke ends alone.
      if (!(error instanceof SocketError)) throw error
    }
    if (goesOn) readiness.modify(fd, handler.wants())
    else finish(fd)
  }

  function finish(fd: number): void {
    handlers.delete(fd)
    readiness.delete(fd)
    sockets.close(fd)
  }

  function act(fd: number, events: number): void {
    if (fd !== listening) serve(fd, events)
    else if (handlers.size < MOST_CONNECTIONS) {
      try {
        acceptOne()
      } catch (error) {
        if (!(error instanceof SocketError)) throw error
      }
    }
  }

  void (async () => {
    while (!stop.signal.aborted) {
      for (const { fd, events } of await readiness.wait({ signal: stop.signal })) act(fd, events)
    }
  })().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error
  })

  return () => {
    if (stop.signal.aborted) return
    stop.abort()
    readiness.close()
    for (const fd of handlers.keys()) sockets.close(fd)
    handlers.clear()
    sockets.close(listening)
  }
}

/** Bytes moved in one call. */
const CHUNK = 256 * 1024
const scratch = new Uint8Array(CHUNK)

/** RFC 862: sends back what comes, as fast as it is taken back. */
export class EchoStream implements StreamHandler {
  private readonly sockets: Sockets
  private readonly fd: number
  /** What was read and could not be sent yet; nothing is read meanwhile. */
  private rest: Uint8Array | null = null

  constructor(sockets: Sockets, fd: number) {
    this.sockets = sockets
    this.fd = fd
  }

  wants(): number {
    return this.rest === null ? EPOLLIN : EPOLLOUT
  }

  ready(): boolean {
    const { sockets, fd } = this
    if (this.rest === null) {
      const length = sockets.recv(fd, scratch)
      if (length === 0) return false
      this.rest = scratch.subarray(0, length)
    }
    const sent = sendSome(sockets, fd, this.rest)
    this.rest = sent === this.rest.length ? null : this.rest.slice(sent)
    return true
  }
}

/** RFC 863: reads and forgets. */
export class DiscardStream implements StreamHandler {
  private readonly sockets: Sockets
  private readonly fd: number

  constructor(sockets: Sockets, fd: number) {
    this.sockets = sockets
    this.fd = fd
  }

  wants(): number {
    return EPOLLIN
  }

  ready(): boolean {
    return this.sockets.recv(this.fd, scratch) > 0
  }
}

/** Sends a pattern over and over (RFC 864), or once (RFC 867). */
export class SendStream implements StreamHandler {
  private readonly sockets: Sockets
  private readonly fd: number
  private readonly pattern: Uint8Array
  private readonly once: boolean
  private at = 0

  constructor(sockets: Sockets, fd: number, pattern: Uint8Array, once: boolean) {
    this.sockets = sockets
    this.fd = fd
    this.pattern = pattern
    this.once = once
  }

  wants(): number {
    return EPOLLIN | EPOLLOUT
  }

  ready(events: number): boolean {
    const { sockets, fd, pattern } = this
    // A peer that has said all it had to say may still listen: one answer is due, an endless stream is not.
    if ((events & EPOLLIN) !== 0 && sockets.recv(fd, scratch) === 0 && !this.once) return false
    if ((events & EPOLLOUT) === 0) return true
    this.at += sendSome(sockets, fd, this.at === 0 ? pattern : pattern.subarray(this.at))
    if (this.at < pattern.length) return true
    this.at = 0
    return !this.once
  }
}

/** As much as there is room for. */
function sendSome(sockets: Sockets, fd: number, bytes: Uint8Array): number {
  try {
    return sockets.send(fd, bytes)
  } catch (error) {
    if (error instanceof SocketError && error.code === 'EAGAIN') return 0
    throw error
  }
}
