import { createRequire } from 'node:module'
import { IpAddress } from '@jackfield/addr'

/** The system calls of the kernel's sockets and devices, through koffi. Negative: they failed. */
export interface KernelSocketCalls {
  socket(family: number, type: number, protocol: number): number
  bind(fd: number, address: Uint8Array, length: number): number
  listen(fd: number, backlog: number): number
  accept(fd: number, address: null, length: null): number
  connect(fd: number, address: Uint8Array, length: number): number
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): number
  send(fd: number, bytes: number, length: number, flags: number): number
  recv(fd: number, bytes: number, length: number, flags: number): number
  sendmmsg(fd: number, messages: number, count: number, flags: number): number
  recvmmsg(fd: number, messages: number, count: number, flags: number, timeout: number): number
  open(path: string, flags: number): number
  read(fd: number, bytes: number, length: number): number
  write(fd: number, bytes: number, length: number): number
  ioctl(fd: number, request: number, argument: number): number
  close(fd: number): number
  /** Where the bytes lie; they must stay referenced. */
  addressOf(bytes: Uint8Array): number
}

/** Loads the calls of the C library that Node itself is linked to. */
export function kernelSocketCalls(): KernelSocketCalls {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi')
  const c = koffi.load(null)
  return {
    socket: c.func('int socket(int, int, int)'),
    bind: c.func('int bind(int, void *, unsigned int)'),
    listen: c.func('int listen(int, int)'),
    accept: c.func('int accept(int, void *, void *)'),
    connect: c.func('int connect(int, void *, unsigned int)'),
    setsockopt: c.func('int setsockopt(int, int, int, void *, unsigned int)'),
    send: c.func('send', 'long', ['int', 'uintptr_t', 'size_t', 'int']),
    recv: c.func('recv', 'long', ['int', 'uintptr_t', 'size_t', 'int']),
    sendmmsg: c.func('sendmmsg', 'int', ['int', 'uintptr_t', 'unsigned int', 'int']),
    recvmmsg: c.func('recvmmsg', 'int', ['int', 'uintptr_t', 'unsigned int', 'int', 'uintptr_t']),
    open: c.func('int open(const char *, int)'),
    read: c.func('read', 'long', ['int', 'uintptr_t', 'size_t']),
    write: c.func('write', 'long', ['int', 'uintptr_t', 'size_t']),
    ioctl: c.func('ioctl', 'int', ['int', 'unsigned long', 'uintptr_t']),
    close: c.func('int close(int)'),
    addressOf: (bytes) => Number(koffi.address(bytes.buffer)) + bytes.byteOffset,
  }
}

/** `struct sockaddr_in`, or `sockaddr_in6` for an IPv6 address. Its family is its first two bytes. */
export function socketAddress(address: string, port: number): Uint8Array {
  const parsed = IpAddress.parse(address)
  const bytes = new Uint8Array(parsed.version === 4 ? 16 : 28)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, familyOf(address), true)
  view.setUint16(2, port)
  bytes.set(parsed.toBytes(), parsed.version === 4 ? 4 : 8)
  return bytes
}

/** `AF_INET` or `AF_INET6`. */
export function familyOf(address: string): number {
  return address.includes(':') ? 10 : 2
}

/** `struct timeval`. */
export function timeValue(seconds: number): Uint8Array {
  const whole = Math.floor(seconds)
  return new Uint8Array(new BigInt64Array([BigInt(whole), BigInt(Math.round((seconds - whole) * 1e6))]).buffer)
}
