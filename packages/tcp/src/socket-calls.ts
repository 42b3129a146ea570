import { createAddressSlot } from '@jackfield/addr'
import {
  EADDRINUSE,
  EAFNOSUPPORT,
  EAGAIN,
  EINVAL,
  ENOTCONN,
  ENOTTY,
  FIONREAD,
  type Message,
  MSG_ERRQUEUE,
  type OptionFailure,
  type OptionValue,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLPRI,
  POLLRDHUP,
  SIOCATMARK,
  SIOCOUTQ,
  SIOCOUTQNSD,
  type Sockaddr,
  type SocketEndpoint,
} from '@jackfield/interfaces'
import { bindZone, checkBindAddress, fillName, ipName, readName } from '@jackfield/transport'
import { closeConnection, shutdown as shut } from './close.js'
import type { Connection } from './connection.js'
import { SHUT_RECEIVE, SHUT_SEND } from './connection-state.js'
import { Listener } from './listener/listener.js'
import { beginConnect } from './open.js'
import { isReadable, readData } from './receive/read.js'
import { atMark, readableBytes } from './receive/urgent.js'
import { queueData } from './send/data.js'
import { sendSpace } from './send/space.js'
import { seqLt } from './sequence.js'
import { getTcpOption, setTcpOption } from './socket-options.js'
import { CLOSED, CLOSING, FIN_WAIT_1, LAST_ACK, LISTEN, SYN_RECEIVED, SYN_SENT, stateIn, stateSet } from './state.js'

/** States in which a socket that was closed waits for its peer's acknowledgements (`SO_LINGER`). */
const UNFINISHED = stateSet(FIN_WAIT_1, CLOSING, LAST_ACK)
const NO_PEER = stateSet(CLOSED, LISTEN, SYN_SENT)

export function bind(c: Connection, name: Sockaddr): number {
  const address = createAddressSlot()
  const ip = ipName(name)
  if (ip === null || readName(name, c.family, address) !== 0) return -EAFNOSUPPORT
  if (c.state !== CLOSED || c.localPort !== 0) return -EINVAL
  const { tcp, options } = c
  if (options.v6only && address.version === 4) return -EINVAL
  const zone = bindZone(options, address, ip.scopeId)
  if (zone !== 0) return zone
  const refused = checkBindAddress(tcp.host, options, address, ip.scopeId)
  if (refused !== 0) return refused
  return tcp.table.bind(c, address, ip.port, options)
}

export function connect(c: Connection, name: Sockaddr | null): number {
  c.tcp.refreshTime()
  // The outcome of an attempt that is over is told once, as Linux's `connect` does.
  if (c.state === CLOSED && c.options.error !== 0 && name !== null) return -c.options.takeError()
  return beginConnect(c, name)
}

/** RFC 9293 3.9.1.1, OPEN, passive. */
export function listen(c: Connection, backlog: number): number {
  const { tcp } = c
  const wanted = Math.min(backlog < 0 ? tcp.settings.somaxconn : backlog, tcp.settings.somaxconn)
  if (c.listener !== null) {
    c.listener.backlog = wanted
    return 0
  }
  if (c.state !== CLOSED) return -EINVAL
  if (c.localPort === 0) {
    const address = createAddressSlot()
    c.readLocal(address)
    const error = tcp.table.bind(c, address, 0, c.options)
    if (error !== 0) return error
  }
  if (tcp.table.listen(c) !== 0) return -EADDRINUSE
  c.listener = new Listener(c, wanted)
  c.state = LISTEN
  return 0
}

export function accept(c: Connection, peer: Sockaddr | null): SocketEndpoint | number {
  if (c.listener === null) return -EINVAL
  const connection = c.listener.accept()
  if (connection === null) return -EAGAIN
  if (peer !== null) getPeer(connection, peer)
  return connection
}

export function send(c: Connection, message: Message): number {
  c.tcp.refreshTime()
  return queueData(c, message)
}

export function receive(c: Connection, message: Message): number {
  c.tcp.refreshTime()
  if ((message.flags & MSG_ERRQUEUE) !== 0) return c.notices?.read(c, message) ?? -EAGAIN
  return readData(c, message)
}

export function shutdown(c: Connection, how: number): number {
  c.tcp.refreshTime()
  return shut(c, how)
}

export function close(c: Connection, done?: () => void): void {
  c.tcp.refreshTime()
  closeConnection(c)
  if (done === undefined) return
  if (stateIn(c.state, UNFINISHED)) c.closed = done
  else done()
}

export function setOption(c: Connection, level: number, name: number, value: OptionValue): number {
  c.tcp.refreshTime()
  return setTcpOption(c, level, name, value)
}

export function getOption(c: Connection, level: number, name: number): OptionValue | OptionFailure {
  c.tcp.refreshTime()
  return getTcpOption(c, level, name)
}

export function ioctl(c: Connection, request: number): number {
  switch (request) {
    case FIONREAD:
      return c.state === LISTEN ? -EINVAL : readableBytes(c)
    case SIOCOUTQ:
      if (c.state === LISTEN) return -EINVAL
      return stateIn(c.state, stateSet(SYN_SENT, SYN_RECEIVED)) ? 0 : (c.writeSeq - c.sndUna) | 0
    case SIOCOUTQNSD:
      if (c.state === LISTEN) return -EINVAL
      return stateIn(c.state, stateSet(SYN_SENT, SYN_RECEIVED)) ? 0 : (c.writeSeq - c.sndNxt) | 0
    case SIOCATMARK:
      return atMark(c) ? 1 : 0
    default:
      return -ENOTTY
  }
}

export function getName(c: Connection, name: Sockaddr): number {
  const ip = ipName(name)
  if (ip === null) return -EINVAL
  const local = createAddressSlot()
  c.readLocal(local)
  fillName(ip, c.family, local, c.localPort, c.boundInterface || c.flow.scopeId)
  return 0
}

export function getPeer(c: Connection, name: Sockaddr): number {
  const ip = ipName(name)
  if (ip === null) return -EINVAL
  if (stateIn(c.state, NO_PEER) || c.remotePort === 0) return -ENOTCONN
  const remote = createAddressSlot()
  c.readRemote(remote)
  fillName(ip, c.family, remote, c.remotePort, c.boundInterface || c.flow.scopeId)
  return 0
}

/** The `POLL*` bits that hold, as Linux's `tcp_poll` tells them. */
export function readiness(c: Connection): number {
  if (c.listener !== null) return c.listener.ready ? POLLIN : 0
  let mask = 0
  if (c.shut === (SHUT_RECEIVE | SHUT_SEND) || c.state === CLOSED) mask |= POLLHUP
  if ((c.shut & SHUT_RECEIVE) !== 0) mask |= POLLIN | POLLRDHUP
  if (c.options.error !== 0 || (c.notices?.length ?? 0) > 0) mask |= POLLERR
  if (c.state === SYN_SENT) return c.connectDeferred ? mask | POLLOUT : mask
  if (c.state === SYN_RECEIVED && c.passiveFastOpen?.early !== true) return mask
  if (isReadable(c)) mask |= POLLIN
  if ((c.shut & SHUT_SEND) !== 0 || sendSpace(c)) mask |= POLLOUT
  else c.noSpace = true
  if (c.urgentState === 2 || (c.urgentState === 1 && seqLt(c.urgentSeq, c.rcvNxt))) mask |= POLLPRI
  return mask
}
