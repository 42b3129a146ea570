import { SocketAddress } from '@jackfield/addr'
import { type ControlMessage, MSG_FASTOPEN, type ReceiveMessage } from '@jackfield/sockets'
import type { Expression } from '../script.js'
import type { Arguments } from './arguments.js'
import type { CallRun, Syscall } from './call.js'
import { sendAddress } from './connections.js'
import { checkControl } from './control-messages.js'
import { isImmediate } from './transfers.js'

/** The pieces of a message; one that names none has none. */
function iov(args: Arguments, message: Expression): Expression {
  return args.optionalField(message, 'msg_iov') ?? { kind: 'array', items: [] }
}

/** The length of each piece of `msg_iov(n)=[{..., length}, ...]`. */
function pieces(args: Arguments, message: Expression): number[] {
  return args.items(iov(args, message)).map((item) => {
    const { base, length } = args.piece(item)
    if (length > 0 && args.isNowhere(base)) args.badPointer(base)
    return length
  })
}

function pieceData(args: Arguments, message: Expression): Uint8Array[] {
  return args.items(iov(args, message)).map((item) => {
    const { base, length } = args.piece(item)
    return args.fill(base, length)
  })
}

/** The control messages that a structure asks for, empty where it names none. */
function controls(args: Arguments, message: Expression): readonly Expression[] {
  const control = args.optionalField(message, 'msg_control')
  return control === undefined ? [] : args.items(control)
}

export const sendmsg: Syscall = async (args, run) => {
  args.expect(3)
  const message = args.at(1)
  const control = controls(args, message).map(
    (each): ControlMessage => ({
      level: args.value(args.field(each, 'cmsg_level'), 'cmsg_level'),
      type: args.value(args.field(each, 'cmsg_type'), 'cmsg_type'),
      data: args.value(args.field(each, 'cmsg_data'), 'cmsg_data'),
    }),
  )
  const fd = args.integer(0)
  const file = run.files.get(fd)
  const flags = args.integer(2)
  const name = nameOf(args, message, flags, run)
  const sent = {
    iov: pieceData(args, message),
    ...(name === undefined ? {} : { name }),
    ...(control.length === 0 ? {} : { control }),
  }
  const live = run.files.live(fd)
  if (isImmediate(file, flags)) return { result: run.sockets.sendmsg(live, sent, flags) }
  return { result: await run.sockets.promises.sendmsg(live, sent, flags) }
}

/** Where a message goes: a datagram to its peer; a stream where the call opens it (`MSG_FASTOPEN`). */
function nameOf(args: Arguments, message: Expression, flags: number, run: CallRun): SocketAddress | undefined {
  const file = run.files.get(args.integer(0))
  if (file?.kind !== 'socket') return undefined
  const { protocol, state } = file.socket
  const opens = protocol === 'tcp' && (flags & MSG_FASTOPEN) !== 0
  if (!opens && (protocol !== 'udp' || state !== 'new')) return undefined
  const given = args.optionalField(message, 'msg_name')
  if (given !== undefined && args.isNowhere(given)) return undefined
  return sendAddress(args, given ?? null, run)
}

export const recvmsg: Syscall = async (args, run) => {
  args.expect(3)
  const message = args.at(1)
  const received: ReceiveMessage = {
    iov: pieces(args, message).map((length) => args.buffer(length)),
    name: new SocketAddress(),
    control: [],
  }
  const result = await run.sockets.promises.recvmsg(run.files.live(args.integer(0)), received, args.integer(2))
  return { result, check: () => checkFlags(args, message, received) ?? checkControl(args, message, received, run) }
}

function checkFlags(args: Arguments, message: Expression, received: ReceiveMessage): string | null {
  const field = args.optionalField(message, 'msg_flags')
  if (field === undefined || field.kind === 'ellipsis') return null
  const expected = args.value(field, 'msg_flags')
  const actual = received.flags ?? 0
  return expected === actual ? null : `Expected msg_flags 0x${expected.toString(16)} but got 0x${actual.toString(16)}`
}
