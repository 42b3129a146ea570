import { EINVAL } from '@jackfield/interfaces'
import { bytesOf, interfaceRequest, requestName } from './interface-request.js'
import { type KernelCalls, O_CLOEXEC, O_NONBLOCK, O_RDWR } from './kernel-calls.js'
import { attachError, openError, TUN_NODE, TunError } from './tun-error.js'
import { VNET_HEADER_LENGTH } from './wire/vnet-header.js'

// linux/if_tun.h
const TUNSETIFF = 0x400454ca
const TUNSETPERSIST = 0x400454cb
const TUNSETOFFLOAD = 0x400454d0
const TUNSETVNETHDRSZ = 0x400454d8
const TUNSETVNETLE = 0x400454dc

const IFF_TUN = 0x0001
const IFF_TAP = 0x0002
const IFF_MULTI_QUEUE = 0x0100
const IFF_NO_PI = 0x1000
const IFF_VNET_HDR = 0x4000

const TUN_F_CSUM = 0x01
const TUN_F_TSO4 = 0x02
const TUN_F_TSO6 = 0x04
const TUN_F_TSO_ECN = 0x08
const TUN_F_USO4 = 0x20
const TUN_F_USO6 = 0x40

const TCP_OFFLOADS = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN
const UDP_OFFLOADS = TUN_F_USO4 | TUN_F_USO6

/** A device that the kernel gave. */
export interface Attachment {
  /** The name that the kernel gave it. */
  readonly name: string
  /** One non-blocking descriptor for each queue. */
  readonly fds: number[]
  /** Whether large UDP packets are taken and given (Linux 6.2 and later). */
  readonly udpSegmentation: boolean
}

/** What to ask the kernel for. */
export interface AttachRequest {
  readonly name: string
  readonly mode: 'tun' | 'tap'
  readonly offload: boolean
  readonly queues: number
  readonly persist: boolean | undefined
}

/** Opens the device node, once for each queue, and attaches to the device. TunError; nothing stays open then. */
export function attach(calls: KernelCalls, wanted: AttachRequest): Attachment {
  const fds: number[] = []
  try {
    let name = wanted.name
    let udpSegmentation = false
    for (let i = 0; i < wanted.queues; i++) {
      const fd = calls.open(TUN_NODE, O_RDWR | O_NONBLOCK | O_CLOEXEC)
      if (fd < 0) throw openError(calls.errno())
      fds.push(fd)
      name = attachQueue(calls, fd, name, wanted)
      if (wanted.offload) udpSegmentation = setOffloads(calls, fd, name)
      // A persistent device may have them on from its last use, and would give large packets without saying so.
      else calls.ioctlNumber(fd, TUNSETOFFLOAD, 0)
    }
    const first = fds[0] as number
    if (wanted.persist !== undefined && calls.ioctlNumber(first, TUNSETPERSIST, wanted.persist ? 1 : 0) < 0) {
      throw new TunError(calls.errno(), 'TUNSETPERSIST', { address: name })
    }
    return { name, fds, udpSegmentation }
  } catch (error) {
    for (const fd of fds) calls.close(fd)
    throw error
  }
}

function attachQueue(calls: KernelCalls, fd: number, name: string, wanted: AttachRequest): string {
  const request = interfaceRequest(name)
  let flags = (wanted.mode === 'tun' ? IFF_TUN : IFF_TAP) | IFF_NO_PI
  if (wanted.offload) flags |= IFF_VNET_HDR
  if (wanted.queues > 1) flags |= IFF_MULTI_QUEUE
  request.setUint16(16, flags, true)
  if (calls.ioctl(fd, TUNSETIFF, bytesOf(request)) < 0) throw attachError(calls.errno(), name, wanted.mode)
  return requestName(request)
}

/** Agrees on the header and what it may say; true where large UDP packets are among it. */
function setOffloads(calls: KernelCalls, fd: number, name: string): boolean {
  // Set again although these are the defaults: a persistent device may have been left otherwise.
  setNumber(calls, fd, TUNSETVNETHDRSZ, 'TUNSETVNETHDRSZ', name, VNET_HEADER_LENGTH)
  setNumber(calls, fd, TUNSETVNETLE, 'TUNSETVNETLE', name, 1)
  if (calls.ioctlNumber(fd, TUNSETOFFLOAD, TCP_OFFLOADS | UDP_OFFLOADS) >= 0) return true
  // Before Linux 6.2: EINVAL for bits that it does not know.
  if (calls.errno() === EINVAL && calls.ioctlNumber(fd, TUNSETOFFLOAD, TCP_OFFLOADS) >= 0) return false
  throw new TunError(calls.errno(), 'TUNSETOFFLOAD', { address: name, detail: 'open the device with offload: false' })
}

function setNumber(calls: KernelCalls, fd: number, code: number, what: string, name: string, value: number): void {
  const argument = new DataView(new ArrayBuffer(4))
  argument.setInt32(0, value, true)
  if (calls.ioctl(fd, code, bytesOf(argument)) < 0) throw new TunError(calls.errno(), what, { address: name })
}
