import { createSeededRandom, createVirtualClock } from '@jackfield/clock'
import { createCable } from '@jackfield/link'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  AF_INET,
  type ControlMessage,
  createHost,
  type Host,
  POLLIN,
  SOCK_DGRAM,
  SOL_UDP,
  UDP_GRO,
  UDP_SEGMENT,
} from './index.js'

interface Pair {
  sender: Host
  receiver: Host
  from: number
  to: number
  frames: () => number
}

/** Two hosts on a cable that cuts large packets itself, or does not. */
function pair(offload: boolean): Pair {
  const clock = createVirtualClock()
  const cable = createCable({ clock, medium: 'ip', offload })
  const host = (name: string, device: typeof cable.a, address: string): Host =>
    createHost({ name, clock, random: createSeededRandom(name), interfaces: [{ device, addresses: [address] }] })
  const sender = host('sender', cable.a, '10.0.0.1/24')
  const receiver = host('receiver', cable.b, '10.0.0.2/24')
  const from = sender.sockets.socket(AF_INET, SOCK_DGRAM)
  const to = receiver.sockets.socket(AF_INET, SOCK_DGRAM)
  receiver.sockets.bind(to, '10.0.0.2:5000')
  sender.sockets.connect(from, '10.0.0.2:5000')
  return { sender, receiver, from, to, frames: () => cable.a.statistics.txPackets }
}

/** All that waits at the receiver: lengths, the segment size told with each, and the bytes one after the other. */
function drain({ receiver, to }: Pair): { lengths: number[]; sizes: (number | null)[]; bytes: number[] } {
  const buffer = new Uint8Array(65_535)
  const lengths: number[] = []
  const sizes: (number | null)[] = []
  const bytes: number[] = []
  while (receiver.sockets.poll([{ fd: to, events: POLLIN, revents: 0 }]) > 0) {
    const control: ControlMessage[] = []
    const length = receiver.sockets.recvmsg(to, { iov: buffer, control })
    const size = control.find(({ level, type }) => level === SOL_UDP && type === UDP_GRO)
    lengths.push(length)
    sizes.push(size === undefined ? null : (size.data as number))
    for (const byte of buffer.subarray(0, length)) bytes.push(byte)
  }
  return { lengths, sizes, bytes }
}

async function closed({ sender, receiver }: Pair): Promise<void> {
  for (const host of [sender, receiver]) {
    await host.close()
    expect(host.stack.packets.outstanding).toBe(0)
  }
}

const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => (index * 7) & 0xff)

describe.each([
  ['cuts large packets itself', true],
  ['does not cut', false],
])('over a cable that %s', (_, offload) => {
  test('what is sent with UDP_SEGMENT arrives as datagrams of that size, whole and in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1400 }), fc.integer({ min: 1, max: 40 }), async (size, count) => {
        const all = pair(offload)
        const data = pattern(Math.min(size * count - Math.floor(size / 2), 60_000))
        all.sender.sockets.setsockopt(all.from, SOL_UDP, UDP_SEGMENT, size)
        all.sender.sockets.send(all.from, data)
        const { lengths, bytes } = drain(all)
        const whole = Math.floor(data.length / size)
        const rest = data.length % size
        expect(lengths).toEqual([...new Array<number>(whole).fill(size), ...(rest > 0 ? [rest] : [])])
        expect(bytes).toEqual([...data])
        expect(all.frames()).toBe(offload && lengths.length > 1 ? 1 : lengths.length)
        await closed(all)
      }),
      { numRuns: 30 },
    )
  })

  test('a receiver with UDP_GRO gets them merged, with their size', async () => {
    const all = pair(offload)
    all.receiver.sockets.setsockopt(all.to, SOL_UDP, UDP_GRO, 1)
    all.sender.sockets.setsockopt(all.from, SOL_UDP, UDP_SEGMENT, 1000)
    // The first burst tells the stack that merging is wanted.
    all.sender.sockets.send(all.from, pattern(10))
    drain(all)
    const data = pattern(9500)
    all.sender.sockets.send(all.from, data)
    const { lengths, sizes, bytes } = drain(all)
    expect(lengths).toEqual([9500])
    expect(sizes).toEqual([1000])
    expect(bytes).toEqual([...data])
    await closed(all)
  })
})

