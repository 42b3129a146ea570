import {
  EINVAL,
  ENOPROTOOPT,
  type OptionValue,
  SO_BUSY_POLL,
  SO_INCOMING_CPU,
  SO_INCOMING_NAPI_ID,
  SO_MEMINFO,
  SO_PEEK_OFF,
  SO_TIMESTAMPING,
  SO_TXREHASH,
  SO_ZEROCOPY,
} from '@jackfield/interfaces'
import { optionInteger } from '@jackfield/transport'
import type { Connection } from './connection.js'
import { setTimestamping } from './errors/send-stamps.js'
import { receiveCharge } from './receive/space.js'

/** Options of `SOL_SOCKET` that streams have for themselves: 0, a negative error number, or `-ENOPROTOOPT` for others. */
export function setStreamOption(c: Connection, name: number, value: OptionValue): number {
  const number = optionInteger(value)
  switch (name) {
    case SO_TIMESTAMPING:
      return Number.isNaN(number) ? -EINVAL : setTimestamping(c, number)
    case SO_ZEROCOPY:
      if (number !== 0 && number !== 1) return -EINVAL
      c.zeroCopyAllowed = number === 1
      return 0
    case SO_PEEK_OFF:
      if (Number.isNaN(number)) return -EINVAL
      c.peekOffset = number < 0 ? -1 : number
      return 0
    case SO_INCOMING_CPU:
    case SO_BUSY_POLL:
    case SO_TXREHASH:
      return setHint(c, name, number)
    default:
      return -ENOPROTOOPT
  }
}

/** Hints to a kernel on where and how to work: kept and told, as there is one processor here and no polling. */
function setHint(c: Connection, name: number, number: number): number {
  if (Number.isNaN(number)) return -EINVAL
  if (name === SO_BUSY_POLL && number < 0) return -EINVAL
  if (name === SO_TXREHASH && (number < -1 || number > 1)) return -EINVAL
  c.hints = new Map([...(c.hints ?? []), [name, number]])
  return 0
}

/** The values of the same; undefined for other names. */
export function getStreamOption(c: Connection, name: number): OptionValue | undefined {
  switch (name) {
    case SO_TIMESTAMPING:
      return c.stampFlags
    case SO_ZEROCOPY:
      return Number(c.zeroCopyAllowed)
    case SO_PEEK_OFF:
      return c.peekOffset
    case SO_INCOMING_CPU:
      return c.hints?.get(name) ?? 0
    case SO_BUSY_POLL:
    case SO_TXREHASH:
      return c.hints?.get(name) ?? Number(name === SO_TXREHASH)
    case SO_INCOMING_NAPI_ID:
      return 0
    case SO_MEMINFO:
      return memoryInfo(c)
    default:
      return undefined
  }
}

/** `SK_MEMINFO_*`: nine 32-bit numbers, the lowest byte first. */
function memoryInfo(c: Connection): Uint8Array {
  const bytes = new Uint8Array(36)
  const view = new DataView(bytes.buffer)
  const values = [receiveCharge(c), c.rcvBuf, c.deviceQueued, c.sndBuf, 0, c.writeQueued, 0, 0, 0]
  values.forEach((value, index) => {
    view.setUint32(index * 4, value, true)
  })
  return bytes
}
