import type { Connection } from '../connection.js'
import { FLAG_FIN } from '../wire/segment.js'
import { appendSegment } from './space.js'
import { push } from './write.js'

/** Queues a FIN, on the last unsent entry where there is one, and lets it go (RFC 9293 3.10.4). */
export function sendFin(c: Connection): void {
  const { tail, sendHead } = c.sendQueue
  if (tail !== null && sendHead !== null) {
    tail.flags |= FLAG_FIN
    tail.endSeq = (tail.endSeq + 1) | 0
    c.writeSeq = (c.writeSeq + 1) | 0
  } else {
    c.writeSeq = appendSegment(c, c.writeSeq, (c.writeSeq + 1) | 0, FLAG_FIN).endSeq
  }
  push(c, true)
}
