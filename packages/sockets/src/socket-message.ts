import { type ControlMessage, EINVAL, Message, type Sockaddr, SocketError } from '@jackfield/interfaces'

/** What `sendmsg` sends: `msghdr`. */
export interface SendMessage {
  /** The pieces, sent as one message. */
  iov: Uint8Array | readonly Uint8Array[]
  /** Where to, in any form that the family takes. */
  name?: unknown
  control?: readonly ControlMessage[]
}

/** What `recvmsg` fills: `msghdr`. */
export interface ReceiveMessage {
  /** Buffers, filled one after the other. */
  iov: Uint8Array | readonly Uint8Array[]
  /** Filled with the sender's address, if given. */
  name?: Sockaddr
  /** Emptied, then filled with ancillary data, if given. */
  control?: ControlMessage[]
  /** Set to `MSG_TRUNC` and the like. */
  flags?: number
}

/** A transport's message from what a caller sends; several pieces are copied together. */
export function toSend(input: SendMessage, name: Sockaddr | null, flags: number): Message {
  const bytes = input.iov instanceof Uint8Array ? input.iov : gather(input.iov)
  const message = new Message(bytes)
  message.name = name
  message.flags = flags
  message.control = input.control === undefined ? null : [...input.control]
  return message
}

function gather(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1 && pieces[0] !== undefined) return pieces[0]
  let length = 0
  for (const piece of pieces) length += piece.length
  const whole = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

/** A transport's message to receive into; several buffers are filled through one. */
export function toReceive(input: ReceiveMessage, flags: number): Message {
  const { iov } = input
  const single = iov instanceof Uint8Array ? iov : iov.length === 1 ? iov[0] : undefined
  const message = new Message(single ?? new Uint8Array(totalLength(iov as readonly Uint8Array[])))
  message.name = input.name ?? null
  message.flags = flags
  message.control = input.control ?? null
  if (input.control !== undefined) input.control.length = 0
  return message
}

/** Hands what was received to the caller's buffers and fields. */
export function fromReceive(message: Message, length: number, input: ReceiveMessage): void {
  input.flags = message.flags
  const { iov } = input
  if (iov instanceof Uint8Array || iov.length === 1) return
  let at = 0
  const end = Math.min(length, message.buffer.length)
  for (const piece of iov) {
    if (at >= end) return
    const count = Math.min(piece.length, end - at)
    piece.set(message.buffer.subarray(at, at + count))
    at += count
  }
}

/** The bytes of what a caller wants to send; throws `EINVAL` for what is not bytes or text. */
export function toBytes(data: Uint8Array | string, syscall: string): Uint8Array {
  if (data instanceof Uint8Array) return data
  if (typeof data === 'string') return new TextEncoder().encode(data)
  throw new SocketError(EINVAL, syscall, { detail: 'data is a Uint8Array or a string' })
}

function totalLength(pieces: readonly Uint8Array[]): number {
  let length = 0
  for (const piece of pieces) length += piece.length
  return length
}

// The runtimes all have it; the language's own library does not name it.
declare const TextEncoder: new () => { encode(text: string): Uint8Array }
