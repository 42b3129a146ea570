import { OptionFailure, type OptionValue, type Sockaddr, SocketError } from '@jackfield/interfaces'
import type { SocketHost } from '@jackfield/stack'
import { Calls, DEFAULT_MAX_DESCRIPTORS } from './calls.js'
import { checked, failure } from './failure.js'
import { type DescriptorForwarder, endpointForwarder } from './forwarder.js'
import { type PollDescriptor, pollNow, type SelectSets, selectAnswer, selectDescriptors } from './poll.js'
import { createPromises, type SocketPromises } from './promises.js'
import { type Readiness, ReadinessSet } from './readiness.js'
import { fromReceive, type ReceiveMessage, type SendMessage, toBytes, toReceive, toSend } from './socket-message.js'

/** How a table of descriptors is made. */
export interface SocketsOptions {
  /** The most descriptors open at once; `EMFILE` past it. Default 1,048,576. */
  maxDescriptors?: number
}

/**
 * The Berkeley socket calls over a stack. Calls never wait: where a blocking call would, they throw `SocketError` with
 * code `EAGAIN` (`EINPROGRESS` for `connect`). `promises` has the awaiting form of the same calls.
 * Every call throws `EBADF` for a number that is not open in this table, and `SocketError` with Linux's number for all
 * else that goes wrong. Addresses are given as text (`'10.0.0.1:80'`), as `{ address, port }`, or as the family's objects.
 */
export interface Sockets {
  /** The awaiting form of the calls. */
  readonly promises: SocketPromises
  /** Descriptors open at present. */
  readonly size: number
  /** The open descriptors, in order. */
  descriptors(): number[]
  /** Opens a socket: `AF_INET, SOCK_DGRAM` and so on; protocol 0 is the usual one of the type. */
  socket(family: number, type: number, protocol?: number): number
  bind(fd: number, address: unknown): void
  /** Connects, or begins to (`EINPROGRESS`; ready for writing when done). null dissolves a datagram association. */
  connect(fd: number, address: unknown): void
  /** @param backlog connections that may wait for `accept`; default 4096 (`SOMAXCONN`) */
  listen(fd: number, backlog?: number): void
  /** The descriptor of the next connection. Fills `peer`, if given. */
  accept(fd: number, peer?: Sockaddr): number
  /** Returns the bytes taken. */
  send(fd: number, data: Uint8Array | string, flags?: number): number
  sendto(fd: number, data: Uint8Array | string, flags: number, address: unknown): number
  sendmsg(fd: number, message: SendMessage, flags?: number): number
  /** Fills the buffer; returns the bytes received, 0 at the end of a stream. */
  recv(fd: number, buffer: Uint8Array, flags?: number): number
  /** As `recv`; fills `from`, if given, with the sender's address. Allocates nothing. */
  recvfrom(fd: number, buffer: Uint8Array, flags?: number, from?: Sockaddr): number
  recvmsg(fd: number, message: ReceiveMessage, flags?: number): number
  /** `SHUT_RD`, `SHUT_WR` or `SHUT_RDWR`. */
  shutdown(fd: number, how: number): void
  close(fd: number): void
  /** Closes every descriptor. */
  closeAll(): void
  /** Another descriptor, the lowest free, for the same socket. */
  dup(fd: number): number
  /** The socket's own address, in `address` if given, else in a new one. */
  getsockname(fd: number, address?: Sockaddr): Sockaddr
  getpeername(fd: number, address?: Sockaddr): Sockaddr
  /** Flags are 0 and 1 or booleans; structures are objects with the fields that their type names. */
  setsockopt(fd: number, level: number, name: number, value: OptionValue | boolean): void
  getsockopt(fd: number, level: number, name: number): OptionValue
  /** `FIONREAD`, `SIOCOUTQ`, `FIONBIO` and the interface queries (`SIOCGIFADDR` with a name). */
  ioctl(fd: number, request: number, argument?: unknown): unknown
  /** Fills `revents`; returns how many descriptors have any. */
  poll(descriptors: PollDescriptor[]): number
  select(sets: SelectSets): Required<SelectSets>
  /**
   * Sets who is asked about connections (`SOCK_STREAM`) or datagrams (`SOCK_DGRAM`) that no socket of the stack is there for: a
   * gateway's hook. One for each protocol of a stack; null takes it away. Throws `EOPNOTSUPP` for sockets of other kinds.
   */
  setForwarder(type: number, forwarder: DescriptorForwarder | null, protocol?: number): void
  /** A set of watched descriptors, as `epoll_create` makes. */
  epoll<T = unknown>(): Readiness<T>
  /** An empty address of a family, to be filled by `recvfrom` and its kin. */
  createAddress(family: number): Sockaddr
}

class SocketTable implements Sockets {
  readonly promises: SocketPromises
  private readonly calls: Calls
  private readonly host: SocketHost

  constructor(host: SocketHost, options: SocketsOptions) {
    const { maxDescriptors = DEFAULT_MAX_DESCRIPTORS } = options
    if (!Number.isInteger(maxDescriptors) || maxDescriptors < 1) {
      throw new RangeError(`maxDescriptors is an integer of 1 or more, not ${maxDescriptors}`)
    }
    this.host = host
    this.calls = new Calls(host, maxDescriptors)
    this.promises = createPromises(this.calls)
  }

  get size(): number {
    return this.calls.table.size
  }

  descriptors(): number[] {
    return this.calls.table.numbers()
  }

  socket(family: number, type: number, protocol = 0): number {
    return checked(this.calls.socket(family, type, protocol), 'socket')
  }

