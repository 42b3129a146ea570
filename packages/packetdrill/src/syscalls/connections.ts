import { SocketAddress } from '@jackfield/addr'
import {
  AF_INET,
  AF_INET6,
  EBADF,
  EINVAL,
  FIONBIO,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SocketError,
} from '@jackfield/sockets'
import type { ScriptFile } from '../file-table.js'
import type { Expression } from '../script.js'
import type { ScriptSocket } from '../script-socket.js'
import type { Arguments } from './arguments.js'
import type { CallRun, Outcome, Syscall } from './call.js'

/** The kinds of socket without their flags. */
const TYPE_MASK = 0xf
const IPPROTO_ICMP = 1
const DONE: Outcome = { result: 0 }

/** The number that the script gives a descriptor which a call returns: what it expects the call to return. */
function scriptDescriptor(args: Arguments, live: number): number {
  const expected = args.spec.result
  const number = expected.kind === 'ellipsis' ? live : args.value(expected, 'the result')
  // A descriptor where a failure was expected: the result that did come is reported.
  return number < 0 ? live : number
}

function addSocket(run: CallRun, fd: number, live: number, socket: ScriptSocket, flags: number): void {
  socket.fd = fd
  socket.liveFd = live
  run.files.set(fd, { kind: 'socket', live, socket, flags })
}

/** `socket(domain, type, protocol)`; `...` is the domain of `--ip_version`. */
export const socket: Syscall = async (args, run) => {
  args.expect(3)
  const own = run.configuration.ipVersion === 'ipv4' ? AF_INET : AF_INET6
  const family = args.isEllipsis(0) ? own : args.integer(0)
  const type = args.integer(1)
  const protocol = args.integer(2)
  if ((type & ~(TYPE_MASK | SOCK_NONBLOCK | SOCK_CLOEXEC)) !== 0) throw new SocketError(EINVAL, 'socket')
  const live = run.sockets.socket(family, type, protocol)
  const kind = type & TYPE_MASK
  const datagram = kind === SOCK_DGRAM && protocol !== IPPROTO_ICMP
  const added = run.book.add(kind === SOCK_STREAM ? 'tcp' : datagram ? 'udp' : 'other')
  const fd = scriptDescriptor(args, live)
  addSocket(run, fd, live, added, type & SOCK_NONBLOCK)
  return { result: fd }
}

/** An address argument, or what `...` (or no argument) stands for. */
function addressOr(
  args: Arguments,
  expression: Expression | null,
  run: CallRun,
  fallback: () => SocketAddress,
): SocketAddress {
  const given = expression === null ? null : args.addressOf(expression)
  if (given !== null) return given
  const result = fallback()
  const { ipVersion } = run.configuration
  if (ipVersion !== 'ipv4') result.set(AF_INET6, result.address, result.port)
  return result
}

function socketFile(args: Arguments, run: CallRun): Extract<ScriptFile, { kind: 'socket' }> | undefined {
  const file = run.files.get(args.integer(0))
  return file?.kind === 'socket' ? file : undefined
}

/** `NULL` for an address that a call reads. */
function needsAddress(args: Arguments, index: number): void {
  const expression = args.at(index)
  if (args.isNowhere(expression)) args.badPointer(expression)
}

export const bind: Syscall = async (args, run) => {
  args.expect(3)
  needsAddress(args, 1)
  const { localAddress, bindPort } = run.configuration
  const address = addressOr(args, args.at(1), run, () => new SocketAddress(localAddress, bindPort))
  run.sockets.bind(run.files.live(args.integer(0)), address)
  return DONE
}

export const listen: Syscall = async (args, run) => {
  args.expect(2)
  run.sockets.listen(run.files.live(args.integer(0)), args.integer(1))
  const file = socketFile(args, run)
  if (file !== undefined) file.socket.state = 'listening'
  return DONE
}

