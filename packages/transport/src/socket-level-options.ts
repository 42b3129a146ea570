import {
  EINVAL,
  ENODEV,
  ENOPROTOOPT,
  OptionFailure,
  type OptionValue,
  SO_ACCEPTCONN,
  SO_BINDTODEVICE,
  SO_BINDTOIFINDEX,
  SO_BROADCAST,
  SO_DOMAIN,
  SO_DONTROUTE,
  SO_ERROR,
  SO_KEEPALIVE,
  SO_LINGER,
  SO_MARK,
  SO_NO_CHECK,
  SO_OOBINLINE,
  SO_PRIORITY,
  SO_PROTOCOL,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_RCVLOWAT,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_RXQ_OVFL,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SO_SNDLOWAT,
  SO_TIMESTAMP,
  SO_TIMESTAMPNS,
  SO_TYPE,
} from '@jackfield/interfaces'
import { WANT_OVERFLOW, WANT_TIMESTAMP, WANT_TIMESTAMPNS } from './control.js'
import type { IpSocketOptions } from './ip-socket-options.js'
import { optionInteger } from './option-integer.js'
import { optionText } from './option-text.js'

/** Linux's `SOCK_MIN_RCVBUF` and `SOCK_MIN_SNDBUF`, in bytes. */
const MIN_RECEIVE_BUFFER = 2304
const MIN_SEND_BUFFER = 4608

/** Sets a `SOL_SOCKET` option: 0 or a negative error number. */
export function setSocketOption(options: IpSocketOptions, name: number, value: OptionValue): number {
  if (name === SO_BINDTODEVICE) return bindToDevice(options, value)
  if (name === SO_LINGER) return setLinger(options, value)
  const number = optionInteger(value)
  if (Number.isNaN(number)) return -EINVAL
  const on = number !== 0
  switch (name) {
    case SO_REUSEADDR:
      options.reuseAddress = on
      return 0
    case SO_REUSEPORT:
      options.reusePort = on
      return 0
    case SO_BROADCAST:
      options.broadcast = on
      return 0
    case SO_DONTROUTE:
      options.dontRoute = on
      options.flow.route = null
      return 0
    case SO_KEEPALIVE:
      options.keepAlive = on
      return 0
    case SO_OOBINLINE:
      options.oobInline = on
      return 0
    case SO_NO_CHECK:
      options.noCheck = on
      return 0
    case SO_SNDBUF:
      options.sendAccount.limit = bufferSize(number, options.settings.wmemMax, MIN_SEND_BUFFER)
      return 0
    case SO_SNDBUFFORCE:
      options.sendAccount.limit = bufferSize(Math.max(0, number), 0x3fff_ffff, MIN_SEND_BUFFER)
      return 0
    case SO_RCVBUF:
      options.receiveQueue.limit = bufferSize(number, options.settings.rmemMax, MIN_RECEIVE_BUFFER)
      return 0
    case SO_RCVBUFFORCE:
      options.receiveQueue.limit = bufferSize(Math.max(0, number), 0x3fff_ffff, MIN_RECEIVE_BUFFER)
      return 0
    case SO_PRIORITY:
      if (number < 0) return -EINVAL
      options.priority = number
      return 0
    case SO_MARK:
      options.mark = number >>> 0
      return 0
    case SO_RCVLOWAT:
      options.receiveLowWater = number < 0 ? 0x7fff_ffff : Math.max(1, number)
      return 0
    case SO_BINDTOIFINDEX:
      return setBoundInterface(options, number)
    // The two forms of time stamp exclude each other, as in Linux.
    case SO_TIMESTAMP:
      options.wantedControl &= ~WANT_TIMESTAMPNS
      return options.want(WANT_TIMESTAMP, value)
    case SO_TIMESTAMPNS:
      options.wantedControl &= ~WANT_TIMESTAMP
      return options.want(WANT_TIMESTAMPNS, value)
    case SO_RXQ_OVFL:
      return options.want(WANT_OVERFLOW, value)
    default:
      return -ENOPROTOOPT
  }
}

/** Linux doubles what is asked for, to leave room for its own; a negative number is a very large one. */
function bufferSize(asked: number, maximum: number, minimum: number): number {
  return Math.max(Math.min(asked >>> 0, maximum) * 2, minimum)
}

function bindToDevice(options: IpSocketOptions, value: OptionValue): number {
  const name = optionText(value)
  if (name === null) return -EINVAL
  if (name === '') return setBoundInterface(options, 0)
  const found = options.host.interfaceByName(name)
  return found === undefined ? -ENODEV : setBoundInterface(options, found.index)
}

function setBoundInterface(options: IpSocketOptions, index: number): number {
  if (index < 0) return -EINVAL
  if (index !== 0 && options.host.interfaceByIndex(index) === undefined) return -ENODEV
  options.boundInterface = index
  options.flow.route = null
  return 0
}

function setLinger(options: IpSocketOptions, value: OptionValue): number {
  if (typeof value !== 'object' || value instanceof Uint8Array) return -EINVAL
  const { onoff, linger } = value
  if (typeof linger !== 'number' || !Number.isInteger(linger) || linger < 0) return -EINVAL
  options.lingerOn = Boolean(onoff)
  options.lingerTime = linger
  return 0
}

/** The value of a `SOL_SOCKET` option. `SO_ERROR` is cleared by it. */
export function getSocketOption(options: IpSocketOptions, name: number): OptionValue | OptionFailure {
  switch (name) {
    case SO_TYPE:
      return options.socket.type
    case SO_PROTOCOL:
      return options.socket.protocol
    case SO_DOMAIN:
      return options.socket.family
    case SO_ERROR:
      return options.takeError()
    case SO_REUSEADDR:
      return Number(options.reuseAddress)
    case SO_REUSEPORT:
      return Number(options.reusePort)
    case SO_BROADCAST:
      return Number(options.broadcast)
    case SO_DONTROUTE:
      return Number(options.dontRoute)
    case SO_KEEPALIVE:
      return Number(options.keepAlive)
    case SO_OOBINLINE:
      return Number(options.oobInline)
    case SO_NO_CHECK:
      return Number(options.noCheck)
    case SO_SNDBUF:
      return options.sendAccount.limit
    case SO_RCVBUF:
      return options.receiveQueue.limit
    case SO_PRIORITY:
      return options.priority
    case SO_MARK:
      return options.mark
    case SO_RCVLOWAT:
      return options.receiveLowWater
    case SO_SNDLOWAT:
      return 1
    case SO_ACCEPTCONN:
      return 0
    case SO_LINGER:
      return { onoff: options.lingerOn, linger: options.lingerTime }
    case SO_BINDTODEVICE:
      return options.host.interfaceByIndex(options.boundInterface)?.name ?? ''
    case SO_BINDTOIFINDEX:
      return options.boundInterface
    case SO_TIMESTAMP:
      return Number((options.wantedControl & WANT_TIMESTAMP) !== 0)
    case SO_TIMESTAMPNS:
      return Number((options.wantedControl & WANT_TIMESTAMPNS) !== 0)
    case SO_RXQ_OVFL:
      return Number((options.wantedControl & WANT_OVERFLOW) !== 0)
    default:
      return new OptionFailure(ENOPROTOOPT)
  }
}
