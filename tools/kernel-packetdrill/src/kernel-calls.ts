import koffi from 'koffi'

export type CallName =
  | 'accept'
  | 'bind'
  | 'close'
  | 'connect'
  | 'epoll_create1'
  | 'epoll_ctl'
  | 'epoll_wait'
  | 'eventfd'
  | 'getpeername'
  | 'getsockname'
  | 'getsockopt'
  | 'ioctl'
  | 'listen'
  | 'open'
  | 'poll'
  | 'ppoll'
  | 'read'
  | 'recvfrom'
  | 'recvmsg'
  | 'sendmsg'
  | 'sendto'
  | 'setsockopt'
  | 'shutdown'
  | 'socket'
  | 'write'

/** How C's functions are called: each argument a number, memory by its address. */
const SIGNATURES: Readonly<Record<CallName, readonly string[]>> = {
  accept: ['int', 'uintptr_t', 'uintptr_t'],
  bind: ['int', 'uintptr_t', 'uint'],
  close: ['int'],
  connect: ['int', 'uintptr_t', 'uint'],
  epoll_create1: ['int'],
  epoll_ctl: ['int', 'int', 'int', 'uintptr_t'],
  epoll_wait: ['int', 'uintptr_t', 'int', 'int'],
  eventfd: ['uint', 'int'],
  getpeername: ['int', 'uintptr_t', 'uintptr_t'],
  getsockname: ['int', 'uintptr_t', 'uintptr_t'],
  getsockopt: ['int', 'int', 'int', 'uintptr_t', 'uintptr_t'],
  ioctl: ['int', 'ulong', 'uintptr_t'],
  listen: ['int', 'int'],
  open: ['uintptr_t', 'int'],
  poll: ['uintptr_t', 'ulong', 'int'],
  ppoll: ['uintptr_t', 'ulong', 'uintptr_t', 'uintptr_t'],
  read: ['int', 'uintptr_t', 'size_t'],
  recvfrom: ['int', 'uintptr_t', 'size_t', 'int', 'uintptr_t', 'uintptr_t'],
  recvmsg: ['int', 'uintptr_t', 'int'],
  sendmsg: ['int', 'uintptr_t', 'int'],
  sendto: ['int', 'uintptr_t', 'size_t', 'int', 'uintptr_t', 'uint'],
  setsockopt: ['int', 'int', 'int', 'uintptr_t', 'uint'],
  shutdown: ['int', 'int'],
  socket: ['int', 'int', 'int'],
  write: ['int', 'uintptr_t', 'size_t'],
}

/** Every call, in an order that is the same in every thread. */
export const CALL_NAMES: readonly CallName[] = Object.keys(SIGNATURES) as CallName[]

type KernelFunction = (...args: number[]) => number

const libc = koffi.load(null)
const functions = new Map<CallName, KernelFunction>()
for (const name of CALL_NAMES) functions.set(name, libc.func(name, 'long', [...SIGNATURES[name]]) as KernelFunction)

/** Makes a system call: its result, or the negative error number. */
export function systemCall(name: CallName, ...args: number[]): number {
  const result = (functions.get(name) as KernelFunction)(...args)
  // The functions return int, which the upper half of the register does not repeat.
  const value = result === 0xffff_ffff ? -1 : result
  return value === -1 ? -koffi.errno() : value
}

/** Where the bytes lie in memory, for as long as they are referenced. */
export function addressOf(bytes: ArrayBufferView): number {
  // Asking for the buffer first moves a small array out of the heap for good.
  return Number(koffi.address(bytes.buffer)) + bytes.byteOffset
}

const SCHED_FIFO = 1
const PRIORITY = 10
const setScheduler = libc.func('sched_setscheduler', 'int', ['int', 'int', 'uintptr_t']) as KernelFunction

/** Lets the calling thread run before others as soon as it has something to do, where that is allowed. */
export function runFirst(): void {
  setScheduler(0, SCHED_FIFO, addressOf(new Int32Array([PRIORITY])))
}
