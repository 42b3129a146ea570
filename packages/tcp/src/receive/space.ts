import type { Connection } from '../connection.js'
import { PAGE } from '../settings.js'

/** Bytes that what was received and not read pins (Linux's `sk_rmem_alloc`). */
export function receiveCharge(c: Connection): number {
  return c.inOrder.charged + c.outOfOrder.charged
}

/** Payload that fits into `bytes` of buffer, by what packets have pinned so far. */
export function payloadIn(c: Connection, bytes: number): number {
  return Math.floor((bytes * c.scalingRatio) / 256) | 0
}

/** Buffer that `bytes` of payload take. */
export function bufferFor(c: Connection, bytes: number): number {
  return Math.floor((bytes * 256) / c.scalingRatio)
}

/** Payload for which there is room now; negative when there is too much already. */
export function freeSpace(c: Connection): number {
  return payloadIn(c, c.rcvBuf - receiveCharge(c))
}

/** Payload for which there would be room were nothing queued. */
export function fullSpace(c: Connection): number {
  return payloadIn(c, c.rcvBuf)
}

/** Whether all connections together pin more than `net.ipv4.tcp_mem` likes: from its second number on, until they are below its first. */
export function underPressure(c: Connection): boolean {
  const { tcp } = c
  const { mem } = tcp.settings
  if (tcp.memory > mem[1] * PAGE) {
    if (!tcp.pressed) tcp.counters.TcpExtTCPMemoryPressures++
    tcp.pressed = true
  } else if (tcp.memory <= mem[0] * PAGE) tcp.pressed = false
  return tcp.pressed
}

/** How TCP begins: `SO_RCVBUF` and how much of it is offered. Called when a connection is made. */
export function initReceiveBuffer(c: Connection): void {
  const { advWinScale, rmem } = c.tcp.settings
  c.rcvBuf = rmem[1]
  c.scalingRatio = advWinScale > 0 ? 256 - (256 >> advWinScale) : Math.max(1, 256 >> -advWinScale)
  // All of the buffer can never be payload.
  if (c.scalingRatio > 255) c.scalingRatio = 255
}
