import { type IpAddress, SocketAddress } from '@jackfield/addr'
import type { Timer } from '@jackfield/clock'
import {
  AF_INET6,
  EPOLLIN,
  IPV6_V6ONLY,
  SHUT_WR,
  SO_REUSEADDR,
  SOCK_DGRAM,
  SOL_IPV6,
  SOL_SOCKET,
  type Sockets,
  type WaitOptions,
} from '@jackfield/sockets'
import type { ServiceHost } from '../service-host.js'
import type { StreamHandler, StreamLoop } from '../stream-loop.js'
import { ACCESS_DENIED, COOKIE_LENGTH } from './protocol.js'

/** Seconds that a client which is refused has to read that. */
const REFUSAL = 5

const scratch = new Uint8Array(4096)

/** Connections to the port while a test waits for its streams, in the order in which they came. */
export class Arrivals {
  /** More than a client may ask for: whoever else knocks is refused. */
  private static readonly most = 512
  private readonly waiting: number[] = []
  private wake: (() => void) | null = null

  /** False: there are too many. */
  offer(fd: number): boolean {
    if (this.waiting.length >= Arrivals.most) return false
    this.waiting.push(fd)
    this.wake?.()
    return true
  }

  async next(signal: AbortSignal): Promise<number> {
    for (;;) {
      signal.throwIfAborted()
      const fd = this.waiting.shift()
      if (fd !== undefined) return fd
      await new Promise<void>((resolve) => {
        this.wake = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
  }

  /** Those that nobody took. */
  rest(): number[] {
    return this.waiting.splice(0)
  }
}

/** Tells a client that another test runs, and is done when it has read that or does not. */
export class RefusedStream implements StreamHandler {
  private readonly sockets: Sockets
  private readonly fd: number
  private readonly timer: Timer

  constructor(host: ServiceHost, loop: StreamLoop, fd: number) {
    this.sockets = host.sockets
    this.fd = fd
    this.timer = host.stack.clock.createTimer(() => loop.finish(fd))
    this.timer.setAfter(REFUSAL * 1e6)
    this.sockets.send(fd, Uint8Array.of(ACCESS_DENIED))
    this.sockets.shutdown(fd, SHUT_WR)
  }

  wants(): number {
    return EPOLLIN
  }

  ready(): boolean {
    // To close with its cookie unread would be a reset, which may overtake the answer.
    return this.sockets.recv(this.fd, scratch) > 0
  }

  released(): void {
    this.timer.cancel()
  }
}

/** Whether a connection begins with the cookie of the test. */
export async function hasCookie(
  sockets: Sockets,
  fd: number,
  cookie: Uint8Array,
  options: WaitOptions,
): Promise<boolean> {
  const bytes = new Uint8Array(COOKIE_LENGTH)
  let length = 0
  while (length < bytes.length) {
    const more = await sockets.promises.recv(fd, bytes.subarray(length), 0, options)
    if (more === 0) return false
    length += more
  }
  return bytes.every((byte, i) => byte === cookie[i])
}

/** What a client sends to open a stream of datagrams, and the answer: of today's versions in both byte orders, of former ones. */
const GREETINGS: readonly (readonly [number, number])[] = [
  [0x3938_3736, 0x3637_3839],
  [0x3637_3839, 0x3938_3736],
  [0x15cd_5b07, 0xb168_de3a],
  [0x075b_cd15, 0x3ade_68b1],
]

/** A socket for datagrams of both IP versions to the port, beside those that are connected already. */
export function datagramSocket(sockets: Sockets, port: number): number {
  const fd = sockets.socket(AF_INET6, SOCK_DGRAM)
  try {
    sockets.setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, 0)
    sockets.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1)
    sockets.bind(fd, { address: '::', port })
  } catch (error) {
    sockets.close(fd)
    throw error
  }
  return fd
}

/** Waits for a client's greeting, connects to where it came from, and gives the answer that is due. */
export async function greeted(
  sockets: Sockets,
  fd: number,
  client: IpAddress,
  options: WaitOptions,
): Promise<Uint8Array> {
  const peer = new SocketAddress()
  const bytes = new Uint8Array(65_535)
  const view = new DataView(bytes.buffer)
  for (;;) {
    const length = await sockets.promises.recvfrom(fd, bytes, 0, peer, options)
    // Of other hosts and of streams of a former test nobody wants to hear.
    if (length !== 4 || !peer.address.equals(client)) continue
    const asked = view.getUint32(0)
    const answer = GREETINGS.find(([greeting]) => greeting === asked)?.[1]
    if (answer === undefined) continue
    sockets.connect(fd, peer)
    view.setUint32(0, answer)
    return bytes.slice(0, 4)
  }
}
