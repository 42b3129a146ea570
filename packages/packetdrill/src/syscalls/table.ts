import type { Syscall } from './call.js'
import {
  accept,
  accept4,
  bind,
  close,
  connect,
  getpeername,
  getsockname,
  listen,
  shutdown,
  socket,
} from './connections.js'
import { capSet, fcntl, ioctl, open, pipe } from './files.js'
import { recvmsg, sendmsg } from './messages.js'
import { getsockopt, setsockopt } from './options.js'
import { sendfile, splice } from './pipes.js'
import { read, readv, recv, recvfrom, sendCall, sendto, write, writev } from './transfers.js'
import { epollCreate, epollCreate1, epollCtl, epollWait, poll } from './waiting.js'

/** Every call of the language, by name. */
export const SYSCALLS: ReadonlyMap<string, Syscall> = new Map<string, Syscall>([
  ['accept', accept],
  ['accept4', accept4],
  ['bind', bind],
  ['cap_set', capSet],
  ['close', close],
  ['connect', connect],
  ['epoll_create', epollCreate],
  ['epoll_create1', epollCreate1],
  ['epoll_ctl', epollCtl],
  ['epoll_wait', epollWait],
  ['fcntl', fcntl],
  ['getpeername', getpeername],
  ['getsockname', getsockname],
  ['getsockopt', getsockopt],
  ['ioctl', ioctl],
  ['listen', listen],
  ['open', open],
  ['pipe', pipe],
  ['poll', poll],
  ['read', read],
  ['readv', readv],
  ['recv', recv],
  ['recvfrom', recvfrom],
  ['recvmsg', recvmsg],
  ['send', sendCall],
  ['sendfile', sendfile],
  ['sendmsg', sendmsg],
  ['sendto', sendto],
  ['setsockopt', setsockopt],
  ['shutdown', shutdown],
  ['socket', socket],
  ['splice', splice],
  ['write', write],
  ['writev', writev],
])
