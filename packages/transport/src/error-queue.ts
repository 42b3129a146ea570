import { createAddressSlot, type IpAddress, type IpAddressSlot, SocketAddress, setSlot } from '@jackfield/addr'
import {
  AF_INET,
  EAGAIN,
  type ExtendedError,
  type IcmpReport,
  IP_RECVERR,
  IPV6_RECVERR,
  type Message,
  MSG_ERRQUEUE,
  MSG_TRUNC,
  SO_EE_ORIGIN_ICMP,
  SO_EE_ORIGIN_ICMP6,
  SO_EE_ORIGIN_LOCAL,
  SOL_IP,
  SOL_IPV6,
} from '@jackfield/interfaces'
import type { Packet, PacketPool } from '@jackfield/packet'
import type { IpSocketOptions } from './ip-socket-options.js'
import type { ReceiveQueue } from './receive-queue.js'
import { fillName, ipName } from './socket-name.js'

interface QueuedError {
  readonly error: ExtendedError
  /** Where the offending packet was going. */
  readonly destination: IpAddress
  readonly port: number
  /** That the report came in by: the zone of its link-local addresses. */
  readonly interfaceIndex: number
  /** What the offending packet carried, as far as it was quoted; null for none. */
  readonly payload: Packet | null
  readonly charge: number
}

/** What one queued error costs besides its payload, in bytes. */
const ENTRY_SIZE = 512

/**
 * Extended errors (`IP_RECVERR`), oldest first, read with `MSG_ERRQUEUE`. Their memory counts against the receive
 * queue's limit, so that strangers' ICMP cannot make it grow.
 */
export class ErrorQueue {
  /** Errors dropped for want of room. */
  drops = 0
  private readonly pool: PacketPool
  private readonly queue: ReceiveQueue
  private readonly errors: QueuedError[] = []

  constructor(pool: PacketPool, queue: ReceiveQueue) {
    this.pool = pool
    this.queue = queue
  }

  get length(): number {
    return this.errors.length
  }

  /**
   * Queues an ICMP error.
   * @param payloadStart where the offending payload begins in `report.packet`; past its end where none was quoted
   * @param port destination port of the offending packet, 0 where there are none
   * @returns false where there was no room
   */
  pushIcmp(report: IcmpReport, payloadStart: number, port: number): boolean {
    const { packet } = report
    const offender = new SocketAddress(report.offender)
    const error: ExtendedError = {
      errno: report.errno,
      origin: report.version === 4 ? SO_EE_ORIGIN_ICMP : SO_EE_ORIGIN_ICMP6,
      type: report.type,
      code: report.code,
      info: report.info,
      data: 0,
      offender,
    }
    const quoted = packet !== null && payloadStart < packet.end
    const payload = quoted ? this.pool.copyOf(packet.bytes, payloadStart, packet.end) : null
    return this.push(error, report.destination, port, report.interfaceIndex, payload)
  }

  /** Queues an error that this host found itself, as `EMSGSIZE` with the path MTU in `info`. */
  pushLocal(errno: number, info: number, destination: IpAddress, port: number): boolean {
    const origin = SO_EE_ORIGIN_LOCAL
    return this.push({ errno, origin, type: 0, code: 0, info, data: 0, offender: null }, destination, port, 0, null)
  }

  private push(
    error: ExtendedError,
    destination: IpAddress,
    port: number,
    interfaceIndex: number,
    payload: Packet | null,
  ): boolean {
    const charge = ENTRY_SIZE + (payload === null ? 0 : payload.truesize)
    if (!this.queue.charge(charge)) {
      payload?.release()
      this.drops++
      return false
    }
    const kept = createAddressSlot()
    setSlot(kept as IpAddressSlot, destination)
    this.errors.push({ error, destination: kept, port, interfaceIndex, payload, charge })
    return true
  }

  /**
   * `MSG_ERRQUEUE`: the payload into the message's buffer, the original destination into its name, the error and its
   * offender into its control; `message.flags` becomes `MSG_ERRQUEUE`, with `MSG_TRUNC` where the payload was longer.
   * `SO_ERROR` becomes that of the next ICMP error in the queue, as in Linux.
   * @returns the bytes copied, or `-EAGAIN` when empty
   */
  receive(message: Message, options: IpSocketOptions): number {
    const entry = this.errors.shift()
    if (entry === undefined) return -EAGAIN
    this.queue.uncharge(entry.charge)
    const { payload, interfaceIndex } = entry
    const error = zoned(entry.error, options.family, interfaceIndex)
    const length = payload === null ? 0 : payload.end - payload.start
    const copied = Math.min(length, message.length)
    if (payload !== null) {
      message.buffer.set(payload.bytes.subarray(payload.start, payload.start + copied), message.offset)
      payload.release()
    }
    const family = options.family
    const name = ipName(message.name)
    message.named = name !== null
    if (name !== null) fillName(name, family, entry.destination, entry.port, interfaceIndex)
    message.flags = copied < length ? MSG_ERRQUEUE | MSG_TRUNC : MSG_ERRQUEUE
    message.control?.push(
      family === AF_INET
        ? { level: SOL_IP, type: IP_RECVERR, data: error }
        : { level: SOL_IPV6, type: IPV6_RECVERR, data: error },
    )
    const next = this.errors[0]
    if (next !== undefined && next.error.origin !== SO_EE_ORIGIN_LOCAL) options.fail(next.error.errno)
    else if (error.origin !== SO_EE_ORIGIN_LOCAL) options.takeError()
    return copied
  }

  /** Forgets all. */
  clear(): void {
    for (const entry of this.errors.splice(0)) {
      entry.payload?.release()
      this.queue.uncharge(entry.charge)
    }
  }
}

/** The error with its offender as programs of the family see addresses, a link-local one with its zone. */
function zoned(error: ExtendedError, family: number, interfaceIndex: number): ExtendedError {
  const { offender } = error
  if (offender === null || family === AF_INET) return error
  const shown = new SocketAddress()
  fillName(shown, family, offender.address, 0, interfaceIndex)
  return { ...error, offender: shown }
}
