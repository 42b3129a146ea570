import type { Timer } from '@jackfield/clock'
import { EAGAIN, EBADF, type POLLIN, type POLLOUT, type Sockaddr } from '@jackfield/interfaces'
import type { SocketHost } from '@jackfield/stack'
import { failure } from './failure.js'
import type { OpenFile, Waiter } from './open-file.js'

/** As much of the web's `AbortSignal` as the awaiting calls use. */
export interface AbortSignalLike {
  readonly aborted: boolean
  readonly reason: unknown
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** What every awaiting call takes. */
export interface WaitOptions {
  /** Ends the wait: the promise rejects with the signal's reason, and nothing was received or sent. */
  signal?: AbortSignalLike
}

/** One wait of one call on one file. */
export interface Wait {
  readonly syscall: string
  readonly mask: typeof POLLIN | typeof POLLOUT
  readonly address?: Sockaddr | null
  /** Microseconds after which the call fails with `timeoutErrno`; 0 is never. */
  readonly timeout: number
  readonly signal: AbortSignalLike | undefined
  /** Tries the call: a result, or the negative error number; `-EAGAIN` is to wait on. */
  attempt(): number
}

/** Tries a call now and whenever the file is ready, until it answers other than `EAGAIN`. */
export function waitFor(host: SocketHost, file: OpenFile, wait: Wait): Promise<number> {
  const { signal, syscall } = wait
  if (signal?.aborted) return Promise.reject(signal.reason)
  const first = wait.attempt()
  if (first !== -EAGAIN || file.nonBlocking) {
    return first < 0 ? Promise.reject(failure(first, syscall, wait.address)) : Promise.resolve(first)
  }
  return new Promise<number>((resolve, reject) => {
    let timer: Timer | null = null
    const settle = (): void => {
      timer?.cancel()
      signal?.removeEventListener('abort', abort)
    }
    const waiter: Waiter = {
      mask: wait.mask,
      attempt: () => {
        let result: number
        try {
          result = file.closed ? -EBADF : wait.attempt()
        } catch (error) {
          settle()
          reject(error)
          return true
        }
        if (result === -EAGAIN) return false
        settle()
        if (result < 0) reject(failure(result, syscall, wait.address))
        else resolve(result)
        return true
      },
    }
    const abort = (): void => {
      settle()
      file.stopWaiting(waiter)
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', abort)
    if (wait.timeout > 0) {
      timer = host.clock.createTimer(() => {
        settle()
        file.stopWaiting(waiter)
        reject(failure(-EAGAIN, syscall, wait.address))
      })
      timer.setAfter(wait.timeout)
    }
    file.wait(waiter)
  })
}
