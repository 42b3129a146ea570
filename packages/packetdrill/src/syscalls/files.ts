import { FIONBIO, SOCK_NONBLOCK } from '@jackfield/sockets'
import { symbolValue } from '../symbols.js'
import type { Syscall } from './call.js'

const O_RDWR = 2
const [F_GETFD, F_SETFD, F_GETFL, F_SETFL] = [1, 2, 3, 4]
const O_NONBLOCK = SOCK_NONBLOCK
/** What `F_SETFL` may change. */
const CHANGEABLE = O_NONBLOCK | (symbolValue('O_APPEND') as number)

export const fcntl: Syscall = async (args, run) => {
  args.expect(2, 3)
  const command = args.integer(1)
  const file = run.files.get(args.integer(0))
  if (command === F_GETFD || command === F_SETFD) return { result: 0 }
  if (command !== F_GETFL && command !== F_SETFL) args.fail('the commands are F_GETFL, F_SETFL, F_GETFD and F_SETFD')
  if (file?.kind !== 'socket') {
    // What is no socket has no flags to change; a number that is not open fails as it does in the stack.
    if (file === undefined) run.sockets.ioctl(-1, FIONBIO, 0)
    return { result: command === F_GETFL ? O_RDWR : 0 }
  }
  if (command === F_GETFL) return { result: O_RDWR | file.flags }
  file.flags = args.integer(2) & CHANGEABLE
  run.sockets.ioctl(file.live, FIONBIO, (file.flags & O_NONBLOCK) !== 0 ? 1 : 0)
  return { result: 0 }
}

/** `ioctl(fd, SIOCINQ, [1000])`: the array has what the request gives, or takes. */
export const ioctl: Syscall = async (args, run) => {
  args.expect(2, 3)
  const fd = args.integer(0)
  const live = run.files.live(fd)
  const request = args.integer(1)
  const argument = args.spec.args[2]
  if (request === FIONBIO) {
    const on = args.integer(2) !== 0
    run.sockets.ioctl(live, FIONBIO, on ? 1 : 0)
    const file = run.files.get(fd)
    if (file?.kind === 'socket') file.flags = on ? file.flags | O_NONBLOCK : file.flags & ~O_NONBLOCK
    return { result: 0 }
  }
  const value = run.sockets.ioctl(live, request)
  return {
    result: 0,
    check: () => {
      if (argument === undefined || argument.kind === 'ellipsis') return null
      const wanted = args.value(argument, 'argument 3')
      return wanted === value ? null : `Bad ioctl value: expected: ${wanted} actual: ${String(value)}`
    },
  }
}

/** `open("/any/path", flags)`: a file that reads as zeros, without end. */
export const open: Syscall = async (args, run) => {
  args.expect(2, 3)
  const fd = args.value(args.spec.result, 'the result')
  if (fd < 0) args.fail('files here always open')
  run.files.set(fd, { kind: 'zeros' })
  return { result: fd }
}

/** `pipe([4, 5])` */
export const pipe: Syscall = async (args, run) => {
  args.expect(1)
  const ends = args.items(args.at(0)).map((each) => args.value(each, 'a descriptor'))
  if (ends.length !== 2) args.fail('a pipe has two descriptors: [3, 4]')
  const shared = { buffered: 0 }
  for (const fd of ends) run.files.set(fd, { kind: 'pipe', pipe: shared })
  return { result: 0 }
}

/** Capabilities have no meaning here: the script may do everything. */
export const capSet: Syscall = async () => ({ result: 0 })
