import { EPOLLIN, EPOLLOUT, MSG_TRUNC, type Sockets } from '@jackfield/sockets'
import { type StreamHandler, sendSome } from './stream-loop.js'

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
    let bytes = this.rest
    if (bytes === null) {
      const length = sockets.recv(fd, scratch)
      if (length === 0) return false
      bytes = scratch.subarray(0, length)
    }
    const sent = sendSome(sockets, fd, bytes)
    if (sent === bytes.length) this.rest = null
    // The scratch is everybody's; what is kept is a copy already.
    else this.rest = this.rest === null ? bytes.slice(sent) : bytes.subarray(sent)
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
    // On a stream this throws away without copying, as with Linux.
    return this.sockets.recv(this.fd, scratch, MSG_TRUNC) > 0
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
    if ((events & EPOLLIN) !== 0 && sockets.recv(fd, scratch, MSG_TRUNC) === 0 && !this.once) return false
    if ((events & EPOLLOUT) === 0) return true
    this.at += sendSome(sockets, fd, this.at === 0 ? pattern : pattern.subarray(this.at))
    if (this.at < pattern.length) return true
    this.at = 0
    return !this.once
  }
}
