import { Prefix, SocketAddress } from '@jackfield/addr'
import { createSeededRandom, createVirtualClock, type VirtualClock } from '@jackfield/clock'
import { createCable } from '@jackfield/link'
import { afterEach, describe, expect, test } from 'vitest'
import {
  AF_INET,
  createHost,
  type DescriptorForwarder,
  type ForwardRequest,
  type Host,
  type HostOptions,
  IP_ORIGDSTADDR,
  IP_RECVORIGDSTADDR,
  IP_TRANSPARENT,
  POLLIN,
  SHUT_WR,
  SO_RCVBUF,
  SO_REUSEADDR,
  SOCK_DGRAM,
  SOCK_RAW,
  SOCK_STREAM,
  SOL_IP,
  SOL_SOCKET,
} from './index.js'

const FAR = '203.0.113.7'

let clock: VirtualClock
const open: Host[] = []

afterEach(async () => {
  for (const host of open) await host.close()
  expect(open.splice(0).map((host) => host.stack.packets.outstanding)).toEqual([0, 0])
})

/** A gateway, and a guest whose way to everywhere it is. */
function place(options: HostOptions = {}, acceptAnyDestination = true): { gateway: Host; guest: Host } {
  clock = createVirtualClock()
  const { a, b } = createCable({ clock, medium: 'ip', names: ['guests', 'eth0'] })
  const gateway = createHost({
    name: 'gateway',
    clock,
    random: createSeededRandom('gateway'),
    interfaces: [{ device: a, addresses: ['10.0.0.1/24'], acceptAnyDestination }],
    ...options,
  })
  const guest = createHost({
    name: 'guest',
    clock,
    random: createSeededRandom('guest'),
    interfaces: [{ device: b, addresses: ['10.0.0.2/24'], gateway: '10.0.0.1' }],
  })
  open.push(gateway, guest)
  return { gateway, guest }
}

/** Runs until the promise is settled. */
async function settled<T>(promise: Promise<T>): Promise<T> {
  let done = false
  const mark = (): void => {
    done = true
  }
  promise.then(mark, mark)
  for (let turn = 0; turn < 2000 && !done; turn++) {
    clock.advance(100_000)
    await Promise.resolve()
  }
  return promise
}

/** What a call fails with, as `ECONNREFUSED`. */
async function code(promise: Promise<unknown>): Promise<string> {
  try {
    await settled(promise)
    return ''
  } catch (error) {
    return (error as { code: string }).code
  }
}

function connecting(guest: Host, to: string): { fd: number; done: Promise<void> } {
  const fd = guest.sockets.socket(AF_INET, SOCK_STREAM)
  return { fd, done: guest.sockets.promises.connect(fd, to) }
}

async function text(host: Host, fd: number): Promise<string> {
  const buffer = new Uint8Array(2000)
  const length = await settled(host.sockets.promises.recv(fd, buffer))
  return String.fromCharCode(...buffer.subarray(0, length))
}

