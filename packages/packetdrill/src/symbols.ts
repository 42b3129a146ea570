import * as constants from '@jackfield/interfaces/constants'

/** Linux's numbers that scripts use and the socket API of the stack has no use for itself. */
const MORE: Readonly<Record<string, number>> = {
  O_RDONLY: 0,
  O_WRONLY: 1,
  O_RDWR: 2,
  O_CREAT: 0o100,
  O_TRUNC: 0o1000,
  O_APPEND: 0o2000,
  O_NONBLOCK: 0o4000,
  F_GETFD: 1,
  F_SETFD: 2,
  F_GETFL: 3,
  F_SETFL: 4,
  FD_CLOEXEC: 1,
  NULL: 0,
  EPOLL_CTL_ADD: 1,
  EPOLL_CTL_DEL: 2,
  EPOLL_CTL_MOD: 3,
  EPOLL_CLOEXEC: 0o2000000,
  SPLICE_F_MOVE: 1,
  SPLICE_F_NONBLOCK: 2,
  SPLICE_F_MORE: 4,
  PF_INET: 2,
  PF_INET6: 10,
  IPPROTO_MPTCP: 262,
  MSG_TRYHARD: 4,
  MSG_PROXY: 0x10,
  MSG_BATCH: 0x4_0000,
  MSG_CMSG_CLOEXEC: 0x4000_0000,
  SO_PASSCRED: 16,
  SO_PEERCRED: 17,
  SO_ATTACH_FILTER: 26,
  SO_DETACH_FILTER: 27,
  SO_COOKIE: 57,
  SO_TIMESTAMP_NEW: 63,
  SO_TIMESTAMPNS_NEW: 64,
  SO_TIMESTAMPING_NEW: 65,
  SCM_TIMESTAMP: 29,
  SCM_TIMESTAMPNS: 35,
  MSG_FIN: 0x200,
  MSG_SYN: 0x400,
  MSG_RST: 0x1000,
  SO_TXTIME: 61,
  SO_EE_ORIGIN_NONE: 0,
  INADDR_ANY: 0,
}

const symbols: ReadonlyMap<string, number> = new Map([
  ...Object.entries(MORE),
  ...Object.entries(constants as Readonly<Record<string, number>>),
])

/** The number that a symbolic constant of Linux stands for; undefined for a name that is not known. */
export function symbolValue(name: string): number | undefined {
  return symbols.get(name)
}

/** What `strerror` says of Linux's error numbers. */
const TEXTS: Readonly<Record<string, string>> = {
  EPERM: 'Operation not permitted',
  ENOENT: 'No such file or directory',
  EINTR: 'Interrupted system call',
  EIO: 'Input/output error',
  ENXIO: 'No such device or address',
  EBADF: 'Bad file descriptor',
  EAGAIN: 'Resource temporarily unavailable',
  ENOMEM: 'Cannot allocate memory',
  EACCES: 'Permission denied',
  EFAULT: 'Bad address',
  EEXIST: 'File exists',
  ENODEV: 'No such device',
  EINVAL: 'Invalid argument',
  EMFILE: 'Too many open files',
  ENOTTY: 'Inappropriate ioctl for device',
  ESPIPE: 'Illegal seek',
  ENOMSG: 'No message of desired type',
  EPIPE: 'Broken pipe',
  ENOTSOCK: 'Socket operation on non-socket',
  EDESTADDRREQ: 'Destination address required',
  EMSGSIZE: 'Message too long',
  EPROTOTYPE: 'Protocol wrong type for socket',
  ENOPROTOOPT: 'Protocol not available',
  EPROTONOSUPPORT: 'Protocol not supported',
  ESOCKTNOSUPPORT: 'Socket type not supported',
  EOPNOTSUPP: 'Operation not supported',
  EAFNOSUPPORT: 'Address family not supported by protocol',
  EADDRINUSE: 'Address already in use',
  EADDRNOTAVAIL: 'Cannot assign requested address',
  ENETDOWN: 'Network is down',
  ENETUNREACH: 'Network is unreachable',
  ENETRESET: 'Network dropped connection on reset',
  ECONNABORTED: 'Software caused connection abort',
  ECONNRESET: 'Connection reset by peer',
  ENOBUFS: 'No buffer space available',
  EISCONN: 'Transport endpoint is already connected',
  ENOTCONN: 'Transport endpoint is not connected',
  ESHUTDOWN: 'Cannot send after transport endpoint shutdown',
  ETIMEDOUT: 'Connection timed out',
  ECONNREFUSED: 'Connection refused',
  EHOSTDOWN: 'Host is down',
  EHOSTUNREACH: 'No route to host',
  EALREADY: 'Operation already in progress',
  EINPROGRESS: 'Operation now in progress',
  EPROTO: 'Protocol error',
  ECANCELED: 'Operation canceled',
}

const errorNames = new Map<number, string>()
for (const name of Object.keys(TEXTS)) {
  const number = symbols.get(name)
  if (number !== undefined) errorNames.set(number, name)
}

/** An error number as people read it: `Connection refused`. */
export function errorText(errno: number): string {
  return TEXTS[errorNames.get(errno) ?? ''] ?? `Unknown error ${errno}`
}

/** The name of an error number, as `ECONNREFUSED`. */
export function errorName(errno: number): string {
  return errorNames.get(errno) ?? `E${errno}`
}