test('datagrams of several senders are merged each with its own, in order', async () => {
  const clock = createVirtualClock()
  const cable = createCable({ clock, medium: 'ip', aToB: { delay: 1000 } })
  const make = (name: string, device: typeof cable.a, address: string): Host =>
    createHost({ name, clock, random: createSeededRandom(name), interfaces: [{ device, addresses: [address] }] })
  const sender = make('sender', cable.a, '10.0.0.1/24')
  const receiver = make('receiver', cable.b, '10.0.0.2/24')
  const to = receiver.sockets.socket(AF_INET, SOCK_DGRAM)
  receiver.sockets.bind(to, '10.0.0.2:5000')
  receiver.sockets.setsockopt(to, SOL_UDP, UDP_GRO, 1)
  const senders = [1, 2, 3].map(() => {
    const fd = sender.sockets.socket(AF_INET, SOCK_DGRAM)
    sender.sockets.connect(fd, '10.0.0.2:5000')
    return fd
  })
  const send = (): void => {
    for (let round = 0; round < 5; round++) {
      senders.forEach((fd, index) => {
        sender.sockets.send(fd, Uint8Array.of(index, round, 0, 0))
      })
    }
    clock.advance(10_000)
  }
  send()
  drain({ sender, receiver, from: 0, to, frames: () => 0 })
  send()
  const { lengths, bytes } = drain({ sender, receiver, from: 0, to, frames: () => 0 })
  expect(lengths).toEqual([20, 20, 20])
  for (let index = 0; index < 3; index++) {
    const own = bytes.slice(index * 20, index * 20 + 20)
    expect(own).toEqual([0, 1, 2, 3, 4].flatMap((round) => [index, round, 0, 0]))
  }
  await closed({ sender, receiver, from: 0, to, frames: () => 0 })
})

test('a router cuts what a device merged where the next link does not take it whole', async () => {
  const clock = createVirtualClock()
  const wide = createCable({ clock, medium: 'ip', offload: true, names: ['wide0', 'wide1'] })
  const plain = createCable({ clock, medium: 'ip', names: ['plain0', 'plain1'] })
  const make = (name: string, interfaces: { device: typeof wide.a; addresses: string[]; gateway?: string }[]): Host =>
    createHost({ name, clock, random: createSeededRandom(name), interfaces, sysctl: { 'net.ipv4.ip_forward': 1 } })
  const sender = make('sender', [{ device: wide.a, addresses: ['10.0.1.1/24'], gateway: '10.0.1.254' }])
  const router = make('router', [
    { device: wide.b, addresses: ['10.0.1.254/24'] },
    { device: plain.a, addresses: ['10.0.2.254/24'] },
  ])
  const receiver = make('receiver', [{ device: plain.b, addresses: ['10.0.2.1/24'], gateway: '10.0.2.254' }])
  const to = receiver.sockets.socket(AF_INET, SOCK_DGRAM)
  receiver.sockets.bind(to, '10.0.2.1:5000')
  const from = sender.sockets.socket(AF_INET, SOCK_DGRAM)
  sender.sockets.connect(from, '10.0.2.1:5000')
  sender.sockets.setsockopt(from, SOL_UDP, UDP_SEGMENT, 1000)
  const data = pattern(4500)
  sender.sockets.send(from, data)
  const { lengths, bytes } = drain({ sender, receiver, from, to, frames: () => 0 })
  expect(lengths).toEqual([1000, 1000, 1000, 1000, 500])
  expect(bytes).toEqual([...data])
  for (const host of [sender, router, receiver]) {
    await host.close()
    expect(host.stack.packets.outstanding).toBe(0)
  }
})
