import { SocketAddress } from '@jackfield/addr'
import {
  AF_INET,
  AF_INET6,
  FIONREAD,
  IPV6_V6ONLY,
  SIOCOUTQ,
  SO_ACCEPTCONN,
  SO_BINDTODEVICE,
  SO_DOMAIN,
  SO_PROTOCOL,
  SO_TYPE,
  SOCK_DGRAM,
  SOCK_RAW,
  SOL_IPV6,
  SOL_SOCKET,
  SocketError,
  type Sockets,
} from '@jackfield/sockets'

const HEADER = ['Netid', 'State', 'Recv-Q', 'Send-Q', 'Local Address:Port', 'Peer Address:Port'] as const

/** The open sockets as `ss -an` lists them, one line each behind a header. */
export function socketTable(sockets: Sockets): string {
  const rows: string[][] = [[...HEADER]]
  for (const fd of sockets.descriptors()) rows.push(row(sockets, fd))
  const widths = HEADER.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)))
  return rows
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function row(sockets: Sockets, fd: number): string[] {
  const family = sockets.getsockopt(fd, SOL_SOCKET, SO_DOMAIN)
  if (family !== AF_INET && family !== AF_INET6) return ['p_dgr', 'UNCONN', ...queues(sockets, fd), '*', '*']
  const peer = optional(() => sockets.getpeername(fd))
  return [
    netid(sockets, fd),
    peer !== null ? 'ESTAB' : listens(sockets, fd) ? 'LISTEN' : 'UNCONN',
    ...queues(sockets, fd),
    endpoint(sockets, fd, sockets.getsockname(fd)),
    endpoint(sockets, fd, peer),
  ]
}

function listens(sockets: Sockets, fd: number): boolean {
  return sockets.getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN) === 1
}

function netid(sockets: Sockets, fd: number): string {
  const type = sockets.getsockopt(fd, SOL_SOCKET, SO_TYPE)
  const protocol = sockets.getsockopt(fd, SOL_SOCKET, SO_PROTOCOL)
  if (type === SOCK_RAW) return 'raw'
  if (type === SOCK_DGRAM)
    return protocol === 1 ? 'icmp' : protocol === 58 ? 'icmp6' : protocol === 136 ? 'udpl' : 'udp'
  return 'tcp'
}

function queues(sockets: Sockets, fd: number): [string, string] {
  const count = (request: number): string => String(optional(() => sockets.ioctl(fd, request)) ?? 0)
  return [count(FIONREAD), count(SIOCOUTQ)]
}

/**
 * As ss writes it: IPv6 in brackets, its zone behind them, `*` for what takes both versions. No peer is any address.
 */
function endpoint(sockets: Sockets, fd: number, address: unknown): string {
  const ip = address instanceof SocketAddress ? address : null
  const port = ip === null || ip.port === 0 ? '*' : ip.port
  const v6 = sockets.getsockopt(fd, SOL_SOCKET, SO_DOMAIN) === AF_INET6
  if (ip === null || ip.address.isUnspecified) {
    if (!v6) return `0.0.0.0:${port}`
    return sockets.getsockopt(fd, SOL_IPV6, IPV6_V6ONLY) === 1 ? `[::]:${port}` : `*:${port}`
  }
  if (!v6) return `${ip.address}:${port}`
  const zone = ip.scopeId === 0 ? '' : `%${sockets.getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE) || ip.scopeId}`
  return `[${ip.address}]${zone}:${port}`
}

/** null where the socket has no such thing. */
function optional<T>(call: () => T): T | null {
  try {
    return call()
  } catch (error) {
    if (error instanceof SocketError) return null
    throw error
  }
}
