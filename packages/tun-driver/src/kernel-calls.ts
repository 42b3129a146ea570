import { createRequire } from 'node:module'
import { ENOTSUP } from '@jackfield/interfaces'
import type { LibraryHandle } from 'koffi'
import { TunError } from './tun-error.js'

/**
 * The system calls that the driver makes. They return what C's wrappers return, -1 for an error whose number is
 * then in `errno()`. Memory on the packet path is passed as a plain address (see `addressOf`): of all forms that
 * koffi takes, a number is the quickest (0.17 µs a call) and the only one that needs no object for an offset.
 */
export interface KernelCalls {
  /** Bytes in a pointer: 4 or 8. */
  readonly pointerSize: number
  open(path: string, flags: number): number
  close(fd: number): number
  ioctl(fd: number, request: number, argument: Uint8Array): number
  /** The requests whose third argument is a number in place of a pointer. */
  ioctlNumber(fd: number, request: number, argument: number): number
  read(fd: number, address: number, length: number): number
  write(fd: number, address: number, length: number): number
  writev(fd: number, address: number, count: number): number
  socket(family: number, type: number, protocol: number): number
  bind(fd: number, address: Uint8Array, length: number): number
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): number
  pipe2(ends: Int32Array, flags: number): number
  dup3(from: number, to: number, flags: number): number
  setns(fd: number, type: number): number
  /** The error number of the last call that failed, positive. */
  errno(): number
  /**
   * Where the bytes lie in memory. It holds as long as the array is referenced and not detached: its memory is outside
   * of V8's heap and does not move. (An array of up to 64 bytes is inside until its `buffer` is asked for, which this does.)
   */
  addressOf(bytes: Uint8Array): number
}

export const O_RDWR = 0o2
export const O_NONBLOCK = 0o4000
export const O_CLOEXEC = 0o2000000
export const SOCK_NONBLOCK = 0o4000
export const SOCK_CLOEXEC = 0o2000000

/** Those whose ioctl numbers and flags are the common ones (asm-generic) and for which koffi has a binary. */
const ARCHITECTURES = ['x64', 'arm64', 'ia32', 'arm', 'riscv64', 'loong64']

let loaded: KernelCalls | undefined

/**
 * The calls of this system's C library, loaded at the first use.
 * @throws TunError `EOPNOTSUPP` on a system that is not Linux, or where koffi is missing
 */
export function kernelCalls(): KernelCalls {
  loaded ??= load(process.platform, process.arch)
  return loaded
}

/** @internal Apart from `kernelCalls` so that a test can name another system, or one without koffi. */
export function load(
  platform: string,
  architecture: string,
  require: (name: string) => unknown = createRequire(import.meta.url),
): KernelCalls {
  if (platform !== 'linux' || !ARCHITECTURES.includes(architecture)) {
    const system = platform === 'linux' ? `linux on ${architecture}` : platform
    throw new TunError(ENOTSUP, 'openTun', {
      detail: `not supported yet on ${system}: TUN and TAP devices need Linux; links in memory work everywhere`,
    })
  }
  let koffi: typeof import('koffi')
  try {
    koffi = require('koffi') as typeof import('koffi')
  } catch (cause) {
    throw new TunError(ENOTSUP, 'openTun', {
      detail: `the koffi package cannot be loaded: install it with \`npm install koffi\`; ${String(cause)}`,
    })
  }
  // The program itself: Node is linked to the C library.
  return bindCalls(koffi.load(null), koffi)
}

function bindCalls(libc: LibraryHandle, koffi: typeof import('koffi')): KernelCalls {
  const addresses = new WeakMap<Uint8Array, number>()
  return {
    pointerSize: koffi.sizeof('void *'),
    open: libc.func('int open(const char *path, int flags)'),
    close: libc.func('int close(int fd)'),
    ioctl: libc.func('int ioctl(int fd, unsigned long request, void *argument)'),
    ioctlNumber: libc.func('ioctl', 'int', ['int', 'unsigned long', 'unsigned long']),
    read: libc.func('read', 'long', ['int', 'uintptr_t', 'size_t']),
    write: libc.func('write', 'long', ['int', 'uintptr_t', 'size_t']),
    writev: libc.func('writev', 'long', ['int', 'uintptr_t', 'int']),
    socket: libc.func('int socket(int family, int type, int protocol)'),
    bind: libc.func('int bind(int fd, void *address, unsigned int length)'),
    setsockopt: libc.func('int setsockopt(int fd, int level, int name, void *value, unsigned int length)'),
    pipe2: libc.func('int pipe2(void *ends, int flags)'),
    dup3: libc.func('int dup3(int from, int to, int flags)'),
    setns: libc.func('int setns(int fd, int type)'),
    errno: () => koffi.errno(),
    addressOf(bytes) {
      const known = addresses.get(bytes)
      if (known !== undefined) return known
      // The address of the whole memory first: asking for `buffer` moves a small array out of the heap for good.
      const address = Number(koffi.address(bytes.buffer)) + bytes.byteOffset
      addresses.set(bytes, address)
      return address
    },
  }
}
