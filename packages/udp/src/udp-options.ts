import {
  AF_INET6,
  EINVAL,
  ENOPROTOOPT,
  IPPROTO_UDPLITE,
  OptionFailure,
  type OptionValue,
  SOL_UDP,
  SOL_UDPLITE,
  UDP_CORK,
  UDP_GRO,
  UDP_NO_CHECK6_RX,
  UDP_NO_CHECK6_TX,
  UDP_SEGMENT,
  UDPLITE_RECV_CSCOV,
  UDPLITE_SEND_CSCOV,
} from '@jackfield/interfaces'
import { optionInteger } from '@jackfield/transport'
import { flushCork } from './send.js'
import type { UdpSocket } from './udp-socket.js'
import { UDP_HEADER_LENGTH } from './wire/udp.js'

/** Sets an option of `SOL_UDP`, or of `SOL_UDPLITE` on a UDP-Lite socket: 0 or a negative error number. */
export function setUdpOption(socket: UdpSocket, level: number, name: number, value: OptionValue): number {
  if (!hasLevel(socket, level)) return -ENOPROTOOPT
  const number = optionInteger(value)
  if (Number.isNaN(number)) return -EINVAL
  const on = number !== 0
  const lite = socket.protocol === IPPROTO_UDPLITE
  switch (name) {
    case UDP_CORK:
      socket.corked = on
      return on ? 0 : Math.min(0, flushCork(socket))
    case UDP_SEGMENT:
      if (number < 0 || number > 0xffff) return -EINVAL
      socket.segmentSize = number
      return 0
    case UDP_GRO:
      if (lite) return -ENOPROTOOPT
      socket.setGro(on)
      return 0
    case UDP_NO_CHECK6_TX:
      if (socket.family !== AF_INET6) return -ENOPROTOOPT
      socket.noCheck6Tx = on
      return 0
    case UDP_NO_CHECK6_RX:
      if (socket.family !== AF_INET6) return -ENOPROTOOPT
      socket.noCheck6Rx = on
      return 0
    case UDPLITE_SEND_CSCOV:
      if (!lite) return -ENOPROTOOPT
      socket.sendCoverage = coverage(number)
      return 0
    case UDPLITE_RECV_CSCOV:
      if (!lite) return -ENOPROTOOPT
      socket.receiveCoverage = coverage(number)
      return 0
    default:
      return -ENOPROTOOPT
  }
}

/** RFC 3828 3.1: 0 is everything, and 1 to 7 is illegal; as Linux, these become 8. */
function coverage(value: number): number {
  if (value === 0) return 0
  return Math.min(0xffff, Math.max(UDP_HEADER_LENGTH, value))
}

function hasLevel(socket: UdpSocket, level: number): boolean {
  return level === SOL_UDP || (level === SOL_UDPLITE && socket.protocol === IPPROTO_UDPLITE)
}

/** The value of an option of `SOL_UDP` or `SOL_UDPLITE`. */
export function getUdpOption(socket: UdpSocket, level: number, name: number): OptionValue | OptionFailure {
  const lite = socket.protocol === IPPROTO_UDPLITE
  if (hasLevel(socket, level)) {
    if (name === UDP_CORK) return Number(socket.corked)
    if (name === UDP_SEGMENT) return socket.segmentSize
    if (name === UDP_GRO && !lite) return Number(socket.gro)
    if (name === UDP_NO_CHECK6_TX && socket.family === AF_INET6) return Number(socket.noCheck6Tx)
    if (name === UDP_NO_CHECK6_RX && socket.family === AF_INET6) return Number(socket.noCheck6Rx)
    if (name === UDPLITE_SEND_CSCOV && lite) return Math.max(0, socket.sendCoverage)
    if (name === UDPLITE_RECV_CSCOV && lite) return Math.max(0, socket.receiveCoverage)
  }
  return new OptionFailure(ENOPROTOOPT)
}
