import { EAGAIN, EBADF, EINVAL, MSG_DONTWAIT, MSG_MORE, SocketError } from '@jackfield/sockets'
import { symbolValue } from '../symbols.js'
import type { Arguments } from './arguments.js'
import type { CallRun, Syscall } from './call.js'
import { isImmediate } from './transfers.js'

/** Bytes that a pipe holds (16 pages), which `sendfile` uses inside too: it sends so much at a time. */
const PIPE_SIZE = 65_536

const SPLICE_F_NONBLOCK = symbolValue('SPLICE_F_NONBLOCK') as number
const SPLICE_F_MORE = symbolValue('SPLICE_F_MORE') as number

/** Sends zeros as `sendfile` and `splice` do: what is not the last piece has more behind it. */
async function sendZeros(args: Arguments, run: CallRun, fd: number, length: number, flags: number): Promise<number> {
  const file = run.files.get(fd)
  const live = run.files.live(fd)
  let sent = 0
  while (sent < length) {
    const piece = args.buffer(Math.min(length - sent, PIPE_SIZE))
    const more = sent + piece.length < length ? MSG_MORE : flags
    try {
      const taken = isImmediate(file, 0)
        ? run.sockets.send(live, piece, more)
        : await run.sockets.promises.send(live, piece, more)
      sent += taken
      if (taken < piece.length) return sent
    } catch (error) {
      if (sent > 0 && error instanceof SocketError) return sent
      throw error
    }
  }
  return sent
}

/** `sendfile(out, in, [offset], count)`: files read as zeros. */
export const sendfile: Syscall = async (args, run) => {
  args.expect(4)
  const from = run.files.get(args.integer(1))
  const count = args.integer(3)
  if (from === undefined) throw new SocketError(EBADF, 'sendfile')
  if (from?.kind !== 'zeros') throw new SocketError(EINVAL, 'sendfile')
  if (count < 0) throw new SocketError(EINVAL, 'sendfile')
  return { result: await sendZeros(args, run, args.integer(0), count, 0) }
}

/** `splice(in, offset, out, offset, length, flags)` between a socket or file and a pipe. */
export const splice: Syscall = async (args, run) => {
  args.expect(6)
  const input = args.integer(0)
  const output = args.integer(2)
  const from = run.files.get(input)
  const to = run.files.get(output)
  const length = args.integer(4)
  const flags = args.integer(5)
  if (to?.kind === 'pipe') {
    const room = Math.min(length, PIPE_SIZE - to.pipe.buffered)
    if (room === 0 && length > 0) throw new SocketError(EAGAIN, 'splice')
    const result = from?.kind === 'zeros' ? room : await drain(args, run, input, room, flags)
    to.pipe.buffered += result
    return { result }
  }
  if (from?.kind !== 'pipe') throw new SocketError(EINVAL, 'splice')
  const ready = Math.min(length, from.pipe.buffered)
  if (ready === 0) throw new SocketError(EAGAIN, 'splice')
  const more = (flags & SPLICE_F_MORE) !== 0 ? MSG_MORE : 0
  const result = await sendZeros(args, run, output, ready, more)
  from.pipe.buffered -= result
  return { result }
}

/** What a socket has, as far as it goes into the pipe. */
async function drain(args: Arguments, run: CallRun, fd: number, length: number, flags: number): Promise<number> {
  const live = run.files.live(fd)
  const buffer = args.buffer(length)
  if ((flags & SPLICE_F_NONBLOCK) !== 0 || isImmediate(run.files.get(fd), 0)) {
    return run.sockets.recv(live, buffer, MSG_DONTWAIT)
  }
  return run.sockets.promises.recv(live, buffer, 0)
}