describe('a gateway', () => {
  test('accepts connections to any address as descriptors, with half-close both ways', async () => {
    const accepted: number[] = []
    const tcpForwarder: DescriptorForwarder = { handler: (request) => void accepted.push(request.accept()) }
    const { gateway, guest } = place({ tcpForwarder })
    const { fd, done } = connecting(guest, `${FAR}:443`)
    await settled(done)
    const [served] = accepted as [number]
    expect(`${gateway.sockets.getsockname(served)}`).toBe(`${FAR}:443`)
    expect(`${gateway.sockets.getpeername(served)}`).toMatch('10.0.0.2:')
    await settled(guest.sockets.promises.send(fd, 'question'))
    guest.sockets.shutdown(fd, SHUT_WR)
    expect(await text(gateway, served)).toBe('question')
    expect(await text(gateway, served)).toBe('')
    await settled(gateway.sockets.promises.send(served, 'answer'))
    gateway.sockets.close(served)
    expect(await text(guest, fd)).toBe('answer')
    expect(await text(guest, fd)).toBe('')
  })

  test('has addresses nobody serves refuse as its handler says', async () => {
    const handler = (request: ForwardRequest<number>): void => {
      const { port } = request.local
      request.reject(port === 1 ? 'reset' : port === 2 ? 'host-unreachable' : port === 3 ? 'net-unreachable' : 'drop')
    }
    const { guest } = place({ tcpForwarder: { handler } })
    const codes: string[] = []
    for (const port of [1, 2, 3, 4]) codes.push(await code(connecting(guest, `${FAR}:${port}`).done))
    expect(codes).toEqual(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'])
  })

  test('lets the guest wait until the handler, an async function, knows', async () => {
    let release = (): void => {}
    const until = new Promise<void>((resolve) => {
      release = resolve
    })
    const errors: unknown[] = []
    const { gateway, guest } = place({
      tcpForwarder: {
        handler: async (request) => {
          await until
          if (request.local.port === 80) request.accept()
          else throw new Error('no such port')
        },
        onError: (error) => errors.push(error),
      },
    })
    const good = connecting(guest, `${FAR}:80`)
    const bad = connecting(guest, `${FAR}:81`)
    clock.advance(3_500_000)
    expect(gateway.stack.counters()).toMatchObject({ TcpExtForwardRequests: 2, TcpExtForwardRetransmits: 6 })
    release()
    await settled(good.done)
    expect(await code(bad.done)).toBe('ECONNREFUSED')
    expect(errors).toEqual([new Error('no such port')])
    expect(gateway.sockets.size).toBe(1)
  })

  test('stays up in a flood of SYNs, and forgets them in time', async () => {
    let asked = 0
    const { gateway, guest } = place({
      tcpForwarder: {
        maxInFlight: 100,
        timeout: 10_000,
        handler: (request) => {
          asked++
          if (request.local.port === 80) request.accept()
          else request.defer()
        },
      },
    })
    const raw = guest.sockets.socket(AF_INET, SOCK_RAW, 6)
    const syn = new Uint8Array(20)
    const view = new DataView(syn.buffer)
    view.setUint16(2, 81)
    view.setUint16(12, 0x5002)
    view.setUint16(14, 1000)
    for (let port = 1; port <= 1000; port++) {
      view.setUint16(0, port)
      view.setUint16(16, 0)
      view.setUint16(16, sumOf(syn))
      guest.sockets.sendto(raw, syn, 0, `${FAR}:0`)
    }
    expect(asked).toBe(100)
    expect(gateway.stack.counters()).toMatchObject({ TcpExtForwardOverflows: 900, TcpExtListenDrops: 900 })
    clock.advance(10_100_000)
    expect(gateway.stack.counters()).toMatchObject({ TcpExtForwardExpired: 100 })
    await settled(connecting(guest, `${FAR}:80`).done)
  })

  test('gives flows of datagrams as connected sockets, and answers as whoever was asked', async () => {
    const { gateway, guest } = place({
      udpForwarder: {
        handler: (request) => {
          if (request.local.port !== 53) return request.reject()
          const fd = request.accept({ socketOptions: [[SOL_SOCKET, SO_RCVBUF, 20_000]] })
          const buffer = new Uint8Array(100)
          const length = gateway.sockets.recv(fd, buffer)
          gateway.sockets.send(fd, buffer.subarray(0, length))
          gateway.sockets.close(fd)
        },
      },
    })
    const fd = guest.sockets.socket(AF_INET, SOCK_DGRAM)
    guest.sockets.sendto(fd, 'query', 0, `${FAR}:53`)
    const from = new SocketAddress()
    expect(await settled(guest.sockets.promises.recvfrom(fd, new Uint8Array(100), 0, from))).toBe(5)
    expect(`${from}`).toBe(`${FAR}:53`)
    guest.sockets.connect(fd, `${FAR}:54`)
    guest.sockets.send(fd, 'nobody')
    expect(await code(guest.sockets.promises.recv(fd, new Uint8Array(1)))).toBe('ECONNREFUSED')
    expect(gateway.sockets.size).toBe(0)
  })

  test('takes forwarders away again, and says which sockets have none', async () => {
    const { gateway, guest } = place({ tcpForwarder: { handler: (request) => void request.accept() } })
    gateway.sockets.setForwarder(SOCK_STREAM, null)
    expect(await code(connecting(guest, `${FAR}:80`).done)).toBe('ECONNREFUSED')
    expect(() => gateway.sockets.setForwarder(SOCK_RAW, { handler: () => {} }, 6)).toThrow('SOCK_STREAM, SOCK_DGRAM')
    expect(() => gateway.sockets.setForwarder(SOCK_STREAM, {} as DescriptorForwarder)).toThrow('a function handler')
  })

  test('has a listener take what is for anybody, and its own ports first', async () => {
    let asked = 0
    const { gateway, guest } = place({
      tcpForwarder: {
        handler: (request) => {
          asked++
          request.reject()
        },
      },
    })
    const { sockets } = gateway
    const listening = sockets.socket(AF_INET, SOCK_STREAM)
    sockets.bind(listening, '0.0.0.0:80')
    sockets.listen(listening)
    await settled(connecting(guest, `${FAR}:80`).done)
    expect(`${sockets.getsockname(sockets.accept(listening))}`).toBe(`${FAR}:80`)
    expect(asked).toBe(0)
    await settled(connecting(guest, '10.0.0.1:80').done)
    expect(`${sockets.getsockname(sockets.accept(listening))}`).toBe('10.0.0.1:80')
  })

  test('answers pings to any address', async () => {
    const { guest } = place()
    const ping = guest.sockets.socket(AF_INET, SOCK_DGRAM, 1)
    guest.sockets.sendto(ping, Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 1, 2, 3), 0, `${FAR}:0`)
    const from = new SocketAddress()
    expect(await settled(guest.sockets.promises.recvfrom(ping, new Uint8Array(100), 0, from))).toBe(10)
    expect(`${from.address}`).toBe(FAR)
  })
})

