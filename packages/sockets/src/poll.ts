import {
  EINVAL,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  POLLOUT,
  POLLPRI,
  POLLRDNORM,
  POLLWRNORM,
  SocketError,
} from '@jackfield/interfaces'
import type { SocketHost } from '@jackfield/stack'
import type { DescriptorTable } from './descriptors.js'
import type { FileObserver, OpenFile } from './open-file.js'
import type { WaitOptions } from './waiting.js'

/** One descriptor of a `poll`: `struct pollfd`. */
export interface PollDescriptor {
  /** A negative one is passed over. */
  fd: number
  /** The `POLL*` bits asked for. */
  events: number
  /** Set to those that hold; `POLLERR`, `POLLHUP` and `POLLNVAL` come unasked. */
  revents: number
}

/** The descriptors of a `select`, and its answer. */
export interface SelectSets {
  read?: readonly number[]
  write?: readonly number[]
  except?: readonly number[]
}

/** The `POLL*` bits that hold of a file, with those that say the same as others: `POLLRDNORM` and `POLLWRNORM`. */
export function fileEvents(file: OpenFile): number {
  const mask = file.endpoint.readiness()
  return mask | ((mask & POLLIN) !== 0 ? POLLRDNORM : 0) | ((mask & POLLOUT) !== 0 ? POLLWRNORM : 0)
}

/** Fills `revents` and counts the descriptors that have any. */
export function pollNow(table: DescriptorTable, descriptors: PollDescriptor[]): number {
  let count = 0
  for (const each of descriptors) {
    each.revents = 0
    if (each.fd < 0) continue
    const file = table.get(each.fd)
    each.revents = file === null ? POLLNVAL : fileEvents(file) & (each.events | POLLERR | POLLHUP)
    if (each.revents !== 0) count++
  }
  return count
}

/**
 * Waits until a descriptor has events.
 * @param timeout milliseconds; negative or Infinity: for ever
 * @returns how many have; 0 when the time is over
 */
export function pollWaiting(
  host: SocketHost,
  table: DescriptorTable,
  descriptors: PollDescriptor[],
  timeout: number,
  options: WaitOptions,
): Promise<number> {
  if (Number.isNaN(timeout))
    throw new SocketError(EINVAL, 'poll', { detail: 'the timeout is a number of milliseconds' })
  const { signal } = options
  if (signal?.aborted) return Promise.reject(signal.reason)
  const now = pollNow(table, descriptors)
  if (now > 0 || timeout === 0) return Promise.resolve(now)
  return new Promise<number>((resolve, reject) => {
    const files = new Set<OpenFile>()
    for (const { fd } of descriptors) {
      const file = fd < 0 ? null : table.get(fd)
      if (file !== null) files.add(file)
    }
    const settle = (): void => {
      timer.cancel()
      signal?.removeEventListener('abort', abort)
      for (const file of files) file.stopObserving(observer)
    }
    const look = (): boolean => {
      const count = pollNow(table, descriptors)
      if (count === 0) return false
      settle()
      resolve(count)
      return true
    }
    const observer: FileObserver = { exclusive: false, fileReady: look, fileClosed: look }
    const abort = (): void => {
      settle()
      reject(signal?.reason)
    }
    const timer = host.clock.createTimer(() => {
      settle()
      resolve(pollNow(table, descriptors))
    })
    if (timeout > 0 && timeout !== Number.POSITIVE_INFINITY) timer.setAfter(timeout * 1000)
    signal?.addEventListener('abort', abort)
    for (const file of files) file.observe(observer)
  })
}

/** `select` as `poll` has it; each descriptor once for each set that it is in. */
export function selectDescriptors(sets: SelectSets): PollDescriptor[] {
  const descriptors: PollDescriptor[] = []
  for (const fd of sets.read ?? []) descriptors.push({ fd, events: POLLIN | POLLHUP | POLLERR, revents: 0 })
  for (const fd of sets.write ?? []) descriptors.push({ fd, events: POLLOUT | POLLERR, revents: 0 })
  for (const fd of sets.except ?? []) descriptors.push({ fd, events: POLLPRI, revents: 0 })
  return descriptors
}

/** The sets of the descriptors that are ready. */
export function selectAnswer(sets: SelectSets, descriptors: readonly PollDescriptor[]): Required<SelectSets> {
  const reads = sets.read?.length ?? 0
  const writes = sets.write?.length ?? 0
  const ready = (from: number, to: number, mask: number): number[] =>
    descriptors.slice(from, to).flatMap(({ fd, revents }) => ((revents & mask) !== 0 ? [fd] : []))
  return {
    read: ready(0, reads, POLLIN | POLLHUP | POLLERR),
    write: ready(reads, reads + writes, POLLOUT | POLLERR),
    except: ready(reads + writes, descriptors.length, POLLPRI),
  }
}
