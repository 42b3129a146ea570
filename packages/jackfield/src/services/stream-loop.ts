import { SocketError, type Sockets } from '@jackfield/sockets'

/** What a service does with one socket. Its methods never wait; they are called when the socket is ready. */
export interface StreamHandler {
  /** What it wants to hear of: `EPOLLIN`, `EPOLLOUT`, both or 0. Asked after each call, and by `StreamLoop.update`. */
  wants(): number
  /** The socket is ready. False: it is done with, and is closed. A `SocketError` that is thrown ends it, too. */
  ready(events: number): boolean
  /** The socket was closed: it was done with, or the loop was closed. */
  released?(): void
}

/** Serves many sockets, each when it is ready. */
export class StreamLoop {
  private readonly sockets: Sockets
  private readonly handlers = new Map<number, StreamHandler>()
  private readonly readiness: ReturnType<Sockets['epoll']>
  private readonly stop = new AbortController()

  constructor(sockets: Sockets) {
    this.sockets = sockets
    this.readiness = sockets.epoll()
    this.run().catch((error: unknown) => {
      if (!this.stop.signal.aborted) throw error
    })
  }

  /** Sockets that it serves. */
  get size(): number {
    return this.handlers.size
  }

  /** Whether it serves this socket. */
  serves(fd: number): boolean {
    return this.handlers.has(fd)
  }

  /** Serves a socket, which is the loop's to close from now on. */
  add(fd: number, handler: StreamHandler): void {
    this.handlers.set(fd, handler)
    this.readiness.add(fd, handler.wants())
  }

  /** Asks a handler again what it wants, when that changed by itself. One that is not served any more is passed over. */
  update(fd: number): void {
    const handler = this.handlers.get(fd)
    if (handler !== undefined) this.readiness.modify(fd, handler.wants())
  }

  /** Closes a socket and forgets its handler. One that is not served any more is passed over. */
  finish(fd: number): void {
    const handler = this.handlers.get(fd)
    if (handler === undefined) return
    this.handlers.delete(fd)
    this.readiness.delete(fd)
    this.sockets.close(fd)
    handler.released?.()
  }

  /** Closes all. */
  close(): void {
    if (this.stop.signal.aborted) return
    this.stop.abort()
    for (const fd of [...this.handlers.keys()]) this.finish(fd)
    this.readiness.close()
  }

  private async run(): Promise<void> {
    const { signal } = this.stop
    while (!signal.aborted) {
      for (const { fd, events } of await this.readiness.wait({ signal })) this.serve(fd, events)
    }
  }

  private serve(fd: number, events: number): void {
    const handler = this.handlers.get(fd)
    if (handler === undefined) return
    let goesOn = false
    try {
      goesOn = handler.ready(events)
    } catch (error) {
      // A connection that broke ends alone; one that another handler's work made wait goes on.
      if (!(error instanceof SocketError)) throw error
      goesOn = error.code === 'EAGAIN'
    }
    if (goesOn) this.update(fd)
    else this.finish(fd)
  }
}

/** Sends as much as there is room for, which may be nothing. */
export function sendSome(sockets: Sockets, fd: number, bytes: Uint8Array): number {
  try {
    return sockets.send(fd, bytes)
  } catch (error) {
    if (error instanceof SocketError && error.code === 'EAGAIN') return 0
    throw error
  }
}
