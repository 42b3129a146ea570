import { SocketAddress } from '@jackfield/addr'
import type { ControlMessage, ExtendedError, ReceiveMessage } from '@jackfield/sockets'
import type { Expression } from '../script.js'
import type { Arguments } from './arguments.js'
import type { Syscall } from './call.js'
import { sendAddress } from './connections.js'
import { isImmediate } from './transfers.js'

/** The length of each piece of `msg_iov(n)=[{..., length}, ...]`. */
function pieces(args: Arguments, message: Expression): number[] {
  return args.items(args.field(message, 'msg_iov')).map((item) => {
    if (item.kind !== 'tuple' || item.items[1] === undefined) return args.fail('an iovec is {..., length}')
    return args.value(item.items[1], 'iov_len')
  })
}

function pieceData(args: Arguments, message: Expression): Uint8Array[] {
  return args.items(args.field(message, 'msg_iov')).map((item) => {
    if (item.kind !== 'tuple' || item.items[0] === undefined || item.items[1] === undefined) {
      return args.fail('an iovec is {..., length}')
    }
    return args.fill(item.items[0], args.value(item.items[1], 'iov_len'))
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
  const datagram = file?.kind === 'socket' && file.socket.protocol === 'udp' && file.socket.state === 'new'
  const name = datagram ? sendAddress(args, null, run) : undefined
  const sent = {
    iov: pieceData(args, message),
    ...(name === undefined ? {} : { name }),
    ...(control.length === 0 ? {} : { control }),
  }
  const live = run.files.live(fd)
  const flags = args.integer(2)
  if (isImmediate(file, flags)) return { result: run.sockets.sendmsg(live, sent, flags) }
  return { result: await run.sockets.promises.sendmsg(live, sent, flags) }
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
  return { result, check: () => checkFlags(args, message, received) ?? checkControl(args, message, received) }
}

function checkFlags(args: Arguments, message: Expression, received: ReceiveMessage): string | null {
  const field = args.optionalField(message, 'msg_flags')
  if (field === undefined || field.kind === 'ellipsis') return null
  const expected = args.value(field, 'msg_flags')
  const actual = received.flags ?? 0
  return expected === actual ? null : `Expected msg_flags 0x${expected.toString(16)} but got 0x${actual.toString(16)}`
}

function checkControl(args: Arguments, message: Expression, received: ReceiveMessage): string | null {
  const field = args.optionalField(message, 'msg_control')
  if (field === undefined || field.kind === 'ellipsis') return null
  const expected = args.items(field)
  const actual = received.control ?? []
  if (expected.length !== actual.length) {
    return `Expected ${expected.length} control messages but got ${actual.length}`
  }
  for (const [index, each] of expected.entries()) {
    const wrong = checkOne(args, each, actual[index] as ControlMessage)
    if (wrong !== null) return `Control message ${index + 1}: ${wrong}`
  }
  return null
}

function checkOne(args: Arguments, expected: Expression, actual: ControlMessage): string | null {
  const level = args.value(args.field(expected, 'cmsg_level'), 'cmsg_level')
  const type = args.value(args.field(expected, 'cmsg_type'), 'cmsg_type')
  if (level !== actual.level) return `Expected cmsg_level ${level} but got ${actual.level}`
  if (type !== actual.type) return `Expected cmsg_type ${type} but got ${actual.type}`
  const data = args.field(expected, 'cmsg_data')
  if (data.kind === 'ellipsis') return null
  if (data.kind === 'structure') return checkStructure(args, data, actual.data)
  const wanted = args.value(data, 'cmsg_data')
  const found = typeof actual.data === 'number' ? actual.data : Number.NaN
  return wanted === found ? null : `Expected cmsg_data ${wanted} but got ${String(found)}`
}

/** Where `sock_extended_err` has its fields in the stack's form of it. */
const EXTENDED: Readonly<Record<string, keyof Omit<ExtendedError, 'offender'>>> = {
  ee_errno: 'errno',
  ee_origin: 'origin',
  ee_type: 'type',
  ee_code: 'code',
  ee_info: 'info',
  ee_data: 'data',
}

function checkStructure(
  args: Arguments,
  expected: Extract<Expression, { kind: 'structure' }>,
  actual: ControlMessage['data'],
): string | null {
  if (typeof actual === 'number' || !('origin' in actual)) return 'Expected an extended error but got other data'
  for (const [name, value] of expected.fields) {
    const own = EXTENDED[name]
    if (own === undefined) return args.fail(`the field ${name} of a control message is not supported`)
    if (value.kind === 'ellipsis') continue
    const wanted = args.value(value, name)
    if (wanted !== actual[own]) return `Expected ${name} ${wanted} but got ${actual[own]}`
  }
  return null
}
