import type { VirtualClock } from '@jackfield/clock'
import {
  AF_INET,
  AF_PACKET,
  type ControlMessage,
  IP_ADD_MEMBERSHIP,
  IP_ADD_SOURCE_MEMBERSHIP,
  IP_BLOCK_SOURCE,
  IP_DROP_MEMBERSHIP,
  IP_DROP_SOURCE_MEMBERSHIP,
  IP_MTU_DISCOVER,
  IP_MULTICAST_TTL,
  IP_PKTINFO,
  IP_RECVERR,
  IP_TTL,
  IP_UNBLOCK_SOURCE,
  IPPROTO_ICMP,
  IPPROTO_RAW,
  MSG_DONTROUTE,
  MSG_ERRQUEUE,
  MSG_MORE,
  MSG_PEEK,
  MSG_TRUNC,
  SHUT_RDWR,
  SIOCOUTQ,
  SO_BROADCAST,
  SO_DOMAIN,
  SO_PROTOCOL,
  SO_RCVBUF,
  SO_TYPE,
  SOCK_RAW,
  SOL_IP,
  SOL_SOCKET,
  SOL_UDP,
  type Sockets,
  UDP_CORK,
  UDP_SEGMENT,
} from '@jackfield/sockets'
import type { Stack } from '@jackfield/stack'
import type { Chance } from '../chance.js'
import { ipv4Packet } from '../corpus/ipv4.js'
import { destinationAddress, GROUPS, HOST_MAC, ipv4Text, PEER_PORTS, SOURCES } from '../scene.js'
import { attempt, drain } from './attempt.js'
import type { Opening } from './roster.js'

/** What the people of a host have in their hands. */
export interface ActivityTools {
  readonly stack: Stack<string>
  readonly sockets: Sockets
  readonly clock: VirtualClock
  /** Asks whether an address is free. */
  readonly probe: () => void
}

interface Open {
  fd: number
  readonly open: Opening
}

/** The people of a host: they read, send, set options, close and open their sockets while packets come in. */
export class Activity {
  private readonly sockets: Sockets
  private readonly stack: Stack<string>
  private readonly clock: VirtualClock
  private readonly probe: () => void
  private readonly each: Open[] = []
  private readonly buffer = new Uint8Array(65_536)
  private readonly control: ControlMessage[] = []

  constructor(tools: ActivityTools, roster: readonly Opening[]) {
    this.stack = tools.stack
    this.sockets = tools.sockets
    this.clock = tools.clock
    this.probe = tools.probe
    for (const open of roster) this.each.push({ fd: open(tools.sockets), open })
  }

  /** Sockets that are open. */
  get size(): number {
    return this.each.length
  }

  /** Something that a host does by itself. */
  act(chance: Chance): void {
    if (chance.oneIn(6)) this.settle()
    const socket = chance.pick(this.each)
    switch (chance.below(16)) {
      case 0:
      case 1:
      case 2:
        this.read(chance, socket.fd, chance.between(1, 60))
        break
      case 3:
        drain(this.sockets, socket.fd, this.buffer)
        break
      case 4:
      case 5:
      case 6:
        this.send(chance, socket.fd)
        break
      case 7:
        this.setOption(chance, socket.fd)
        break
      case 8:
        this.setGroup(chance, socket.fd)
        break
      case 9:
        this.connect(chance, socket.fd)
        break
      case 10:
        if (chance.oneIn(4)) this.reopen(chance, socket)
        break
      case 11:
        if (chance.oneIn(2)) this.changeHost(chance)
        break
      case 12:
        this.clock.advance(chance.below(20) * 1_000_000)
        break
      default:
        this.clock.advance(chance.below(50_000))
    }
  }

  /** Reads all that waits in every socket. */
  drainAll(): void {
    for (const { fd } of this.each) {
      attempt(() => this.sockets.setsockopt(fd, SOL_UDP, UDP_CORK, 0))
      drain(this.sockets, fd, this.buffer)
    }
  }

  /** Bytes that sockets are still charged for. */
  charged(): number {
    let bytes = 0
    for (const { fd } of this.each) bytes += Number(this.sockets.ioctl(fd, SIOCOUTQ))
    return bytes
  }

  /** Puts every interface up, with a device that takes packets. */
  settle(): void {
    for (const each of this.stack.interfaces) this.stack.setInterface(each, { up: true })
  }

  private read(chance: Chance, fd: number, count: number): void {
    const name = this.sockets.createAddress(this.family(fd))
    const flags = chance.pick([0, 0, 0, MSG_PEEK, MSG_TRUNC, MSG_ERRQUEUE])
    const iov = chance.oneIn(3) ? this.buffer.subarray(0, chance.below(64)) : this.buffer
    const { control } = this
    for (let i = 0; i < count; i++) {
      if (attempt(() => this.sockets.recvmsg(fd, { iov, name, control }, flags)) === 'EAGAIN') break
    }
  }

  private send(chance: Chance, fd: number): void {
    const { sockets } = this
    if (this.family(fd) === AF_PACKET) {
      this.sendFrame(chance, fd)
      return
    }
    const protocol = Number(sockets.getsockopt(fd, SOL_SOCKET, SO_PROTOCOL))
    const isRaw = Number(sockets.getsockopt(fd, SOL_SOCKET, SO_TYPE)) === SOCK_RAW
    const length = chance.oneIn(6) ? chance.below(9000) : chance.below(200)
    let data: Uint8Array = this.buffer.subarray(0, length)
    if (protocol === IPPROTO_RAW) data = ipv4Packet(chance, { protocol: 17, payload: chance.bytes(40) })
    else if (protocol === IPPROTO_ICMP && !isRaw) data = new Uint8Array(8 + (length & 255)).fill(8, 0, 1)
    const flags = chance.oneIn(6) ? chance.pick([MSG_MORE, MSG_DONTROUTE]) : 0
    if (chance.oneIn(3)) attempt(() => sockets.send(fd, data, flags))
    else {
      const name = anyTarget(chance)
      const control: ControlMessage[] = []
      if (chance.oneIn(6)) control.push({ level: SOL_IP, type: IP_TTL, data: chance.between(1, 255) })
      if (chance.oneIn(6)) control.push({ level: SOL_UDP, type: UDP_SEGMENT, data: chance.between(1, 1400) })
      attempt(() => sockets.sendmsg(fd, { iov: data, name, control }, flags))
    }
  }

