import type { SubjectReadiness } from '@jackfield/packetdrill'
import type { ReadinessEvent } from '@jackfield/sockets'
import { checked } from './checked.js'
import { addressOf, systemCall } from './kernel-calls.js'
import type { WaitingCalls } from './waiting-calls.js'

const EPOLL_CTL_ADD = 1
const EPOLL_CTL_DEL = 2
const EPOLL_CTL_MOD = 3
/** `struct epoll_event` is packed on x86-64 only. */
const EVENT_BYTES = process.arch === 'x64' ? 12 : 16

/** An epoll descriptor of the kernel. */
export function kernelEpoll<T>(calls: WaitingCalls): SubjectReadiness<T> {
  const epfd = checked(systemCall('epoll_create1', 0), 'epoll_create')
  const data = new Map<number, T | undefined>()
  const control = (operation: number, fd: number, events: number): void => {
    const event = new DataView(new ArrayBuffer(EVENT_BYTES))
    event.setUint32(0, events, true)
    event.setInt32(EVENT_BYTES - 8, fd, true)
    checked(systemCall('epoll_ctl', epfd, operation, fd, addressOf(event)), 'epoll_ctl')
  }
  return {
    add: (fd, events, given) => {
      control(EPOLL_CTL_ADD, fd, events)
      data.set(fd, given)
    },
    modify: (fd, events, given) => {
      control(EPOLL_CTL_MOD, fd, events)
      data.set(fd, given)
    },
    delete: (fd) => control(EPOLL_CTL_DEL, fd, 0),
    wait: async ({ timeout = -1, max = 64 } = {}) => {
      const found = new DataView(new ArrayBuffer(EVENT_BYTES * max))
      const count = checked(await calls.call('epoll_wait', epfd, addressOf(found), max, timeout), 'epoll_wait')
      return Array.from({ length: count }, (_, index): ReadinessEvent<T> => {
        const at = index * EVENT_BYTES
        const fd = found.getInt32(at + EVENT_BYTES - 8, true)
        return { fd, events: found.getUint32(at, true), data: data.get(fd) }
      })
    },
    close: () => {
      systemCall('close', epfd)
    },
  }
}
