import type { PacketPool } from '@jackfield/packet'
import type { Connection } from './connection.js'
import { InOrderQueue } from './receive/in-order.js'
import type { MemoryTotal } from './receive/keep.js'
import { type SendBlocks, SendBuffer } from './send/send-buffer.js'
import { SendQueue } from './send/send-queue.js'

/** Queues of each kind that are kept for the next who needs one. */
const MOST_FREE = 1024

/**
 * The queues of a host's connections. A connection has its own only while something is in them; at rest it shares, with
 * all others, some that are always empty.
 */
export class QueuePool {
  readonly noSendQueue: SendQueue = new SendQueue()
  readonly noSendBuffer: SendBuffer
  readonly noInOrder: InOrderQueue
  private readonly packets: PacketPool
  private readonly total: MemoryTotal
  private readonly blocks: SendBlocks
  private readonly sendQueues: SendQueue[] = []
  private readonly sendBuffers: SendBuffer[] = []
  private readonly inOrders: InOrderQueue[] = []

  /** @param total what all connections pin: kept up to date */
  constructor(packets: PacketPool, total: MemoryTotal, blocks: SendBlocks) {
    this.packets = packets
    this.total = total
    this.blocks = blocks
    this.noSendBuffer = new SendBuffer(blocks)
    this.noInOrder = new InOrderQueue(packets, total)
  }

  /** The connection's send queue, to put something in. */
  sendQueueOf(c: Connection): SendQueue {
    if (c.sendQueue === this.noSendQueue) c.sendQueue = this.sendQueues.pop() ?? new SendQueue()
    return c.sendQueue
  }

  /** The connection's send buffer, to put something in. */
  sendBufferOf(c: Connection): SendBuffer {
    if (c.sendBuffer === this.noSendBuffer) c.sendBuffer = this.sendBuffers.pop() ?? new SendBuffer(this.blocks)
    return c.sendBuffer
  }

  /** The connection's queue of data to read, to put something in. */
  inOrderOf(c: Connection): InOrderQueue {
    if (c.inOrder === this.noInOrder) c.inOrder = this.inOrders.pop() ?? new InOrderQueue(this.packets, this.total)
    return c.inOrder
  }

  /** All that was sent is acknowledged. */
  sendSettled(c: Connection): void {
    if (c.sendQueue !== this.noSendQueue && c.sendQueue.empty) {
      if (this.sendQueues.length < MOST_FREE) this.sendQueues.push(c.sendQueue)
      c.sendQueue = this.noSendQueue
    }
    if (c.sendBuffer !== this.noSendBuffer && c.sendBuffer.length === 0) {
      c.sendBuffer.clear()
      if (this.sendBuffers.length < MOST_FREE) this.sendBuffers.push(c.sendBuffer)
      c.sendBuffer = this.noSendBuffer
    }
  }

  /** All that was received is read. */
  receiveSettled(c: Connection): void {
    if (c.inOrder === this.noInOrder || c.inOrder.length > 0) return
    if (this.inOrders.length < MOST_FREE) this.inOrders.push(c.inOrder)
    c.inOrder = this.noInOrder
  }
}