  /** A valid frame to anybody. */
  private sendFrame(chance: Chance, fd: number): void {
    const out = chance.pick(this.stack.interfaces)
    const packet = ipv4Packet(chance, { protocol: 17, payload: chance.bytes(40) })
    const isRaw = Number(this.sockets.getsockopt(fd, SOL_SOCKET, SO_TYPE)) === SOCK_RAW
    const header = isRaw && out.medium === 'ethernet' ? [...HOST_MAC, ...HOST_MAC, 8, 0] : []
    const data = new Uint8Array(header.length + packet.length)
    data.set(header)
    data.set(packet, header.length)
    const to = {
      family: 17,
      protocol: 0x0800,
      interfaceIndex: out.index,
      packetType: 0,
      hardwareAddress: new Uint8Array([2, 0, 0, 0, 1, chance.below(24)]),
    }
    attempt(() => this.sockets.sendto(fd, data, 0, to))
  }

  private connect(chance: Chance, fd: number): void {
    if (this.family(fd) === AF_PACKET) return
    const target = chance.oneIn(2) ? null : anyTarget(chance)
    attempt(() => this.sockets.connect(fd, target))
  }

  private family(fd: number): number {
    return Number(this.sockets.getsockopt(fd, SOL_SOCKET, SO_DOMAIN))
  }

  private setOption(chance: Chance, fd: number): void {
    const { sockets } = this
    attempt(() => {
      switch (chance.below(7)) {
        case 0:
          return sockets.setsockopt(fd, SOL_IP, IP_RECVERR, chance.below(2))
        case 1:
          return sockets.setsockopt(fd, SOL_IP, IP_PKTINFO, chance.below(2))
        case 2:
          return sockets.setsockopt(fd, SOL_IP, IP_MTU_DISCOVER, chance.below(6))
        case 3:
          return sockets.setsockopt(fd, SOL_SOCKET, SO_BROADCAST, chance.below(2))
        case 4:
          return sockets.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, chance.pick([2304, 16_384, 106_496]))
        case 5:
          return sockets.setsockopt(fd, SOL_IP, IP_MULTICAST_TTL, chance.below(4))
        default:
          return sockets.setsockopt(fd, SOL_UDP, UDP_CORK, chance.below(2))
      }
    })
  }

  private setGroup(chance: Chance, fd: number): void {
    const option = chance.pick([
      IP_ADD_MEMBERSHIP,
      IP_DROP_MEMBERSHIP,
      IP_ADD_SOURCE_MEMBERSHIP,
      IP_DROP_SOURCE_MEMBERSHIP,
      IP_BLOCK_SOURCE,
      IP_UNBLOCK_SOURCE,
    ])
    const where = { group: chance.pick(GROUPS), interface: chance.pick(['eth0', 'eth0.7', 'tun0']) }
    attempt(() => this.sockets.setsockopt(fd, SOL_IP, option, { ...where, source: chance.pick(SOURCES) }))
  }

  private reopen(chance: Chance, socket: Open): void {
    drain(this.sockets, socket.fd, this.buffer)
    if (chance.oneIn(2)) attempt(() => this.sockets.shutdown(socket.fd, SHUT_RDWR))
    this.sockets.close(socket.fd)
    socket.fd = this.open(socket.open)
  }

  /** Where what a socket needs is not there just now, it is a plain one. */
  private open(opening: Opening): number {
    const before = new Set(this.sockets.descriptors())
    let fd = -1
    const failed = attempt(() => {
      fd = opening(this.sockets)
    })
    if (failed === undefined) return fd
    for (const left of this.sockets.descriptors()) if (!before.has(left)) this.sockets.close(left)
    return this.sockets.socket(AF_INET, SOCK_RAW, 253)
  }

  private changeHost(chance: Chance): void {
    switch (chance.below(4)) {
      case 0:
        this.stack.sysctl.set('net.ipv4.ip_forward', chance.oneIn(6) ? 0 : 1)
        break
      case 1:
        this.stack.sysctl.set('net.ipv4.conf.all.rp_filter', chance.oneIn(2) ? 0 : chance.below(3))
        break
      case 2:
        if (this.stack.interfaceByName('eth0') !== undefined) this.probe()
        break
      default:
        this.changeInterface(chance)
    }
  }

  private changeInterface(chance: Chance): void {
    const { stack } = this
    const chosen = chance.pick(stack.interfaces)
    if (chance.oneIn(3)) {
      const extra = `10.${chance.between(4, 6)}.0.1/24`
      stack.addAddress(chosen, extra)
      this.clock.advance(chance.below(3_000_000))
      stack.removeAddress(chosen, extra.slice(0, -3))
    } else
      stack.setInterface(chosen, { up: !chance.oneIn(4), promiscuous: chance.oneIn(8), allMulticast: chance.oneIn(8) })
  }
}

function anyTarget(chance: Chance): string {
  return `${ipv4Text(destinationAddress(chance))}:${chance.pick(PEER_PORTS)}`
}
