import { createAddressSlot } from '@jackfield/addr'
import {
  EINVAL,
  ENOPROTOOPT,
  IP_MTU_DISCOVER,
  type OptionFailure,
  type OptionValue,
  POLLIN,
  POLLOUT,
  SO_ACCEPTCONN,
  SO_ERROR,
  SO_KEEPALIVE,
  SO_MAX_PACING_RATE,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_RCVLOWAT,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SOL_IP,
  SOL_SOCKET,
  SOL_TCP,
} from '@jackfield/interfaces'
import { aimFlow, optionInteger } from '@jackfield/transport'
import type { Connection } from './connection.js'
import { isReadable } from './receive/read.js'
import { bufferFor } from './receive/space.js'
import { syncMss } from './send/mss.js'
import { CLOSED, LISTEN } from './state.js'
import { getStreamOption, setStreamOption } from './stream-options.js'
import { getTcpLevelOption, setTcpLevelOption } from './tcp-level-options.js'
import { resetKeepAlive } from './timers.js'

/** What `SO_MAX_PACING_RATE` gives and takes for "no bound". */
const NO_RATE = 0xffff_ffff

/** The call `setsockopt`: 0 or a negative error number. */
export function setTcpOption(c: Connection, level: number, name: number, value: OptionValue): number {
  if (level === SOL_TCP) return setTcpLevelOption(c, name, value)
  if (level === SOL_SOCKET) {
    if (name === SO_MAX_PACING_RATE) return setPacingRate(c, value)
    if (name === SO_RCVLOWAT) return setLowWater(c, value)
    const result = setStreamOption(c, name, value)
    if (result !== -ENOPROTOOPT) return result
  }
  const wasAlive = c.options.keepAlive
  const error = c.options.set(level, name, value)
  if (error !== 0) return error
  if (level === SOL_SOCKET) socketOptionSet(c, name, wasAlive)
  reaim(c)
  if (level === SOL_IP && name === IP_MTU_DISCOVER && c.state !== CLOSED) syncMss(c, c.pathMtu)
  return 0
}

/** What the options of every socket mean to a stream besides. */
function socketOptionSet(c: Connection, name: number, wasAlive: boolean): void {
  if (c.localPort !== 0) c.tcp.table.refresh(c, c.options)
  switch (name) {
    case SO_RCVBUF:
    case SO_RCVBUFFORCE:
      c.rcvBuf = c.options.receiveQueue.limit
      c.rcvBufLocked = true
      return
    case SO_SNDBUF:
    case SO_SNDBUFFORCE:
      c.sndBuf = c.options.sendAccount.limit
      c.sndBufLocked = true
      c.wake.changed(POLLOUT)
      return
    case SO_KEEPALIVE:
      if (c.state === CLOSED || c.state === LISTEN) return
      if (!c.options.keepAlive) c.keepAliveTimer?.cancel()
      else if (!wasAlive) resetKeepAlive(c, (c.keepAliveIdle || c.tcp.settings.keepaliveTime) * 1_000_000)
      return
    default:
  }
}

/** The flow carries the options as they were when the connection began. */
function reaim(c: Connection): void {
  if (c.network === null || c.state === CLOSED || c.state === LISTEN) return
  const local = createAddressSlot()
  const remote = createAddressSlot()
  c.readLocal(local)
  c.readRemote(remote)
  aimFlow(c.options, local, remote, c.flow.scopeId, null)
}

/** `SO_MAX_PACING_RATE`, bytes per second. All 32 bits set (or -1) lift the bound. */
function setPacingRate(c: Connection, value: OptionValue): number {
  const number = typeof value === 'number' ? value : optionInteger(value)
  if (!Number.isInteger(number) || number < -1) return -EINVAL
  c.maxPacingRate = number === -1 || number === NO_RATE ? Number.POSITIVE_INFINITY : number
  c.pacingRate = Math.min(c.pacingRate, c.maxPacingRate)
  return 0
}

/** `SO_RCVLOWAT`: at most half of what the buffer may become, and the buffer is made to hold it (`tcp_set_rcvlowat`). */
function setLowWater(c: Connection, value: OptionValue): number {
  const number = optionInteger(value)
  if (Number.isNaN(number)) return -EINVAL
  const most = (c.rcvBufLocked ? c.rcvBuf : c.tcp.settings.rmem[2]) >> 1
  const wanted = Math.min(number < 0 ? 0x7fff_ffff : number, most)
  c.options.receiveLowWater = Math.max(1, wanted)
  if (isReadable(c)) c.wake.changed(POLLIN)
  if (c.rcvBufLocked) return 0
  const buffer = bufferFor(c, wanted)
  if (buffer > c.rcvBuf) {
    c.rcvBuf = buffer
    c.windowClamp = wanted
  }
  return 0
}

/** The call `getsockopt`. */
export function getTcpOption(c: Connection, level: number, name: number): OptionValue | OptionFailure {
  if (level === SOL_TCP) return getTcpLevelOption(c, name)
  if (level === SOL_SOCKET) {
    switch (name) {
      case SO_RCVBUF:
        return c.rcvBuf
      case SO_SNDBUF:
        return c.sndBuf
      case SO_ACCEPTCONN:
        return Number(c.state === LISTEN)
      case SO_MAX_PACING_RATE:
        return c.maxPacingRate === Number.POSITIVE_INFINITY ? NO_RATE : c.maxPacingRate
      case SO_ERROR:
        return takeError(c)
      default:
    }
    const value = getStreamOption(c, name)
    if (value !== undefined) return value
  }
  return c.options.get(level, name)
}

/** `SO_ERROR`: what ended the connection, or what was heard of its path meanwhile; once. */
function takeError(c: Connection): number {
  const error = c.options.takeError()
  if (error !== 0) return error
  const { softError } = c
  c.softError = 0
  return softError
}