  bind(fd: number, input: unknown): void {
    const file = this.calls.file(fd, 'bind')
    const address = this.calls.address(file, input)
    checked(this.calls.bind(file, address), 'bind', address)
  }

  connect(fd: number, input: unknown): void {
    const file = this.calls.file(fd, 'connect')
    const address = input === null ? null : this.calls.address(file, input)
    checked(this.calls.connect(file, address), 'connect', address)
  }

  listen(fd: number, backlog = 4096): void {
    checked(this.calls.listen(this.calls.file(fd, 'listen'), backlog), 'listen')
  }

  accept(fd: number, peer?: Sockaddr): number {
    return checked(this.calls.accept(this.calls.file(fd, 'accept'), peer ?? null), 'accept')
  }

  send(fd: number, data: Uint8Array | string, flags = 0): number {
    const file = this.calls.file(fd, 'send')
    const bytes = toBytes(data, 'send')
    return checked(this.calls.send(file, bytes, 0, bytes.length, flags, null), 'send')
  }

  sendto(fd: number, data: Uint8Array | string, flags: number, input: unknown): number {
    const file = this.calls.file(fd, 'sendto')
    const bytes = toBytes(data, 'sendto')
    const address = input === null || input === undefined ? null : this.calls.address(file, input)
    const result = this.calls.send(file, bytes, 0, bytes.length, flags, address)
    if (result < 0) throw failure(result, 'sendto', address)
    return result
  }

  sendmsg(fd: number, message: SendMessage, flags = 0): number {
    const file = this.calls.file(fd, 'sendmsg')
    const name = message.name === null || message.name === undefined ? null : this.calls.address(file, message.name)
    return checked(this.calls.sendMessage(file, toSend(message, name, flags)), 'sendmsg', name)
  }

  recv(fd: number, buffer: Uint8Array, flags = 0): number {
    const file = this.calls.file(fd, 'recv')
    return checked(this.calls.receive(file, buffer, 0, buffer.length, flags, null), 'recv')
  }

  recvfrom(fd: number, buffer: Uint8Array, flags = 0, from?: Sockaddr): number {
    const file = this.calls.file(fd, 'recvfrom')
    const result = this.calls.receive(file, buffer, 0, buffer.length, flags, from ?? null)
    if (result < 0) throw failure(result, 'recvfrom')
    return result
  }

  recvmsg(fd: number, input: ReceiveMessage, flags = 0): number {
    const file = this.calls.file(fd, 'recvmsg')
    const message = toReceive(input, flags)
    const result = checked(this.calls.receiveMessage(file, message), 'recvmsg')
    fromReceive(message, result, input)
    return result
  }

  shutdown(fd: number, how: number): void {
    checked(this.calls.shutdown(this.calls.file(fd, 'shutdown'), how), 'shutdown')
  }

  close(fd: number): void {
    this.calls.close(fd, this.calls.file(fd, 'close'))
  }

  closeAll(): void {
    for (const fd of this.calls.table.numbers()) this.close(fd)
  }

  dup(fd: number): number {
    return checked(this.calls.dup(this.calls.file(fd, 'dup')), 'dup')
  }

  getsockname(fd: number, address?: Sockaddr): Sockaddr {
    const file = this.calls.file(fd, 'getsockname')
    const target = address ?? file.addresses.createAddress()
    checked(file.endpoint.getName(target), 'getsockname')
    return target
  }

  getpeername(fd: number, address?: Sockaddr): Sockaddr {
    const file = this.calls.file(fd, 'getpeername')
    const target = address ?? file.addresses.createAddress()
    checked(file.endpoint.getPeer(target), 'getpeername')
    return target
  }

  setsockopt(fd: number, level: number, name: number, value: OptionValue | boolean): void {
    checked(this.calls.setOption(this.calls.file(fd, 'setsockopt'), level, name, value), 'setsockopt')
  }

  getsockopt(fd: number, level: number, name: number): OptionValue {
    const value = this.calls.getOption(this.calls.file(fd, 'getsockopt'), level, name)
    if (value instanceof OptionFailure) throw new SocketError(value.errno, 'getsockopt')
    return value
  }

  ioctl(fd: number, request: number, argument?: unknown): unknown {
    const answer = this.calls.ioctl(this.calls.file(fd, 'ioctl'), request, argument)
    return typeof answer === 'number' ? checked(answer, 'ioctl') : answer
  }

  poll(descriptors: PollDescriptor[]): number {
    return pollNow(this.calls.table, descriptors)
  }

  select(sets: SelectSets): Required<SelectSets> {
    const descriptors = selectDescriptors(sets)
    for (const { fd } of descriptors) this.calls.file(fd, 'select')
    pollNow(this.calls.table, descriptors)
    return selectAnswer(sets, descriptors)
  }

  setForwarder(type: number, forwarder: DescriptorForwarder | null, protocol = 0): void {
    const { calls } = this
    calls.setForwarder(type, protocol, forwarder === null ? null : endpointForwarder(calls, forwarder))
  }

  epoll<T = unknown>(): Readiness<T> {
    return new ReadinessSet<T>(this.host, this.calls.table)
  }

  createAddress(family: number): Sockaddr {
    const addresses = this.host.addressFamily(family)
    if (addresses === undefined) throw new RangeError(`no installed package defines the addresses of family ${family}`)
    return addresses.createAddress()
  }
}

/** The socket calls over a stack, with a table of descriptors of its own. */
export function createSockets(stack: SocketHost, options: SocketsOptions = {}): Sockets {
  return new SocketTable(stack, options)
}
