import { SocketAddress } from '@jackfield/addr'
import {
  AF_INET,
  AF_INET6,
  FIONREAD,
  SIOCOUTQ,
  SO_DOMAIN,
  SO_PROTOCOL,
  SO_TYPE,
  SOCK_DGRAM,
  SOCK_RAW,
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
  const state = peer === null ? 'UNCONN' : 'ESTAB'
  return [
    netid(sockets, fd),
    state,
    ...queues(sockets, fd),
    local(sockets.getsockname(fd)),
    peer === null ? '0.0.0.0:*' : local(peer),
  ]
}

function netid(sockets: Sockets, fd: number): string {
  const type = sockets.getsockopt(fd, SOL_SOCKET, SO_TYPE)
  const protocol = sockets.getsockopt(fd, SOL_SOCKET, SO_PROTOCOL)
  if (type === SOCK_RAW) return 'raw'
  if (type === SOCK_DGRAM) return protocol === 1 || protocol === 58 ? 'icmp' : protocol === 136 ? 'udpl' : 'udp'
  return 'tcp'
}

function queues(sockets: Sockets, fd: number): [string, string] {
  const count = (request: number): string => String(optional(() => sockets.ioctl(fd, request)) ?? 0)
  return [count(FIONREAD), count(SIOCOUTQ)]
}

function local(address: unknown): string {
  return address instanceof SocketAddress ? String(address) : '*'
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
