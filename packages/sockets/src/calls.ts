import {
  type AddressFamily,
  AF_INET,
  AF_INET6,
  EBADF,
  EINVAL,
  EMFILE,
  ENOPROTOOPT,
  EOPNOTSUPP,
  FIONBIO,
  type Forwarder,
  Message,
  MSG_DONTWAIT,
  MSG_WAITALL,
  OptionFailure,
  type OptionValue,
  SO_DOMAIN,
  SO_PROTOCOL,
  SO_RCVTIMEO,
  SO_SNDTIMEO,
  SO_TYPE,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOL_SOCKET,
  type Sockaddr,
  type SocketEndpoint,
  SocketError,
} from '@jackfield/interfaces'
import type { SocketHost } from '@jackfield/stack'
import { DescriptorTable } from './descriptors.js'
import { interfaceIoctl } from './interface-ioctl.js'
import { OpenFile } from './open-file.js'

/** A timeout as `struct timeval`; 0 and 0 is to wait for ever. */
export interface TimeValue {
  readonly sec: number
  /** Microseconds, 0 to 999,999. */
  readonly usec: number
}

/** The most descriptors a table holds unless told otherwise: Linux's usual hard limit. */
export const DEFAULT_MAX_DESCRIPTORS = 1_048_576

/** Only these may reach a transport: the rest of the flags is this package's business. */
const OWN_FLAGS = MSG_DONTWAIT | MSG_WAITALL

/**
 * The calls themselves, under both the throwing and the awaiting form. They never wait and never throw for what happens
 * on the network: they return a count or 0, or the negative of an error number. Each is one call of the run loop.
 */
export class Calls {
  readonly host: SocketHost
  readonly table: DescriptorTable
  private readonly message: Message = new Message(new Uint8Array(0))

  constructor(host: SocketHost, maxDescriptors: number) {
    this.host = host
    this.table = new DescriptorTable(maxDescriptors)
  }

  /** The file of a descriptor; throws `EBADF`. */
  file(descriptor: number, syscall: string): OpenFile {
    const file = this.table.get(descriptor)
    if (file === null) {
      throw new SocketError(EBADF, syscall, { detail: `${String(descriptor)} is not an open descriptor of this table` })
    }
    return file
  }

  /** An address in any form that the socket's family takes; a TypeError says what would be right. */
  address(file: OpenFile, input: unknown): Sockaddr {
    return file.addresses.parseAddress(input)
  }

