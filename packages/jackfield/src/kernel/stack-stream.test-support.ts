/** TCP sockets of a stack, as tests of it use them. */
import { SHUT_WR, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, type Sockets } from '@jackfield/sockets'
import { familyOf, type OpenStack } from './in-process.test-support.js'
import { bracketed } from './kernel.test-support.js'

const TIME_LIMIT = 100_000

/** A connection of the stack's; rejects with its error. */
export async function connectStack(sockets: Sockets, port: number, address: string): Promise<number> {
  const fd = sockets.socket(familyOf(address), SOCK_STREAM)
  await sockets.promises.connect(fd, `${bracketed(address)}:${port}`, { signal: AbortSignal.timeout(TIME_LIMIT) })
  return fd
}

/** A listener of the stack's. */
export function listenStack({ sockets, stack }: OpenStack, port: number): number {
  const fd = sockets.socket(familyOf(stack), SOCK_STREAM)
  sockets.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1)
  sockets.bind(fd, `${bracketed(stack)}:${port}`)
  sockets.listen(fd)
  return fd
}

/** All that a connection of the stack's receives, to its end. */
export async function drainStack(sockets: Sockets, fd: number): Promise<Buffer> {
  const signal = AbortSignal.timeout(TIME_LIMIT)
  const chunks: Uint8Array[] = []
  const buffer = new Uint8Array(1_000_000)
  for (;;) {
    const length = await sockets.promises.recv(fd, buffer, 0, { signal })
    if (length === 0) return Buffer.concat(chunks)
    chunks.push(buffer.slice(0, length))
  }
}

/** Sends all, then FIN, while what comes back is read to its end. */
export async function exchangeStack(sockets: Sockets, fd: number, bytes: Uint8Array): Promise<Buffer> {
  const received = drainStack(sockets, fd)
  await sockets.promises.send(fd, bytes, 0, { signal: AbortSignal.timeout(TIME_LIMIT) })
  sockets.shutdown(fd, SHUT_WR)
  return received
}
