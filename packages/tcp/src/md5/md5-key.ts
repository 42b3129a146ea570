import type { IpAddress } from '@jackfield/addr'
import type { OptionValue } from '@jackfield/interfaces'
import type { Connection } from '../connection.js'
import { syncMss } from '../send/mss.js'
import { CLOSED, LISTEN } from '../state.js'
import { establishedOptionsLength } from '../wire/write-options.js'
import { Md5Keys, readMd5Option } from './md5-keys.js'

/** The peer is known: what is sent to it is signed with its key, if there is one. */
export function selectMd5Key(c: Connection, peer: IpAddress): void {
  c.md5Key = c.md5Keys?.find(peer) ?? null
  c.headerOptions = establishedOptionsLength(c.timestampsOk, 0, c.md5Key !== null)
}

/** `TCP_MD5SIG` and `TCP_MD5SIG_EXT`: 0 or a negative error number. */
export function setMd5(c: Connection, name: number, value: OptionValue): number {
  const request = readMd5Option(name, value, c.family)
  if (typeof request === 'number') return request
  c.tcp.usesMd5 = true
  c.md5Keys ??= new Md5Keys()
  const error = c.md5Keys.change(request)
  if (c.md5Keys.size === 0) c.md5Keys = null
  if (error !== 0 || c.state === CLOSED || c.state === LISTEN) return error
  selectMd5Key(c, c.flow.destination)
  syncMss(c, c.pathMtu)
  return 0
}
