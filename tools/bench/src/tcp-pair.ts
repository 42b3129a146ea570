import { type Clock, createSystemClock } from '@jackfield/clock'
import {
  AF_INET,
  AF_INET6,
  createCable,
  createHost,
  type Host,
  POLLIN,
  POLLOUT,
  SOCK_STREAM,
  SocketError,
} from 'jackfield'

const IPPROTO_TCP = 6
const TCP_NODELAY = 1
const ADDRESS = '10.0.0.2'
const ADDRESS6 = 'fd00::2'

/** Two stacks in this process with a cable between them. */
export interface TcpPair {
  readonly clock: Clock
  readonly left: Host
  readonly right: Host
  /** The IP version that they speak. */
  readonly version: 4 | 6
  /** Packets that went by, both ways. */
  packets(): number
}

/** @param options of the cable: what it offloads, how much it holds; and the IP version, 4 unless it is given */
export function createTcpPair(options: {
  readonly offload: boolean
  readonly queuePackets?: number
  readonly version?: 4 | 6
}): TcpPair {
  const clock = createSystemClock()
  const { version = 4, ...rest } = options
  const cable = createCable({ clock, medium: 'ip', ...rest })
  const host = (name: string, device: typeof cable.a, address: string): Host =>
    createHost({ name, clock, interfaces: [{ device, addresses: [address] }] })
  const packets = (): number => cable.a.statistics.txPackets + cable.b.statistics.txPackets
  const [near, far] = version === 6 ? ['fd00::1/64', `${ADDRESS6}/64`] : ['10.0.0.1/16', `${ADDRESS}/16`]
  return { clock, packets, version, left: host('left', cable.a, near), right: host('right', cable.b, far) }
}

function family(version: 4 | 6): number {
  return version === 6 ? AF_INET6 : AF_INET
}

function target(version: 4 | 6, port: number): string {
  return version === 6 ? `[${ADDRESS6}]:${port}` : `${ADDRESS}:${port}`
}

export function listen({ right, version }: TcpPair, port: number): number {
  const fd = right.sockets.socket(family(version), SOCK_STREAM)
  right.sockets.bind(fd, target(version, port))
  right.sockets.listen(fd)
  return fd
}

/** Opens a connection: the handshake is over when this returns. Gives the descriptors, left and right. */
export function open({ left, right, version }: TcpPair, listener: number, port: number): [number, number] {
  const fd = left.sockets.socket(family(version), SOCK_STREAM)
  left.sockets.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, 1)
  try {
    left.sockets.connect(fd, target(version, port))
  } catch (error) {
    if (!(error instanceof SocketError) || error.code !== 'EINPROGRESS') throw error
  }
  const accepted = right.sockets.accept(listener)
  right.sockets.setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, 1)
  return [fd, accepted]
}

/** Moves bytes from left to right over one connection. */
export class BulkFlow {
  /** Bytes that arrived. */
  moved = 0
  private readonly pair: TcpPair
  private readonly from: number
  private readonly to: number
  private readonly writable: { fd: number; events: number; revents: number }[]
  private readonly readable: { fd: number; events: number; revents: number }[]
  private readonly bytes: Uint8Array = new Uint8Array(65_536).fill(0x5a)
  private readonly buffer: Uint8Array = new Uint8Array(262_144)

  constructor(pair: TcpPair, port: number) {
    const [from, to] = open(pair, listen(pair, port), port)
    this.pair = pair
    this.from = from
    this.to = to
    this.writable = [{ fd: from, events: POLLOUT, revents: 0 }]
    this.readable = [{ fd: to, events: POLLIN, revents: 0 }]
  }

  /** Sends what goes and reads what is there. False: nothing did. */
  step(): boolean {
    const { left, right } = this.pair
    const sends = left.sockets.poll(this.writable) > 0
    if (sends) left.sockets.send(this.from, this.bytes)
    const reads = right.sockets.poll(this.readable) > 0
    if (reads) this.moved += right.sockets.recv(this.to, this.buffer)
    return sends || reads
  }
}
