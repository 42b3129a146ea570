import { bytesOf, interfaceRequest, requestName } from './interface-request.js'
import { type KernelCalls, O_CLOEXEC } from './kernel-calls.js'
import { TunError } from './tun-error.js'

// linux/if_tun.h
const TUNGETIFF = 0x800454d2
const TUNGETDEVNETNS = 0x54e3
// linux/sched.h
const CLONE_NEWNET = 0x40000000

/** The name that the device behind a descriptor has by now, wherever it is; null where it is gone. */
export function deviceName(calls: KernelCalls, fd: number): string | null {
  const request = interfaceRequest('')
  return calls.ioctl(fd, TUNGETIFF, bytesOf(request)) < 0 ? null : requestName(request)
}

/**
 * Visits the network namespace that the device behind a descriptor was moved to. Only the calling thread goes, and only for as
 * long as `visit` takes, which must be synchronous, and should leave no socket open: it would keep that namespace in being.
 * @returns what `visit` returns; null where the program may not go there (it needs CAP_SYS_ADMIN over both namespaces)
 * @throws TunError where the way back is barred, and what `visit` throws
 */
export function visitDevice<T>(calls: KernelCalls, fd: number, visit: () => T): T | null {
  const there = calls.ioctlNumber(fd, TUNGETDEVNETNS, 0)
  if (there < 0) return null
  const here = calls.open('/proc/thread-self/ns/net', O_CLOEXEC)
  try {
    if (here < 0 || calls.setns(there, CLONE_NEWNET) < 0) return null
    let seen: T
    try {
      seen = visit()
    } catch (error) {
      calls.setns(here, CLONE_NEWNET)
      throw error
    }
    if (calls.setns(here, CLONE_NEWNET) >= 0) return seen
    throw new TunError(calls.errno(), 'setns', { detail: 'the way back from the namespace of a device is barred' })
  } finally {
    if (here >= 0) calls.close(here)
    calls.close(there)
  }
}
