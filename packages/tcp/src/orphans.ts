import type { Connection } from './connection.js'
import { PAGE } from './settings.js'

/** Bytes in a send queue from which on it is worth ending a connection for its memory (Linux's `SOCK_MIN_SNDBUF`). */
const LEAST_QUEUE = 4608

/**
 * Whether there are too many connections that nobody holds (`net.ipv4.tcp_max_orphans`), or memory is out (`net.ipv4.tcp_mem`).
 * @param penalty how often the count is doubled for a connection that is worth less than others
 */
export function orphanIsTooMuch(c: Connection, penalty: number): boolean {
  const { memory, orphans, settings } = c.tcp
  if (orphans * 2 ** penalty > settings.maxOrphans) return true
  return c.writeQueued > LEAST_QUEUE && memory > settings.mem[2] * PAGE
}
