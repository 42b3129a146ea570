import { EALREADY, EDESTADDRREQ, EINPROGRESS, EOPNOTSUPP, type Message } from '@jackfield/interfaces'
import type { Connection } from '../connection.js'
import { beginConnect } from '../open.js'
import { FastOpenRequest, sendOpeningSyn } from './fast-open-client.js'
import { FASTOPEN_CLIENT } from './fast-open-flags.js'

/**
 * `send` that opens: with `MSG_FASTOPEN`, or after a `connect` that was deferred. Bytes taken, or the negative error
 * number; `-EINPROGRESS` where the SYN had to go without them.
 */
export function fastOpenSend(c: Connection, message: Message): number {
  if ((c.tcp.settings.fastopen & FASTOPEN_CLIENT) === 0) return -EOPNOTSUPP
  if (c.fastOpenRequest !== null) return -EALREADY
  const request = new FastOpenRequest(message)
  let result = -EINPROGRESS
  if (c.connectDeferred) {
    c.connectDeferred = false
    c.fastOpenRequest = request
    sendOpeningSyn(c)
  } else {
    if (message.name === null) return -EDESTADDRREQ
    c.fastOpenRequest = request
    result = beginConnect(c, message.name)
    c.fastOpenRequest = null
  }
  if (result === -EINPROGRESS && request.copied === 0) c.writerWaits = message.continues
  return result === -EINPROGRESS && request.copied > 0 ? request.copied : result
}