  socket(family: number, type: number, protocol: number): number {
    const provider = this.host.findSocketProvider(family, type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC), protocol)
    if (typeof provider === 'number') return -provider
    const addresses = this.addressesOf(family)
    const endpoint = this.enter(() => provider.create(protocol))
    if (typeof endpoint === 'number') return endpoint
    return this.open(endpoint, addresses, (type & SOCK_NONBLOCK) !== 0)
  }

  /**
   * A descriptor for an endpoint that is made elsewhere. Throws what that throws, or `EMFILE` where the table is full: then nothing
   * is made.
   */
  adopt(make: () => SocketEndpoint, syscall: string): number {
    if (this.table.full) throw new SocketError(EMFILE, syscall)
    return this.enter(() => {
      const endpoint = make()
      return this.open(endpoint, this.addressesOf(endpoint.family), false)
    })
  }

  /** Who is asked about what no socket of this type and protocol is there for. Throws where the protocol does not ask. */
  setForwarder(type: number, protocol: number, forwarder: Forwarder | null): void {
    const found = [AF_INET, AF_INET6].map((family) => this.host.findSocketProvider(family, type, protocol))
    const provider = found.find((each) => typeof each !== 'number')
    if (provider === undefined) throw new SocketError(Number(found[0]), 'setForwarder')
    if (typeof provider === 'number' || provider.setForwarder === undefined) {
      throw new SocketError(EOPNOTSUPP, 'setForwarder', {
        detail: 'TCP and UDP have forwarders: SOCK_STREAM, SOCK_DGRAM',
      })
    }
    provider.setForwarder(forwarder)
  }

  bind(file: OpenFile, address: Sockaddr): number {
    return this.change(() => file.endpoint.bind(address))
  }

  connect(file: OpenFile, address: Sockaddr | null): number {
    return this.change(() => file.endpoint.connect(address))
  }

  listen(file: OpenFile, backlog: number): number {
    return this.change(() => file.endpoint.listen(backlog))
  }

  accept(file: OpenFile, peer: Sockaddr | null): number {
    const endpoint = this.change(() => file.endpoint.accept(peer))
    if (typeof endpoint === 'number') return endpoint
    return this.open(endpoint, file.addresses, false)
  }

  send(
    file: OpenFile,
    buffer: Uint8Array,
    offset: number,
    length: number,
    flags: number,
    to: Sockaddr | null,
    resumed = false,
    continues = false,
  ): number {
    const message = this.message
    message.buffer = buffer
    message.offset = offset
    message.length = length
    message.name = to
    message.control = null
    message.resumed = resumed
    message.continues = continues
    message.flags = flags & ~OWN_FLAGS
    return this.sendMessage(file, message)
  }

  sendMessage(file: OpenFile, message: Message): number {
    const loop = this.host.clock.loop
    loop.enter()
    try {
      const result = file.endpoint.send(message)
      this.host.needBurstEnd()
      return result
    } finally {
      loop.leave()
    }
  }

  receive(
    file: OpenFile,
    buffer: Uint8Array,
    offset: number,
    length: number,
    flags: number,
    from: Sockaddr | null,
  ): number {
    const message = this.message
    message.buffer = buffer
    message.offset = offset
    message.length = length
    message.name = from
    message.control = null
    message.flags = flags & ~OWN_FLAGS
    return this.receiveMessage(file, message)
  }

  receiveMessage(file: OpenFile, message: Message): number {
    message.named = false
    const loop = this.host.clock.loop
    loop.enter()
    try {
      return file.endpoint.receive(message)
    } finally {
      loop.leave()
    }
  }

  shutdown(file: OpenFile, how: number): number {
    return this.change(() => file.endpoint.shutdown(how))
  }

  /** Frees a descriptor, and with the last one the socket. */
  close(descriptor: number, file: OpenFile, done?: () => void): void {
    this.table.remove(descriptor)
    file.references--
    if (file.references === 0) this.change(() => file.close(done))
    else done?.()
  }

  dup(file: OpenFile): number {
    const descriptor = this.table.add(file)
    if (descriptor >= 0) file.references++
    return descriptor
  }

  setOption(file: OpenFile, level: number, name: number, value: OptionValue | boolean): number {
    if (level === SOL_SOCKET && (name === SO_RCVTIMEO || name === SO_SNDTIMEO)) {
      const timeout = microseconds(value)
      if (timeout < 0) return -EINVAL
      if (name === SO_RCVTIMEO) file.receiveTimeout = timeout
      else file.sendTimeout = timeout
      return 0
    }
    const plain = typeof value === 'boolean' ? Number(value) : value
    const result = this.change(() => file.endpoint.setOption(level, name, plain))
    if (file.endpoint.family !== file.addresses.family) this.follow(file)
    return result
  }

  /** A socket became one of another family (`IPV6_ADDRFORM`). */
  private follow(file: OpenFile): void {
    const addresses = this.host.addressFamily(file.endpoint.family)
    if (addresses !== undefined) file.addresses = addresses
  }

  getOption(file: OpenFile, level: number, name: number): OptionValue | OptionFailure {
    const { endpoint } = file
    if (level === SOL_SOCKET) {
      if (name === SO_TYPE) return endpoint.type
      if (name === SO_DOMAIN) return endpoint.family
      if (name === SO_PROTOCOL) return endpoint.protocol
      if (name === SO_RCVTIMEO) return timeValue(file.receiveTimeout)
      if (name === SO_SNDTIMEO) return timeValue(file.sendTimeout)
    }
    const value = this.enter(() => endpoint.getOption(level, name))
    return value === undefined ? new OptionFailure(ENOPROTOOPT) : value
  }

  ioctl(file: OpenFile, request: number, argument: unknown): unknown {
    if (request === FIONBIO) {
      file.nonBlocking = Boolean(argument)
      return 0
    }
    const answer = interfaceIoctl(this.host, request, argument)
    return answer !== undefined ? answer : this.enter(() => file.endpoint.ioctl(request))
  }

  /** How a family's addresses are read and made. */
  private addressesOf(family: number): AddressFamily {
    const addresses = this.host.addressFamily(family)
    if (addresses !== undefined) return addresses
    throw new Error(
      `no installed package defines the addresses of family ${family}: the module that makes its sockets calls addAddressFamily`,
    )
  }

  private open(endpoint: SocketEndpoint, addresses: OpenFile['addresses'], nonBlocking: boolean): number {
    const file = new OpenFile(endpoint, addresses, nonBlocking)
    const descriptor = this.table.add(file)
    if (descriptor < 0) this.change(() => file.close())
    return descriptor
  }

  private enter<T>(call: () => T): T {
    const loop = this.host.clock.loop
    loop.enter()
    try {
      return call()
    } finally {
      loop.leave()
    }
  }

  /** A call that may have sent something or changed what others wait for. */
  private change<T>(call: () => T): T {
    return this.enter(() => {
      const result = call()
      this.host.needBurstEnd()
      return result
    })
  }
}

function microseconds(value: OptionValue | boolean): number {
  if (typeof value === 'number') return value >= 0 ? value * 1000 : -1
  if (typeof value !== 'object' || value instanceof Uint8Array) return -1
  const { sec, usec } = value as Partial<TimeValue>
  if (typeof sec !== 'number' || typeof usec !== 'number' || sec < 0 || usec < 0 || usec > 999_999) return -1
  return sec * 1_000_000 + usec
}

function timeValue(microseconds: number): { sec: number; usec: number } {
  return { sec: Math.floor(microseconds / 1_000_000), usec: Math.floor(microseconds % 1_000_000) }
}
