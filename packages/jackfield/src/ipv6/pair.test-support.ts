import { SocketAddress } from '@jackfield/addr'
import { createSeededRandom, createVirtualClock, type VirtualClock } from '@jackfield/clock'
import { createCable } from '@jackfield/link'
import { afterEach, beforeEach, expect } from 'vitest'
import { AF_INET6, type ControlMessage, createHost, type Host, SocketError } from '../index.js'

/** Two hosts on a cable, with global, link-local and IPv4 addresses, .1 and .2 of each. */
export interface Pair {
  clock: VirtualClock
  one: Host
  two: Host
}

/** A pair for each test of a file; each must give back all packets. */
export function eachPair(): Pair {
  const pair = {} as Pair
  beforeEach(() => {
    const clock = createVirtualClock()
    const cable = createCable({ clock, medium: 'ip', names: ['net0', 'net0'] })
    const host = (name: string, device: typeof cable.a, number: number): Host =>
      createHost({
        name,
        clock,
        random: createSeededRandom(name),
        interfaces: [{ device, addresses: [`2001:db8::${number}/64`, `fe80::${number}/64`, `10.0.0.${number}/24`] }],
      })
    Object.assign(pair, { clock, one: host('one', cable.a, 1), two: host('two', cable.b, 2) })
  })
  afterEach(async () => {
    await pair.one.close()
    await pair.two.close()
    expect([pair.one, pair.two].map((host) => host.stack.packets.outstanding)).toEqual([0, 0])
  })
  return pair
}

/** Index of the interface that leads to the other host. */
export function linkOf(host: Host): number {
  return host.stack.interfaceByName('net0')?.index ?? 0
}

/** What a message was and came with. */
export interface Received {
  bytes: number[]
  from: string
  control: ControlMessage[]
}

export function receive(host: Host, fd: number, flags = 0): Received {
  const name = new SocketAddress()
  name.family = AF_INET6
  const buffer = new Uint8Array(70_000)
  const control: ControlMessage[] = []
  const length = host.sockets.recvmsg(fd, { iov: buffer, name, control }, flags)
  const zone = (index: number): string => host.stack.interfaceByIndex(index)?.name ?? String(index)
  return { bytes: [...buffer.subarray(0, length)], from: name.toString(zone), control }
}

/** The error that a call fails with, as `'EINVAL'`; `'none'` where it does not. */
export function failure(call: () => unknown): string {
  try {
    call()
    return 'none'
  } catch (error) {
    if (error instanceof SocketError) return error.code
    throw error
  }
}
