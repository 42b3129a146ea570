import {
  AF_INET,
  MSG_FASTOPEN,
  MSG_MORE,
  MSG_OOB,
  MSG_PEEK,
  SHUT_RD,
  SHUT_WR,
  SO_KEEPALIVE,
  SO_LINGER,
  SO_OOBINLINE,
  SO_RCVBUF,
  SO_REUSEADDR,
  SO_SNDBUF,
  SOCK_STREAM,
  SOL_SOCKET,
  SOL_TCP,
  type Sockets,
  TCP_CONGESTION,
  TCP_CORK,
  TCP_DEFER_ACCEPT,
  TCP_FASTOPEN,
  TCP_INFO,
  TCP_NODELAY,
  TCP_USER_TIMEOUT,
} from '@jackfield/sockets'
import type { Chance } from '../chance.js'
import { PEER_PORTS, SOURCES, TCP_PORTS, TUN_ADDRESS } from '../scene.js'
import { attempt } from './attempt.js'

/** Connections that are held at once. */
const MOST_HELD = 24

/** Those who listen, connect, write, read and close, well and badly, while segments come in. */
export class TcpPeople {
  private readonly sockets: Sockets
  private readonly listeners: number[] = []
  private readonly held: number[] = []
  private readonly buffer = new Uint8Array(65_536)

  constructor(sockets: Sockets) {
    this.sockets = sockets
  }

  act(chance: Chance): void {
    const { sockets, held } = this
    if (this.listeners.length === 0) this.listen()
    // The last one has a queue of one and nobody who accepts.
    if (chance.oneIn(3)) attempt(() => held.push(sockets.accept(chance.pick(this.listeners.slice(0, -1)))))
    while (held.length > MOST_HELD) this.drop(chance)
    if (held.length === 0 || chance.oneIn(8)) {
      this.connect(chance)
      return
    }
    const fd = chance.pick(held)
    attempt(() => {
      switch (chance.below(10)) {
        case 0:
        case 1:
        case 2:
          return sockets.send(
            fd,
            this.buffer.subarray(0, chance.length(40_000)),
            chance.pick([0, 0, MSG_MORE, MSG_OOB]),
          )
        case 3:
        case 4:
          return sockets.recv(
            fd,
            this.buffer.subarray(0, chance.length(65_536)),
            chance.pick([0, 0, MSG_PEEK, MSG_OOB]),
          )
        case 5:
          return sockets.shutdown(fd, chance.pick([SHUT_WR, SHUT_WR, SHUT_RD]))
        case 6:
          return this.setOption(chance, fd)
        case 7:
          return sockets.getsockopt(fd, SOL_TCP, TCP_INFO)
        case 8:
          return this.drop(chance)
        default:
          return undefined
      }
    })
  }

  /** Everybody goes: what is left ends by itself. */
  leave(): void {
    for (const fd of [...this.held.splice(0), ...this.listeners.splice(0)]) this.sockets.close(fd)
  }

  private listen(): void {
    const { sockets } = this
    for (const [i, port] of TCP_PORTS.entries()) {
      const fd = sockets.socket(AF_INET, SOCK_STREAM)
      sockets.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1)
      if (i === 1) sockets.setsockopt(fd, SOL_TCP, TCP_DEFER_ACCEPT, 3)
      if (i === 2) sockets.setsockopt(fd, SOL_TCP, TCP_FASTOPEN, 4)
      if (i === 3) sockets.setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, 1)
      if (i === 3) sockets.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, 4096)
      sockets.bind(fd, `0.0.0.0:${port}`)
      sockets.listen(fd, i === TCP_PORTS.length - 1 ? 1 : 8)
      this.listeners.push(fd)
    }
  }

  private connect(chance: Chance): void {
    const { sockets } = this
    const fd = sockets.socket(AF_INET, SOCK_STREAM)
    this.held.push(fd)
    if (chance.oneIn(4)) this.setOption(chance, fd)
    if (chance.oneIn(4)) attempt(() => sockets.bind(fd, `${TUN_ADDRESS}:0`))
    const target = `${chance.pick(SOURCES)}:${chance.pick(PEER_PORTS)}`
    if (chance.oneIn(6)) attempt(() => sockets.sendto(fd, this.buffer.subarray(0, 100), MSG_FASTOPEN, target))
    else attempt(() => sockets.connect(fd, target))
  }

  private setOption(chance: Chance, fd: number): void {
    const { sockets } = this
    attempt(() => {
      switch (chance.below(8)) {
        case 0:
          return sockets.setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, chance.below(2))
        case 1:
          return sockets.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, chance.pick([2304, 16_384, 262_144]))
        case 2:
          return sockets.setsockopt(fd, SOL_SOCKET, SO_SNDBUF, chance.pick([4608, 16_384, 262_144]))
        case 3:
          return sockets.setsockopt(fd, SOL_TCP, TCP_NODELAY, chance.below(2))
        case 4:
          return sockets.setsockopt(fd, SOL_TCP, TCP_CORK, chance.below(2))
        case 5:
          return sockets.setsockopt(fd, SOL_TCP, TCP_CONGESTION, chance.pick(['cubic', 'reno', 'bbr']))
        case 6:
          return sockets.setsockopt(fd, SOL_TCP, TCP_USER_TIMEOUT, chance.pick([0, 500, 30_000]))
        default:
          return sockets.setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, chance.below(2))
      }
    })
  }

  private drop(chance: Chance): void {
    const [fd] = this.held.splice(chance.below(this.held.length), 1)
    if (fd === undefined) return
    if (chance.oneIn(4)) attempt(() => this.sockets.setsockopt(fd, SOL_SOCKET, SO_LINGER, { onoff: 1, linger: 0 }))
    this.sockets.close(fd)
  }
}
