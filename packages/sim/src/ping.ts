import type { IpAddress } from '@jackfield/addr'
import { EchoSocket } from './echo-socket.js'
import type { SimHost } from './host.js'
import { type Duration, toMicroseconds } from './quantity.js'

/** How to ping. */
export interface PingOptions {
  /** By which version a host is pinged; an address says so itself. Default 4. */
  version?: 4 | 6
  /** Requests. Default 4. */
  count?: number
  /** Time from one request to the next. Default 1 s. */
  interval?: Duration
  /** Bytes of data in each, 0 to 65,507. Default 56. */
  size?: number
  /** How long to wait for the last answers. Default 1 s. */
  timeout?: Duration
}

/** What came of it. */
export interface PingResult {
  readonly destination: IpAddress
  readonly sent: number
  readonly received: number
  /** Microseconds, in order of arrival. */
  readonly times: readonly number[]
}

/** Sends echo requests and counts the answers, in the clock's time. */
export async function ping(host: SimHost, destination: IpAddress, options: PingOptions = {}): Promise<PingResult> {
  const { count = 4, size = 56 } = options
  const interval = toMicroseconds(options.interval ?? 1_000_000, 'interval')
  const timeout = toMicroseconds(options.timeout ?? 1_000_000, 'timeout')
  if (!Number.isInteger(count) || count < 1 || count > 65_536) {
    throw new RangeError(`count is an integer from 1 to 65,536, not ${count}`)
  }
  if (!Number.isInteger(size) || size < 0 || size > 65_507) {
    throw new RangeError(`size is an integer from 0 to 65,507, not ${size}`)
  }
  const socket = new EchoSocket(host.sockets, destination)
  const { clock } = host.stack
  const sentAt = new Map<number, number>()
  const times: number[] = []
  const started = clock.now()
  try {
    for (let sequence = 0; sequence < count; sequence++) {
      sentAt.set(sequence, clock.now())
      socket.request(sequence, size)
      const last = sequence === count - 1
      const until = started + (last ? sequence * interval + timeout : (sequence + 1) * interval)
      while (clock.now() < until && !(last && times.length === count)) {
        const answered = await socket.reply(until - clock.now())
        if (answered < 0) break
        const at = sentAt.get(answered)
        if (at === undefined) continue
        sentAt.delete(answered)
        times.push(clock.now() - at)
      }
    }
  } finally {
    socket.close()
  }
  return { destination, sent: count, received: times.length, times }
}
