import { EACCES, EBUSY, EINVAL, ENODEV, ENOENT, EPERM } from '@jackfield/interfaces'
import { beforeEach, expect, test } from 'vitest'
import { type AttachRequest, attach } from './attach.js'
import { load } from './kernel-calls.js'
import { MemoryCalls } from './memory.test-calls.js'
import { TunError } from './tun-error.js'

const TUNSETIFF = '400454ca'
const TUNSETOFFLOAD = '400454d0'
const ALL_OFFLOADS = 0x6f
const wanted: AttachRequest = { name: 'tun7', mode: 'tun', offload: true, queues: 1, persist: undefined }
let calls: MemoryCalls

beforeEach(() => {
  calls = new MemoryCalls()
})

function failure(act: () => unknown): TunError {
  try {
    act()
  } catch (error) {
    if (error instanceof TunError) return error
    throw error
  }
  throw new Error('it did not fail')
}

test.each([
  [EACCES, 'EACCES', /run as root, give this user access .*chmod 666 \/dev\/net\/tun.*--rootless/],
  [EPERM, 'EPERM', /run as root/],
  [ENOENT, 'ENOENT', /modprobe tun.*--device \/dev\/net\/tun/],
  [ENODEV, 'ENODEV', /modprobe tun/],
  [6, 'ENXIO', /modprobe tun/],
  [24, 'EMFILE', /too many open files/],
])('the device node cannot be opened: error %i', (errno, code, message) => {
  calls.failures.set('open', errno)
  const error = failure(() => attach(calls, wanted))
  expect(error).toMatchObject({ name: 'TunError', code, errno, syscall: 'open', address: '/dev/net/tun' })
  expect(error.message).toMatch(message)
})

test.each([
  [EPERM, /CAP_NET_ADMIN.*ip tuntap add dev tun7 mode tun/],
  [EBUSY, /another program has tun7 open/],
  [EINVAL, /tun7 exists and is no TUN device/],
  [12, /made no TUN device/],
])('the kernel refuses the device: error %i', (errno, message) => {
  calls.failures.set(TUNSETIFF, errno)
  const error = failure(() => attach(calls, wanted))
  expect(error).toMatchObject({ errno, syscall: 'TUNSETIFF', address: 'tun7' })
  expect(error.message).toMatch(message)
  expect(calls.closed).toEqual([10])
})

test('where a later queue fails, the first are closed again', () => {
  let count = 0
  const open = calls.open.bind(calls)
  calls.open = () => (++count === 3 ? -1 : open())
  failure(() => attach(calls, { ...wanted, queues: 4 }))
  expect(calls.closed).toEqual([10, 11])
})

test('a kernel before 6.2 knows no UDP segmentation; the others are kept', () => {
  expect(attach(calls, wanted).udpSegmentation).toBe(true)
  calls.failures.set(`${TUNSETOFFLOAD} ${ALL_OFFLOADS}`, EINVAL)
  expect(attach(calls, wanted).udpSegmentation).toBe(false)
  calls.failures.set(TUNSETOFFLOAD, EINVAL)
  expect(failure(() => attach(calls, wanted)).message).toMatch(/offload: false/)
})

test.each([
  ['darwin', 'arm64', 'darwin'],
  ['win32', 'x64', 'win32'],
  ['linux', 's390x', 'linux on s390x'],
])('%s on %s is not supported yet, and says so', (platform, architecture, named) => {
  const error = failure(() => load(platform, architecture))
  expect(error).toMatchObject({ code: 'EOPNOTSUPP', syscall: 'openTun' })
  expect(error.message).toContain(`not supported yet on ${named}: TUN and TAP devices need Linux`)
})

test('without koffi the error says what to install', () => {
  const error = failure(() =>
    load('linux', 'x64', () => {
      throw new Error("Cannot find module 'koffi'")
    }),
  )
  expect(error.message).toMatch(/npm install koffi/)
})
