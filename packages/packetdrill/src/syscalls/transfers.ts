import { SocketAddress } from '@jackfield/addr'
import { EAGAIN, EINVAL, MSG_DONTWAIT, MSG_FASTOPEN, SOCK_NONBLOCK, SocketError } from '@jackfield/sockets'
import type { ScriptFile } from '../file-table.js'
import { type Arguments, textBytes } from './arguments.js'
import type { CallRun, Outcome, Syscall } from './call.js'
import { checkAddress, sendAddress } from './connections.js'

/** `UIO_MAXIOV` */
const MOST_PIECES = 1024

/** Whether a call on a descriptor answers at once, with as much as there was to take or room for. */
export function isImmediate(file: ScriptFile | undefined, flags: number): boolean {
  return (flags & MSG_DONTWAIT) !== 0 || (file?.kind === 'socket' && (file.flags & SOCK_NONBLOCK) !== 0)
}

/** Whether received bytes begin as the script's string does, where it has one. */
function checkData(args: Arguments, index: number, bytes: Uint8Array, length: number): string | null {
  const expected = args.at(index)
  if (expected.kind !== 'string') return null
  const text = textBytes(expected.value)
  const compared = expected.partial ? Math.min(text.length, length) : length
  if (!expected.partial && text.length !== length) return `Expected ${text.length} bytes of data but got ${length}`
  for (let at = 0; at < compared; at++) {
    if (text[at] !== bytes[at]) return `Expected byte ${at} of the data to be ${text[at]} but got ${bytes[at]}`
  }
  return null
}

/** `NULL` and the like for a buffer to receive into. */
function checkPointer(args: Arguments, index: number): void {
  const expression = args.at(index)
  if (args.isNowhere(expression)) args.badPointer(expression)
}

async function receive(args: Arguments, run: CallRun, length: number, flags: number): Promise<Outcome> {
  const fd = args.integer(0)
  const file = run.files.get(fd)
  if (length > 0) checkPointer(args, 1)
  const buffer = args.buffer(length)
  if (file?.kind === 'zeros') return { result: length }
  if (file?.kind === 'pipe') {
    if (file.pipe.buffered === 0) throw new SocketError(EAGAIN, 'read')
    const taken = Math.min(length, file.pipe.buffered)
    file.pipe.buffered -= taken
    return { result: taken }
  }
  const live = run.files.live(fd)
  const { sockets } = run
  const result = isImmediate(file, flags)
    ? sockets.recv(live, buffer, flags)
    : await sockets.promises.recv(live, buffer, flags)
  return { result, check: () => checkData(args, 1, buffer, Math.min(result, length)) }
}

async function send(args: Arguments, run: CallRun, data: Uint8Array, flags: number): Promise<Outcome> {
  const fd = args.integer(0)
  const file = run.files.get(fd)
  if (file?.kind === 'zeros') return { result: data.length }
  if (file?.kind === 'pipe') {
    file.pipe.buffered += data.length
    return { result: data.length }
  }
  const live = run.files.live(fd)
  const { sockets } = run
  if (isImmediate(file, flags)) return { result: sockets.send(live, data, flags) }
  return { result: await sockets.promises.send(live, data, flags) }
}

export const read: Syscall = (args, run) => {
  args.expect(3)
  return receive(args, run, args.integer(2), 0)
}

export const write: Syscall = (args, run) => {
  args.expect(3)
  return send(args, run, args.data(1, args.integer(2)), 0)
}

export const recv: Syscall = async (args, run) => {
  args.expect(4)
  run.files.live(args.integer(0))
  return receive(args, run, args.integer(2), args.integer(3))
}

export const sendCall: Syscall = async (args, run) => {
  args.expect(4)
  run.files.live(args.integer(0))
  return send(args, run, args.data(1, args.integer(2)), args.integer(3))
}

export const recvfrom: Syscall = async (args, run) => {
  args.expect(6)
  const buffer = args.buffer(args.integer(2))
  const from = new SocketAddress()
  const live = run.files.live(args.integer(0))
  const result = await run.sockets.promises.recvfrom(live, buffer, args.integer(3), from)
  const length = Math.min(result, buffer.length)
  return { result, check: () => checkData(args, 1, buffer, length) ?? checkAddress(args, 4, from) }
}

export const sendto: Syscall = async (args, run) => {
  args.expect(6)
  const data = args.data(1, args.integer(2))
  const flags = args.integer(3)
  const fd = args.integer(0)
  const file = run.files.get(fd)
  const stream = file?.kind === 'socket' && file.socket.protocol === 'tcp'
  // A stream's address counts only where the call opens the connection.
  const address = stream && (flags & MSG_FASTOPEN) === 0 ? null : sendAddress(args, args.at(4), run)
  const live = run.files.live(fd)
  if (isImmediate(file, flags)) return { result: run.sockets.sendto(live, data, flags, address) }
  return { result: await run.sockets.promises.sendto(live, data, flags, address) }
}

/** The lengths of `[{..., 1000}, {..., 2000}]`, which has `count` items. */
function vectorLengths(args: Arguments, index: number, countIndex: number): number[] {
  const items = args.items(args.at(index))
  const count = args.integer(countIndex)
  if (count < 0 || count > MOST_PIECES) throw new SocketError(EINVAL, args.spec.name)
  if (items.length !== count) args.fail(`iov_len ${count} does not match ${items.length} elements`)
  return items.map((item) => {
    const { base, length } = args.piece(item)
    if (length < 0) throw new SocketError(EINVAL, args.spec.name)
    if (length > 0 && args.isNowhere(base)) args.badPointer(base)
    return length
  })
}

export const readv: Syscall = (args, run) => {
  args.expect(3)
  const lengths = vectorLengths(args, 1, 2)
  return receive(
    args,
    run,
    lengths.reduce((sum, each) => sum + each, 0),
    0,
  )
}

export const writev: Syscall = (args, run) => {
  args.expect(3)
  const total = vectorLengths(args, 1, 2).reduce((sum, each) => sum + each, 0)
  return send(args, run, args.buffer(total), 0)
}
