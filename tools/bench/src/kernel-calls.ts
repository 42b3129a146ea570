import { createRequire } from 'node:module'

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
    open: c.func('int open(const char *, int)'),
    read: c.func('read', 'long', ['int', 'uintptr_t', 'size_t']),
    write: c.func('write', 'long', ['int', 'uintptr_t', 'size_t']),
    ioctl: c.func('ioctl', 'int', ['int', 'unsigned long', 'uintptr_t']),
    close: c.func('int close(int)'),
    addressOf: (bytes) => Number(koffi.address(bytes.buffer)) + bytes.byteOffset,
  }
}

/** `struct sockaddr_in`. */
export function socketAddress(address: string, port: number): Uint8Array {
  const bytes = new Uint8Array(16)
  new DataView(bytes.buffer).setUint16(0, 2, true)
  new DataView(bytes.buffer).setUint16(2, port)
  bytes.set(address.split('.').map(Number), 4)
  return bytes
}
