import {
  type ControlMessage,
  type ExtendedError,
  IP_RECVERR,
  IPV6_RECVERR,
  type OptionValue,
  SCM_TIMESTAMPING,
  SO_LINGER,
  SO_RCVTIMEO,
  SO_SNDTIMEO,
  SO_TIMESTAMP,
  SO_TIMESTAMPNS,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
  SOL_TCP,
  TCP_CONGESTION,
  TCP_INFO,
  TCP_MD5SIG,
  TCP_MD5SIG_EXT,
} from '@jackfield/sockets'
import { md5Bytes } from './md5-option.js'
import { readTcpInfo } from './tcp-info.js'

type ControlData = ControlMessage['data']

/** Room for the value of any option. */
export const OPTION_ROOM = 512

export function isCongestionOption(level: number, name: number): boolean {
  return level === SOL_TCP && name === TCP_CONGESTION
}

/** An option's value as the kernel takes it. */
export function optionBytes(level: number, name: number, value: OptionValue | boolean): Uint8Array {
  if (typeof value === 'number' || typeof value === 'boolean') return ints(Number(value))
  if (typeof value === 'string') return new TextEncoder().encode(value)
  if (value instanceof Uint8Array) return value
  const field = (key: string): number => Number(value[key] ?? 0)
  if (level === SOL_SOCKET && name === SO_LINGER) return ints(field('onoff'), field('linger'))
  if (isTime(level, name)) return longs(field('sec'), field('usec'))
  if (level === SOL_TCP && (name === TCP_MD5SIG || name === TCP_MD5SIG_EXT)) return md5Bytes(value)
  throw new TypeError(`the option ${level}, ${name} takes no structure here`)
}

/** What the kernel gave as an option's value. */
export function readOption(level: number, name: number, bytes: Uint8Array): OptionValue {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (level === SOL_TCP && name === TCP_INFO) return readTcpInfo(bytes)
  if (isCongestionOption(level, name)) return new TextDecoder().decode(bytes).replace(/\0.*$/s, '')
  if (level === SOL_SOCKET && name === SO_LINGER) {
    return { onoff: view.getInt32(0, true) !== 0, linger: view.getInt32(4, true) }
  }
  if (isTime(level, name)) {
    return { sec: Number(view.getBigInt64(0, true)), usec: Number(view.getBigInt64(8, true)) }
  }
  return bytes.length === 4 ? view.getInt32(0, true) : bytes.slice()
}

function isTime(level: number, name: number): boolean {
  return level === SOL_SOCKET && (name === SO_RCVTIMEO || name === SO_SNDTIMEO)
}

function ints(...values: number[]): Uint8Array {
  return new Uint8Array(new Int32Array(values).buffer)
}

function longs(...values: number[]): Uint8Array {
  return new Uint8Array(new BigInt64Array(values.map(BigInt)).buffer)
}

/** `struct cmsghdr`: length, level, type; what follows is padded to eight bytes. */
const CONTROL_HEADER = 16

/** Control messages as `sendmsg` takes them. Their data are ints. */
export function controlBytes(messages: readonly ControlMessage[]): Uint8Array {
  const bytes = new Uint8Array(messages.length * (CONTROL_HEADER + 8))
  const view = new DataView(bytes.buffer)
  messages.forEach(({ level, type, data }, index) => {
    if (typeof data !== 'number') throw new TypeError('control messages have an int here')
    const at = index * (CONTROL_HEADER + 8)
    view.setBigUint64(at, BigInt(CONTROL_HEADER + 4), true)
    view.setInt32(at + 8, level, true)
    view.setInt32(at + 12, type, true)
    view.setInt32(at + 16, data, true)
  })
  return bytes
}

/** The control messages that `recvmsg` gave. */
export function readControl(bytes: Uint8Array): ControlMessage[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const messages: ControlMessage[] = []
  for (let at = 0; at + CONTROL_HEADER <= bytes.length; ) {
    const length = Number(view.getBigUint64(at, true))
    if (length < CONTROL_HEADER) break
    const level = view.getInt32(at + 8, true)
    const type = view.getInt32(at + 12, true)
    const data = bytes.slice(at + CONTROL_HEADER, at + length)
    messages.push({ level, type, data: readControlData(level, type, data) })
    at += (length + 7) & ~7
  }
  return messages
}

function readControlData(level: number, type: number, bytes: Uint8Array): ControlData {
  const view = new DataView(bytes.buffer)
  if ((level === SOL_IP && type === IP_RECVERR) || (level === SOL_IPV6 && type === IPV6_RECVERR)) {
    return readExtendedError(bytes)
  }
  if (level === SOL_SOCKET && type === SCM_TIMESTAMPING) return readTimestamping(view)
  if (level === SOL_SOCKET && type === SO_TIMESTAMPNS) return readPair(view, 0)
  if (level === SOL_SOCKET && type === SO_TIMESTAMP) return readPair(view, 0, 1_000_000)
  return bytes.length === 4 ? view.getInt32(0, true) : bytes
}

/** `struct scm_timestamping`: three of `struct timespec`, the second of which is no longer used. */
function readTimestamping(view: DataView): ControlData {
  return { software: Math.floor(readPair(view, 0) / 1000), hardware: Math.floor(readPair(view, 32) / 1000) }
}

/** `struct timespec` or `struct timeval`, in its smaller unit. */
function readPair(view: DataView, at: number, units = 1_000_000_000): number {
  return Number(view.getBigInt64(at, true)) * units + Number(view.getBigInt64(at + 8, true))
}

/** `struct sock_extended_err`. */
function readExtendedError(bytes: Uint8Array): ExtendedError {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return {
    errno: view.getUint32(0, true),
    origin: view.getUint8(4),
    type: view.getUint8(5),
    code: view.getUint8(6),
    info: view.getUint32(8, true),
    data: view.getUint32(12, true),
    offender: null,
  }
}
