import { EBADF, EINVAL, EPERM, type PollDescriptor, type ReadinessEvent, SocketError } from '@jackfield/sockets'
import type { Expression } from '../script.js'
import type { SubjectReadiness } from '../subject.js'
import type { Arguments } from './arguments.js'
import type { CallRun, Outcome, Syscall } from './call.js'

const EPOLL_CTL_ADD = 1
const EPOLL_CTL_DEL = 2
const EPOLL_CTL_MOD = 3
const EPOLL_CLOEXEC = 0o2000000

/** `poll([{fd=3, events=POLLIN, revents=POLLIN}], 1, 1000)`: the timeout is in milliseconds. */
export const poll: Syscall = async (args, run) => {
  args.expect(3)
  const items = args.items(args.at(0))
  const count = args.integer(1)
  if (items.length !== count) args.fail(`nfds ${count} does not match ${items.length} elements`)
  const descriptors = items.map((item): PollDescriptor => {
    const fd = args.value(args.field(item, 'fd'), 'fd')
    return {
      // A negative one is passed over; one that the script does not have is open nowhere.
      fd: fd < 0 ? fd : openOrNone(run, fd),
      events: args.value(args.field(item, 'events'), 'events'),
      revents: 0,
    }
  })
  const result = await run.sockets.promises.poll(descriptors, args.integer(2))
  return { result, check: () => checkPolled(args, items, descriptors) }
}

/** A number that no table has open, for `POLLNVAL`. */
const NOT_OPEN = 0x7fff_ffff

function openOrNone(run: CallRun, fd: number): number {
  const file = run.files.get(fd)
  return file?.kind === 'socket' ? file.live : NOT_OPEN
}

function checkPolled(args: Arguments, items: readonly Expression[], found: readonly PollDescriptor[]): string | null {
  for (const [index, item] of items.entries()) {
    const field = args.optionalField(item, 'revents')
    if (field?.kind === 'ellipsis') continue
    const wanted = field === undefined ? 0 : args.value(field, 'revents')
    const actual = found[index]?.revents ?? 0
    if (wanted !== actual)
      return `Expected revents 0x${wanted.toString(16)} but got 0x${actual.toString(16)} for item ${index}`
  }
  return null
}

export const epollCreate: Syscall = async (args, run) => {
  args.expect(1)
  if (args.integer(0) <= 0) throw new SocketError(EINVAL, 'epoll_create')
  return openEpoll(args, run)
}

export const epollCreate1: Syscall = async (args, run) => {
  args.expect(1)
  if ((args.integer(0) & ~EPOLL_CLOEXEC) !== 0) throw new SocketError(EINVAL, 'epoll_create1')
  return openEpoll(args, run)
}

function openEpoll(args: Arguments, run: CallRun): Outcome {
  const fd = args.value(args.spec.result, 'the result')
  if (fd < 0) args.fail('epoll_create fails for bad arguments only')
  run.files.set(fd, { kind: 'epoll', readiness: run.sockets.epoll<number>() })
  return { result: fd }
}

function readinessOf(args: Arguments, run: CallRun): SubjectReadiness<number> {
  const file = run.files.get(args.integer(0))
  if (file === undefined) throw new SocketError(EBADF, args.spec.name)
  if (file.kind !== 'epoll') throw new SocketError(EINVAL, args.spec.name)
  return file.readiness
}

/** The names of `epoll_data`, of which an event has one. */
const DATA_NAMES: readonly string[] = ['fd', 'ptr', 'u32', 'u64']

function eventData(args: Arguments, event: Expression): number {
  for (const name of DATA_NAMES) {
    const field = args.optionalField(event, name)
    if (field !== undefined && field.kind !== 'ellipsis') return args.value(field, name)
  }
  return 0
}

/** `epoll_ctl(epfd, op, fd, {events=EPOLLIN, fd=4})` */
export const epollCtl: Syscall = async (args, run) => {
  args.expect(4)
  const readiness = readinessOf(args, run)
  const operation = args.integer(1)
  const file = run.files.get(args.integer(2))
  if (file === undefined) throw new SocketError(EBADF, 'epoll_ctl')
  // Files that are always ready cannot be watched; an epoll descriptor not by itself.
  if (file.kind === 'zeros') throw new SocketError(EPERM, 'epoll_ctl')
  if (file.kind === 'epoll' && file.readiness === readiness) throw new SocketError(EINVAL, 'epoll_ctl')
  if (file.kind !== 'socket') return args.fail('only sockets are watched')
  const { live } = file
  const event = args.at(3)
  if (operation === EPOLL_CTL_DEL) readiness.delete(live)
  else {
    const events = args.value(args.field(event, 'events'), 'events')
    const data = eventData(args, event)
    if (operation === EPOLL_CTL_ADD) readiness.add(live, events, data)
    else if (operation !== EPOLL_CTL_MOD) throw new SocketError(EINVAL, 'epoll_ctl')
    else readiness.modify(live, events, data)
  }
  return { result: 0 }
}

/** `epoll_wait(epfd, {events=EPOLLIN, fd=4}, 1, timeout)` */
export const epollWait: Syscall = async (args, run) => {
  args.expect(4)
  const timeout = args.integer(3)
  const readiness = readinessOf(args, run)
  const max = args.integer(2)
  const found = await readiness.wait(timeout < 0 ? { max } : { max, timeout })
  return { result: found.length, check: () => checkEvents(args, found) }
}

function checkEvents(args: Arguments, found: readonly ReadinessEvent<number>[]): string | null {
  if (args.isEllipsis(1)) return null
  const items = args.items(args.at(1)).filter((item) => item.kind === 'structure')
  for (const [index, event] of found.entries()) {
    const item = items[index]
    if (item === undefined) return `Event ${index} of ${found.length} is not in the script`
    const wanted = args.value(args.field(item, 'events'), 'events')
    if (wanted !== event.events) {
      return `Expected events 0x${wanted.toString(16)} but got 0x${event.events.toString(16)} for item ${index}`
    }
    const data = eventData(args, item)
    if (data !== (event.data ?? 0)) return `Expected epoll data ${data} but got ${event.data ?? 0} for item ${index}`
  }
  return null
}
