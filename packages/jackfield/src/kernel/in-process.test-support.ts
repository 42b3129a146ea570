/** A stack in the test's own process, on a device of the kernel, and the kernel's sockets beside it. */
import { createSocket, type RemoteInfo, type Socket, type SocketOptions } from 'node:dgram'
import { SocketAddress } from '@jackfield/addr'
import type { ControlMessage, InterfaceAddress, NetworkInterface } from '@jackfield/interfaces'
import { setPacketChecks } from '@jackfield/packet'
import { AF_INET, AF_INET6, SOCK_DGRAM, type Sockets } from '@jackfield/sockets'
import { openTap, openTun, type TunDevice, type TunOptions } from '@jackfield/tun-driver'
import { afterEach, expect } from 'vitest'
import { createHost, type Host } from '../create-host.js'
import {
  kernelSettled,
  kernelUses,
  type Place,
  place,
  until,
  WITHOUT_PROBES,
  withoutKernelProbes,
} from './kernel.test-support.js'

setPacketChecks(true)

/** What a test has in its hands. */
export interface OpenStack extends Place {
  readonly hosted: Host
  readonly sockets: Sockets
  readonly device: TunDevice
  readonly networkInterface: NetworkInterface
}

/** How such a stack is set up; the rest goes to the device. */
export interface StackSettings extends TunOptions {
  /** More addresses of the stack, besides that of the place. */
  readonly addresses?: readonly string[]
  /** Which IP version the place's addresses are of. Default 4. */
  readonly version?: 4 | 6
  /** Whether the kernel is its router. */
  readonly gateway?: boolean
  readonly sysctl?: Readonly<Record<string, number | string>>
}

const open: Host[] = []
const kernelSockets: Socket[] = []

/**
 * A stack at a place of its own, closed after the test; by then it must have released every packet. Neither end probes its
 * IPv6 addresses.
 */
export function openStack(kind: 'tun' | 'tap', settings: StackSettings = {}): OpenStack {
  const { addresses = [], version = 4, gateway = false, sysctl = {}, ...options } = settings
  const at = place(kind, version)
  const address = `${at.kernel}/${at.length}`
  const openDevice = kind === 'tun' ? openTun : openTap
  const device = withoutKernelProbes(() => openDevice({ name: at.name, address, ...options }))
  const own = [`${at.stack}/${at.length}`, ...addresses]
  return openedAt(at, device, own, { ...WITHOUT_PROBES, ...sysctl }, gateway ? at.kernel : undefined)
}

/** A stack on a device that is open, closed after the test. */
export function openedAt(
  at: Place,
  device: TunDevice,
  addresses: readonly string[],
  sysctl: Readonly<Record<string, number | string>>,
  gateway?: string,
): OpenStack {
  const hosted = createHost({ sysctl })
  const networkInterface = hosted.addInterface(device, gateway === undefined ? { addresses } : { addresses, gateway })
  open.push(hosted)
  return { ...at, hosted, sockets: hosted.sockets, device, networkInterface }
}

afterEach(async () => {
  for (const socket of kernelSockets.splice(0)) socket.close()
  for (const hosted of open.splice(0)) {
    await hosted.close()
    expect(hosted.stack.packets.outstanding).toBe(0)
  }
})

/** Waits until a stack and its kernel use their IPv6 addresses. */
export async function settled({ name, hosted }: OpenStack): Promise<void> {
  const own = (): readonly InterfaceAddress[] => hosted.stack.network(6)?.addresses() ?? []
  await until(() => own().every(({ state }) => state !== 'tentative'), "the stack's addresses")
  await kernelSettled(name)
}

/** The family of an address as people write it. */
export function familyOf(address: string): number {
  return (address.match(/:/g)?.length ?? 0) > 1 ? AF_INET6 : AF_INET
}

/** A UDP socket of the stack, bound. */
export function stackSocket(sockets: Sockets, address: string): number {
  const fd = sockets.socket(familyOf(address), SOCK_DGRAM)
  sockets.bind(fd, address)
  return fd
}

/** A datagram and all that came with it. */
export interface Received {
  readonly data: Uint8Array
  readonly from: string
  readonly control: readonly ControlMessage[]
  readonly flags: number
}

/** The next datagram at a socket of the stack; rejects after 20 s. */
export async function receive(sockets: Sockets, fd: number, flags = 0): Promise<Received> {
  const name = new SocketAddress()
  const control: ControlMessage[] = []
  const message = { iov: new Uint8Array(65_536), name, control, flags: 0 }
  const length = await sockets.promises.recvmsg(fd, message, flags, { signal: AbortSignal.timeout(20_000) })
  return { data: message.iov.slice(0, length), from: `${name}`, control, flags: message.flags }
}

/** A UDP socket of the kernel that keeps what it receives. */
export interface KernelSocket {
  readonly socket: Socket
  readonly port: number
  readonly received: { readonly data: Buffer; readonly from: RemoteInfo }[]
  /** Codes of errors that it was told of. */
  readonly errors: string[]
  /** Waits for that many datagrams. */
  count(expected: number): Promise<void>
  send(data: Uint8Array | string, port: number, address: string): Promise<void>
}

export async function kernelSocket(address: string, options: Partial<SocketOptions> = {}): Promise<KernelSocket> {
  const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 4_000_000, ...options })
  kernelSockets.push(socket)
  const received: KernelSocket['received'] = []
  const errors: string[] = []
  socket.on('message', (data, from) => received.push({ data, from }))
  socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? error.message))
  await kernelUses(address)
  await new Promise<void>((resolve) => socket.bind(0, address, resolve))
  return {
    socket,
    port: socket.address().port,
    received,
    errors,
    count: (expected) => gathered(socket, received, expected),
    send: (data, port, to) =>
      new Promise((resolve, reject) => {
        socket.send(data, port, to, (error) => (error === null ? resolve() : reject(error)))
      }),
  }
}

/** Waits until a socket has received that many datagrams; rejects after 20 s. */
function gathered(socket: Socket, received: readonly unknown[], expected: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      socket.off('message', look)
      reject(new Error(`waited in vain for ${expected} datagrams, of which ${received.length} came`))
    }, 20_000)
    const look = (): void => {
      if (received.length < expected) return
      clearTimeout(late)
      socket.off('message', look)
      resolve()
    }
    socket.on('message', look)
    look()
  })
}

/** Bytes without a pattern that a mistake could keep, the same each time. */
export function noise(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length)
  let state = seed
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    bytes[i] = state >>> 24
  }
  return bytes
}
