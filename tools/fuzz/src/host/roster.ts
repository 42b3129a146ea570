import {
  AF_INET,
  AF_PACKET,
  ICMP_FILTER,
  IP_ADD_MEMBERSHIP,
  IP_ADD_SOURCE_MEMBERSHIP,
  IP_BLOCK_SOURCE,
  IP_MINTTL,
  IP_PKTINFO,
  IP_RECVERR,
  IP_RECVOPTS,
  IP_RECVORIGDSTADDR,
  IP_RECVTOS,
  IP_RECVTTL,
  IPPROTO_ICMP,
  IPPROTO_RAW,
  IPPROTO_UDPLITE,
  SO_BINDTODEVICE,
  SO_BROADCAST,
  SO_RCVBUF,
  SO_REUSEPORT,
  SO_TIMESTAMP,
  SOCK_DGRAM,
  SOCK_RAW,
  SOL_IP,
  SOL_RAW,
  SOL_SOCKET,
  SOL_UDP,
  SOL_UDPLITE,
  type Sockets,
  UDP_GRO,
  UDPLITE_RECV_CSCOV,
  UDPLITE_SEND_CSCOV,
} from '@jackfield/sockets'
import { ETHERNET_ADDRESS, GROUPS, PING_IDS, SOURCES, TUN_ADDRESS } from '../scene.js'

const ETH_P_ALL = 3
const ETH_P_IP = 0x0800

/** Opens one socket of a host, in one of the states that packets may find. */
export type Opening = (sockets: Sockets) => number

/** The sockets that every host has open, each in a state of its own. */
export const ROSTER: readonly Opening[] = [
  (sockets) => udp(sockets, '0.0.0.0:5000'),
  (sockets) => {
    const fd = udp(sockets, `${TUN_ADDRESS}:5001`)
    sockets.setsockopt(fd, SOL_IP, IP_RECVERR, 1)
    sockets.connect(fd, '10.2.0.9:4000')
    return fd
  },
  (sockets) => reuseport(sockets),
  (sockets) => reuseport(sockets),
  (sockets) => member(sockets),
  (sockets) => {
    const fd = udp(sockets, '0.0.0.0:5005')
    for (const name of [IP_RECVERR, IP_PKTINFO, IP_RECVTTL, IP_RECVTOS, IP_RECVOPTS, IP_RECVORIGDSTADDR]) {
      sockets.setsockopt(fd, SOL_IP, name, 1)
    }
    sockets.setsockopt(fd, SOL_SOCKET, SO_TIMESTAMP, 1)
    return fd
  },
  (sockets) => {
    const fd = udp(sockets, '0.0.0.0:5006')
    sockets.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, 'eth0')
    sockets.setsockopt(fd, SOL_SOCKET, SO_BROADCAST, 1)
    return fd
  },
  (sockets) => {
    const fd = udp(sockets, `${ETHERNET_ADDRESS}:5007`)
    sockets.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, 4096)
    sockets.setsockopt(fd, SOL_IP, IP_MINTTL, 3)
    return fd
  },
  (sockets) => lite(sockets, 6000, 0),
  (sockets) => lite(sockets, 6001, 12),
  (sockets) => sockets.socket(AF_INET, SOCK_RAW, 89),
  (sockets) => {
    const fd = sockets.socket(AF_INET, SOCK_RAW, 253)
    sockets.bind(fd, `${TUN_ADDRESS}:0`)
    sockets.setsockopt(fd, SOL_IP, IP_RECVERR, 1)
    sockets.connect(fd, '10.2.0.9:0')
    return fd
  },
  (sockets) => {
    const fd = sockets.socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)
    sockets.setsockopt(fd, SOL_RAW, ICMP_FILTER, 1 << 8)
    return fd
  },
  (sockets) => sockets.socket(AF_INET, SOCK_RAW, IPPROTO_RAW),
  (sockets) => ping(sockets, PING_IDS[0], 0),
  (sockets) => ping(sockets, PING_IDS[1], 1),
  (sockets) => {
    const fd = sockets.socket(AF_PACKET, SOCK_RAW, ETH_P_ALL)
    sockets.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, 8192)
    return fd
  },
  (sockets) => sockets.socket(AF_PACKET, SOCK_DGRAM, ETH_P_IP),
  (sockets) => sockets.socket(AF_INET, SOCK_DGRAM),
]

/** One that wants merged datagrams, for hosts that merge. */
export const MERGING: Opening = (sockets) => {
  const fd = udp(sockets, '0.0.0.0:5004')
  sockets.setsockopt(fd, SOL_UDP, UDP_GRO, 1)
  return fd
}

function udp(sockets: Sockets, address: string): number {
  const fd = sockets.socket(AF_INET, SOCK_DGRAM)
  sockets.bind(fd, address)
  return fd
}

function reuseport(sockets: Sockets): number {
  const fd = sockets.socket(AF_INET, SOCK_DGRAM)
  sockets.setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, 1)
  sockets.bind(fd, '0.0.0.0:5002')
  return fd
}

function member(sockets: Sockets): number {
  const fd = udp(sockets, '0.0.0.0:5003')
  for (const name of ['eth0', 'tun0']) {
    sockets.setsockopt(fd, SOL_IP, IP_ADD_MEMBERSHIP, { group: GROUPS[0], interface: name })
    const blocked = { group: GROUPS[0], interface: name, source: SOURCES[2] }
    sockets.setsockopt(fd, SOL_IP, IP_BLOCK_SOURCE, blocked)
    const wanted = { group: GROUPS[2], interface: name, source: SOURCES[1] }
    sockets.setsockopt(fd, SOL_IP, IP_ADD_SOURCE_MEMBERSHIP, wanted)
  }
  return fd
}

function lite(sockets: Sockets, port: number, coverage: number): number {
  const fd = sockets.socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE)
  sockets.bind(fd, `0.0.0.0:${port}`)
  sockets.setsockopt(fd, SOL_UDPLITE, UDPLITE_RECV_CSCOV, coverage)
  sockets.setsockopt(fd, SOL_UDPLITE, UDPLITE_SEND_CSCOV, coverage)
  return fd
}

function ping(sockets: Sockets, identifier: number, recvErr: number): number {
  const fd = sockets.socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP)
  sockets.bind(fd, `0.0.0.0:${identifier}`)
  sockets.setsockopt(fd, SOL_IP, IP_RECVERR, recvErr)
  return fd
}
