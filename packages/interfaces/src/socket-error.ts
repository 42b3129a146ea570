import * as numbers from './errno.js'

const names = new Map<number, string>()
for (const [name, number] of Object.entries(numbers)) if (name !== 'ENOTSUP') names.set(number, name)

const texts: Readonly<Record<string, string>> = {
  EPERM: 'operation not permitted',
  ENOENT: 'no such file or directory',
  EINTR: 'interrupted',
  EIO: 'i/o error',
  ENXIO: 'no such device or address',
  EBADF: 'bad file descriptor',
  EAGAIN: 'resource temporarily unavailable',
  ENOMEM: 'cannot allocate memory',
  EACCES: 'permission denied',
  EFAULT: 'bad address',
  EBUSY: 'device or resource busy',
  EEXIST: 'file exists',
  ENODEV: 'no such device',
  EINVAL: 'invalid argument',
  ENFILE: 'too many open files in system',
  EMFILE: 'too many open files',
  ENOTTY: 'inappropriate ioctl for device',
  EPIPE: 'broken pipe',
  EDOM: 'argument out of domain',
  ERANGE: 'result out of range',
  ENONET: 'machine is not on the network',
  EPROTO: 'protocol error',
  EBADMSG: 'bad message',
  ENOTUNIQ: 'name not unique on network',
  EBADFD: 'file descriptor in bad state',
  ENOTSOCK: 'socket operation on non-socket',
  EDESTADDRREQ: 'destination address required',
  EMSGSIZE: 'message too long',
  EPROTOTYPE: 'protocol wrong type for socket',
  ENOPROTOOPT: 'protocol not available',
  EPROTONOSUPPORT: 'protocol not supported',
  ESOCKTNOSUPPORT: 'socket type not supported',
  EOPNOTSUPP: 'operation not supported',
  EPFNOSUPPORT: 'protocol family not supported',
  EAFNOSUPPORT: 'address family not supported',
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'cannot assign requested address',
  ENETDOWN: 'network is down',
  ENETUNREACH: 'network is unreachable',
  ENETRESET: 'network dropped connection on reset',
  ECONNABORTED: 'software caused connection abort',
  ECONNRESET: 'connection reset by peer',
  ENOBUFS: 'no buffer space available',
  EISCONN: 'socket is already connected',
  ENOTCONN: 'socket is not connected',
  ESHUTDOWN: 'cannot send after socket shutdown',
  ETIMEDOUT: 'connection timed out',
  ECONNREFUSED: 'connection refused',
  EHOSTDOWN: 'host is down',
  EHOSTUNREACH: 'no route to host',
  EALREADY: 'operation already in progress',
  EINPROGRESS: 'operation now in progress',
  ECANCELED: 'operation canceled',
}

/** The name of an error number, as `'ECONNREFUSED'` for 111; `'E' + number` for one that is not known. */
export function errnoName(errno: number): string {
  return names.get(errno) ?? `E${errno}`
}

/** What a socket call throws: an `Error` with the fields that Node's system errors have. */
export class SocketError extends Error {
  /** The name of the error, as `'ECONNREFUSED'`. */
  readonly code: string
  /** Linux's number of it, positive. */
  readonly errno: number
  /** The call that failed, as `'connect'`. */
  readonly syscall: string
  /** The address in question, in its textual form. */
  readonly address?: string
  readonly port?: number

  /** @param errno Linux's number, positive. @param detail a sentence on what would be right, added to the message. */
  constructor(errno: number, syscall: string, options: { address?: string; port?: number; detail?: string } = {}) {
    const code = errnoName(errno)
    let message = `${syscall} ${code}: ${texts[code] ?? 'unknown error'}`
    if (options.address !== undefined) {
      const port =
        options.port === undefined ? '' : options.address.includes(':') ? `]:${options.port}` : `:${options.port}`
      message += `, ${port.startsWith(']') ? '[' : ''}${options.address}${port}`
    }
    if (options.detail !== undefined) message += ` (${options.detail})`
    super(message)
    this.name = 'SocketError'
    this.code = code
    this.errno = errno
    this.syscall = syscall
    if (options.address !== undefined) this.address = options.address
    if (options.port !== undefined) this.port = options.port
  }
}
