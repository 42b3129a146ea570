import { POLLOUT } from '@jackfield/interfaces'
import { sendSpaceFreed } from '../buffer-sizes.js'
import type { Connection } from '../connection.js'
import { LIMIT_BUFFER, limitEnds } from '../limit-times.js'
import type { SendSegment } from '../send-segment.js'
import { PAGE } from '../settings.js'

/** What an entry of the send queue counts against `SO_SNDBUF` besides its payload, in bytes: an empty `sk_buff` of Linux. */
export const SEGMENT_OVERHEAD = 960

/** Whether more may be written (Linux's `sk_stream_memory_free`). */
export function hasSpace(c: Connection): boolean {
  return c.writeQueued < c.sndBuf && notSentIsLow(c, 1) && hasMemory(c)
}

/** Whether the memory of all connections has room (`net.ipv4.tcp_mem`); the least of `tcp_wmem` is everyone's. */
function hasMemory(c: Connection): boolean {
  const { memory, settings } = c.tcp
  return memory < settings.mem[2] * PAGE || c.writeQueued < settings.wmem[0]
}

/**
 * Whether `POLLOUT` holds: a third of the buffer is free, and less waits to be sent than half of what is let in
 * (Linux's `sk_stream_is_writeable`): who is woken is to find more room than for one write.
 */
export function sendSpace(c: Connection): boolean {
  return c.sndBuf - c.writeQueued >= c.writeQueued >>> 1 && notSentIsLow(c, 2)
}

/** `TCP_NOTSENT_LOWAT`: unsent bytes, counted so many times, are below it. */
function notSentIsLow(c: Connection, times: number): boolean {
  const lowWater = c.notSentLowat > 0 ? c.notSentLowat : c.tcp.settings.notsentLowat
  return ((c.writeSeq - c.sndNxt) | 0) * times < lowWater
}

/** Puts an entry at the end of the send queue, charged for itself but for no payload. */
export function appendSegment(c: Connection, seq: number, endSeq: number, flags: number): SendSegment {
  const queue = c.tcp.queues.sendQueueOf(c)
  const segment = queue.create(seq, endSeq, flags)
  segment.truesize = SEGMENT_OVERHEAD
  chargeSend(c, SEGMENT_OVERHEAD)
  queue.append(segment)
  return segment
}

/** Charges the send buffer, and the memory of all connections. */
export function chargeSend(c: Connection, bytes: number): void {
  c.writeQueued += bytes
  c.tcp.memory += bytes
}

/** Takes a charge back. `checkSpace` tells who waits for the room. */
export function unchargeSend(c: Connection, bytes: number): void {
  c.writeQueued -= bytes
  c.tcp.memory -= bytes
}

/** After an acknowledgement: a writer that found no room is told when there is (Linux's `tcp_check_space`). */
export function checkSpace(c: Connection): void {
  if (!c.noSpace) return
  sendSpaceFreed(c)
  if (!sendSpace(c)) return
  c.noSpace = false
  limitEnds(c, LIMIT_BUFFER)
  c.wake.changed(POLLOUT)
}