describe('IP_TRANSPARENT', () => {
  test('binds and connects from an address that is not the host, and hears the answers by a route of type local', async () => {
    const { gateway, guest } = place({}, false)
    const { sockets } = guest
    const listening = gateway.sockets.socket(AF_INET, SOCK_STREAM)
    gateway.sockets.bind(listening, '10.0.0.1:80')
    gateway.sockets.listen(listening)
    const { index } = gateway.stack.interfaceByName('guests') as { index: number }
    const via = SocketAddress.parse('10.0.0.2:0').address
    gateway.stack.addRoute({
      destination: Prefix.parse('198.51.100.0/24'),
      type: 'unicast',
      gateway: via,
      interface: index,
    })
    guest.stack.addRoute({ destination: Prefix.parse('198.51.100.0/24'), type: 'local' })
    const fd = sockets.socket(AF_INET, SOCK_STREAM)
    sockets.setsockopt(fd, SOL_IP, IP_TRANSPARENT, 1)
    sockets.bind(fd, '198.51.100.9:5555')
    await settled(sockets.promises.connect(fd, '10.0.0.1:80'))
    const peer = new SocketAddress()
    gateway.sockets.accept(listening, peer)
    expect(`${peer}`).toBe('198.51.100.9:5555')
  })

  test('is refused to sockets that did not ask for it', () => {
    const { guest } = place()
    const fd = guest.sockets.socket(AF_INET, SOCK_STREAM)
    expect(() => guest.sockets.bind(fd, '198.51.100.9:5555')).toThrow('EADDRNOTAVAIL')
    guest.stack.sysctl.set('net.ipv4.ip_nonlocal_bind', 1)
    guest.sockets.bind(fd, '198.51.100.9:5555')
    expect(guest.sockets.getsockopt(fd, SOL_IP, IP_TRANSPARENT)).toBe(0)
  })

  test('lets datagrams be answered as whoever they were for', async () => {
    const { gateway, guest } = place({}, true)
    const { sockets } = gateway
    const service = sockets.socket(AF_INET, SOCK_DGRAM)
    sockets.setsockopt(service, SOL_IP, IP_TRANSPARENT, 1)
    sockets.setsockopt(service, SOL_IP, IP_RECVORIGDSTADDR, 1)
    sockets.bind(service, '0.0.0.0:53')
    const asking = guest.sockets.socket(AF_INET, SOCK_DGRAM)
    guest.sockets.sendto(asking, 'query', 0, `${FAR}:53`)
    clock.advance(1000)
    const message = { iov: new Uint8Array(100), name: new SocketAddress(), control: [] }
    expect(sockets.recvmsg(service, message)).toBe(5)
    const [original] = message.control as { type: number; data: SocketAddress }[]
    expect([original?.type, `${original?.data}`]).toEqual([IP_ORIGDSTADDR, `${FAR}:53`])
    const answering = sockets.socket(AF_INET, SOCK_DGRAM)
    sockets.setsockopt(answering, SOL_IP, IP_TRANSPARENT, 1)
    sockets.setsockopt(answering, SOL_SOCKET, SO_REUSEADDR, 1)
    sockets.setsockopt(service, SOL_SOCKET, SO_REUSEADDR, 1)
    sockets.bind(answering, original?.data)
    sockets.sendto(answering, 'answer', 0, message.name)
    clock.advance(1000)
    const from = new SocketAddress()
    expect(guest.sockets.poll([{ fd: asking, events: POLLIN, revents: 0 }])).toBe(1)
    guest.sockets.recvfrom(asking, new Uint8Array(10), 0, from)
    expect(`${from}`).toBe(`${FAR}:53`)
  })
})

/** The TCP checksum of a SYN from 10.0.0.2 to `FAR`, with a zero in its place. */
function sumOf(segment: Uint8Array): number {
  let sum = 0x0a00 + 0x0002 + 0xcb00 + 0x7107 + 6 + segment.length
  for (let i = 0; i < segment.length; i += 2) sum += ((segment[i] as number) << 8) | (segment[i + 1] as number)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
