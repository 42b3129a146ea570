import { Duplex } from 'node:stream'
import { EPOLLIN, EPOLLOUT, SHUT_WR, SocketError, type Sockets } from '@jackfield/sockets'
import { type StreamHandler, type StreamLoop, sendSome } from '../../services/stream-loop.js'

/** Bytes read at a time. */
const CHUNK = 256 * 1024
const scratch = new Uint8Array(CHUNK)

/**
 * A connection of the stack as a stream of Node's, with as much of `net.Socket` as Node's HTTP server uses: reading stops
 * while nobody takes what was read, writing waits for room.
 */
export class SocketDuplex extends Duplex implements StreamHandler {
  private readonly sockets: Sockets
  private readonly fd: number
  private readonly loop: StreamLoop
  private open = true
  private reads = false
  /** What could not be sent yet, and whom to tell when it is. */
  private rest: Uint8Array | null = null
  private sent: ((error?: Error | null) => void) | null = null
  private idle: NodeJS.Timeout | null = null

  constructor(sockets: Sockets, fd: number, loop: StreamLoop) {
    super({ allowHalfOpen: true, readableHighWaterMark: CHUNK, writableHighWaterMark: CHUNK })
    this.sockets = sockets
    this.fd = fd
    this.loop = loop
  }

  wants(): number {
    return (this.reads ? EPOLLIN : 0) | (this.rest === null ? 0 : EPOLLOUT)
  }

  ready(events: number): boolean {
    this.idle?.refresh()
    try {
      if (this.reads && (events & ~EPOLLOUT) !== 0) this.readSome()
      if (this.rest !== null && (events & ~EPOLLIN) !== 0) this.writeSome(this.rest)
    } catch (error) {
      if (!(error instanceof SocketError) || error.code === 'EAGAIN') throw error
      this.destroy(error)
    }
    return this.open
  }

  /** The loop closed the socket. */
  released(): void {
    this.open = false
    this.destroy()
  }

  /** As of `net.Socket`: 'timeout' is emitted when nothing was moved for so long; 0 ends that. */
  setTimeout(milliseconds: number, listener?: () => void): this {
    if (this.idle !== null) clearTimeout(this.idle)
    this.idle = milliseconds > 0 ? setTimeout(() => this.emit('timeout'), milliseconds).unref() : null
    if (listener !== undefined) this.once('timeout', listener)
    return this
  }

  /** As of `net.Socket`: closes when all is sent. */
  destroySoon(): void {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', () => this.destroy())
  }

  override _read(): void {
    this.reads = true
    this.loop.update(this.fd)
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    this.idle?.refresh()
    this.sent = done
    try {
      this.writeSome(chunk)
    } catch (error) {
      this.fail(error)
    }
    if (this.rest !== null) this.loop.update(this.fd)
  }

  override _final(done: (error?: Error | null) => void): void {
    try {
      this.sockets.shutdown(this.fd, SHUT_WR)
      done()
    } catch (error) {
      // The other side went before.
      done(error instanceof SocketError ? null : (error as Error))
    }
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.setTimeout(0)
    this.reads = false
    this.rest = null
    if (this.open) {
      this.open = false
      this.loop.finish(this.fd)
    }
    done(error)
  }

  private readSome(): void {
    const length = this.sockets.recv(this.fd, scratch)
    this.reads = false
    // The scratch is everybody's: what is passed on is a copy, no larger than what came.
    this.push(length === 0 ? null : Buffer.from(scratch.subarray(0, length)))
  }

  private writeSome(bytes: Uint8Array): void {
    const length = sendSome(this.sockets, this.fd, bytes)
    this.rest = length === bytes.length ? null : bytes.subarray(length)
    if (this.rest !== null) return
    const { sent } = this
    this.sent = null
    sent?.()
  }

  private fail(error: unknown): void {
    const { sent } = this
    this.sent = null
    this.rest = null
    sent?.(error instanceof Error ? error : new Error(String(error)))
  }
}
