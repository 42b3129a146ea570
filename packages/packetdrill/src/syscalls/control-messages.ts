import {
  type ControlMessage,
  type ExtendedError,
  IP_RECVERR,
  IPV6_RECVERR,
  type ReceiveMessage,
  SCM_TIMESTAMPING,
  SO_TIMESTAMP,
  SO_TIMESTAMPNS,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
} from '@jackfield/sockets'
import type { Expression } from '../script.js'
import { seconds } from '../verify-time.js'
import type { Arguments } from './arguments.js'
import type { CallRun } from './call.js'

type Structure = Extract<Expression, { kind: 'structure' }>

/** Whether what a `recvmsg` gave beside data is what the script has under `msg_control`; `...` is anything. */
export function checkControl(
  args: Arguments,
  message: Expression,
  received: ReceiveMessage,
  run: CallRun,
): string | null {
  const field = args.optionalField(message, 'msg_control')
  if (field === undefined || field.kind === 'ellipsis') return null
  const expected = args.items(field)
  const actual = received.control ?? []
  if (expected.length !== actual.length) {
    const found = actual.map(({ level, type }) => `{${level}, ${type}}`).join(', ')
    return `Expected ${expected.length} control messages but got ${actual.length}: ${found}`
  }
  for (const [index, each] of expected.entries()) {
    const wrong = checkOne(args, each, actual[index] as ControlMessage, run)
    if (wrong !== null) return `Control message ${index + 1}: ${wrong}`
  }
  return null
}

/** The names that stand for another number with each IP version. */
function portable(args: Arguments, value: Expression, what: string, run: CallRun): number {
  const isIpv4 = run.configuration.ipVersion === 'ipv4'
  if (value.kind === 'word' && value.name === 'CMSG_LEVEL_IP') return isIpv4 ? SOL_IP : SOL_IPV6
  if (value.kind === 'word' && value.name === 'CMSG_TYPE_RECVERR') return isIpv4 ? IP_RECVERR : IPV6_RECVERR
  return args.value(value, what)
}

function checkOne(args: Arguments, expected: Expression, actual: ControlMessage, run: CallRun): string | null {
  const level = portable(args, args.field(expected, 'cmsg_level'), 'cmsg_level', run)
  const type = portable(args, args.field(expected, 'cmsg_type'), 'cmsg_type', run)
  if (level !== actual.level) return `Expected cmsg_level ${level} but got ${actual.level}`
  if (type !== actual.type) return `Expected cmsg_type ${type} but got ${actual.type}`
  const data = args.optionalField(expected, 'cmsg_data')
  if (data === undefined || data.kind === 'ellipsis') return null
  if (data.kind === 'structure') {
    return data.fields.has('scm_sec') ? checkTime(args, data, actual, run) : checkError(args, data, actual.data)
  }
  const wanted = args.value(data, 'cmsg_data')
  const found = typeof actual.data === 'number' ? actual.data : Number.NaN
  return wanted === found ? null : `Expected cmsg_data ${wanted} but got ${String(found)}`
}

/** `{scm_sec=0, scm_nsec=20000000}`: since the script began, with the tolerance that times of events have. */
function checkTime(args: Arguments, expected: Structure, actual: ControlMessage, run: CallRun): string | null {
  const [sec, nsec] = [expected.fields.get('scm_sec'), expected.fields.get('scm_nsec')]
  if (sec === undefined || nsec === undefined) return args.fail('a time stamp has scm_sec and scm_nsec')
  const found = stampOf(actual)
  if (found === null) return 'Expected a time stamp but got other data'
  if (sec.kind === 'ellipsis' || nsec.kind === 'ellipsis') return null
  const wanted = args.value(sec, 'scm_sec') * 1e6 + args.value(nsec, 'scm_nsec') / 1000
  const since = found - run.wallStart
  const tolerance = run.configuration.toleranceUsecs
  if (since >= wanted - tolerance && since <= wanted + tolerance + run.lateness(0)) return null
  return `Expected a time stamp of ${seconds(wanted)} but got ${seconds(since)}`
}

/** Microseconds since 1970. */
function stampOf({ level, type, data }: ControlMessage): number | null {
  if (level !== SOL_SOCKET) return null
  if (type === SCM_TIMESTAMPING && typeof data === 'object' && 'software' in data) return data.software
  if (typeof data !== 'number') return null
  if (type === SO_TIMESTAMPNS) return data / 1000
  return type === SO_TIMESTAMP ? data : null
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

function checkError(args: Arguments, expected: Structure, actual: ControlMessage['data']): string | null {
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
