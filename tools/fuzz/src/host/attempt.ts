import { MSG_ERRQUEUE, SocketError, type Sockets } from '@jackfield/sockets'

/** More than any receive queue holds. */
const DRAIN = 5000

/** Runs a call of which a socket error is an answer; its code, or undefined. Whatever else it throws is a finding. */
export function attempt(call: () => unknown): string | undefined {
  try {
    call()
    return undefined
  } catch (error) {
    if (error instanceof SocketError) return error.code
    throw error
  }
}

/** Reads all that waits in a socket, and its error queue. */
export function drain(sockets: Sockets, fd: number, buffer: Uint8Array): void {
  for (let i = 0; i < DRAIN; i++) {
    // An error that waits is told once, before what is queued; a listener has nothing to read.
    const code = attempt(() => sockets.recv(fd, buffer))
    if (code === 'EAGAIN' || code === 'ENOTCONN') break
  }
  for (let i = 0; i < DRAIN; i++) if (attempt(() => sockets.recv(fd, buffer, MSG_ERRQUEUE)) !== undefined) break
}
