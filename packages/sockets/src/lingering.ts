import { OptionFailure, SO_LINGER, SOCK_STREAM, SOL_SOCKET } from '@jackfield/interfaces'
import type { Calls } from './calls.js'
import type { OpenFile } from './open-file.js'

/** Closes a descriptor. Of the last one of a stream with `SO_LINGER` it waits until the peer has everything, or the time is over. */
export function closeLingering(calls: Calls, fd: number): Promise<void> {
  let file: OpenFile
  try {
    file = calls.file(fd, 'close')
  } catch (error) {
    return Promise.reject(error)
  }
  const seconds = file.references === 1 && file.endpoint.type === SOCK_STREAM ? lingerTime(calls, file) : 0
  if (seconds === 0) {
    calls.close(fd, file)
    return Promise.resolve()
  }
  return new Promise<void>((resolve) => {
    const timer = calls.host.clock.createTimer(() => resolve())
    timer.setAfter(seconds * 1_000_000)
    calls.close(fd, file, () => {
      timer.cancel()
      resolve()
    })
  })
}

function lingerTime(calls: Calls, file: OpenFile): number {
  const value = calls.getOption(file, SOL_SOCKET, SO_LINGER)
  if (value instanceof OptionFailure || typeof value !== 'object' || value instanceof Uint8Array) return 0
  return value['onoff'] ? Number(value['linger']) : 0
}