async function acceptWith(args: Arguments, run: CallRun, flags: number): Promise<Outcome> {
  const listener = run.files.live(args.integer(0))
  const peer = new SocketAddress()
  const live = await run.sockets.promises.accept(listener, { peer })
  const fd = scriptDescriptor(args, live)
  const accepted = run.book.accepted(peer) ?? run.book.add('tcp')
  if ((flags & SOCK_NONBLOCK) !== 0) run.sockets.ioctl(live, FIONBIO, 1)
  addSocket(run, fd, live, accepted, flags & SOCK_NONBLOCK)
  return { result: fd, check: () => checkAddress(args, 1, peer) }
}

export const accept: Syscall = (args, run) => {
  args.expect(3)
  return acceptWith(args, run, 0)
}

export const accept4: Syscall = async (args, run) => {
  args.expect(4)
  const flags = args.integer(3)
  if ((flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) !== 0) throw new SocketError(EINVAL, 'accept4')
  return acceptWith(args, run, flags)
}

export const connect: Syscall = async (args, run) => {
  args.expect(3)
  if (args.isUnspecified(1)) {
    await run.sockets.promises.connect(run.files.live(args.integer(0)), null)
    const disconnected = socketFile(args, run)
    if (disconnected !== undefined) disconnected.socket.state = 'new'
    return DONE
  }
  needsAddress(args, 1)
  const address = addressOr(args, args.at(1), run, () => peerAddress(args, run))
  const file = socketFile(args, run)
  if (file !== undefined && file.socket.state === 'new') {
    file.socket.state = 'connecting'
    file.socket.remote = address.address.unmapped().copy()
    file.socket.remotePort = address.port
  }
  await run.sockets.promises.connect(run.files.live(args.integer(0)), address)
  return DONE
}

/** Where `...` leads: to the peer that was heard of, else to the remote address and `--connect_port`. */
function peerAddress(args: Arguments, run: CallRun): SocketAddress {
  const { remoteAddress, connectPort } = run.configuration
  const file = socketFile(args, run)
  const peer = file === undefined ? null : run.book.peerOf(file.socket)
  return new SocketAddress(peer?.remote ?? remoteAddress, peer === null ? connectPort : peer.remotePort)
}

/** The destination of a `sendto`, and the socket's peer from then on where it had none. */
export function sendAddress(args: Arguments, given: Expression | null, run: CallRun): SocketAddress {
  const address = addressOr(args, given, run, () => peerAddress(args, run))
  const file = socketFile(args, run)
  if (file !== undefined && file.socket.remote === null && run.book.peerOf(file.socket) === null) {
    file.socket.state = 'connecting'
    file.socket.remote = address.address.unmapped().copy()
    file.socket.remotePort = address.port
  }
  return address
}

/** Whether an address that a call filled in is the one that the script has there; `...` is any. */
export function checkAddress(args: Arguments, index: number, actual: SocketAddress): string | null {
  if (args.spec.args.length <= index) return null
  const expected = args.address(index)
  if (expected === null || expected.equals(actual)) return null
  return `Expected address ${expected} but got ${actual}`
}

export const shutdown: Syscall = async (args, run) => {
  args.expect(2)
  run.sockets.shutdown(run.files.live(args.integer(0)), args.integer(1))
  return DONE
}

export const close: Syscall = async (args, run) => {
  args.expect(1)
  const fd = args.integer(0)
  const file = run.files.get(fd)
  if (file?.kind === 'socket') {
    // Its packets are known by the port after it has none of its own to ask.
    run.book.localPort(file.socket)
    file.socket.liveFd = -1
  }
  run.files.delete(fd)
  if (file === undefined) throw new SocketError(EBADF, 'close')
  if (file.kind === 'epoll') file.readiness.close()
  // With SO_LINGER it waits.
  else if (file.kind === 'socket') await run.sockets.promises.close(file.live)
  return DONE
}

async function nameOf(args: Arguments, run: CallRun, peer: boolean): Promise<Outcome> {
  args.expect(3)
  const live = run.files.live(args.integer(0))
  const name = peer ? run.sockets.getpeername(live) : run.sockets.getsockname(live)
  return { result: 0, check: () => (name instanceof SocketAddress ? checkAddress(args, 1, name) : null) }
}

export const getsockname: Syscall = (args, run) => nameOf(args, run, false)
export const getpeername: Syscall = (args, run) => nameOf(args, run, true)
