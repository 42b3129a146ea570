import { SocketAddress } from '@jackfield/addr'
import { createSeededRandom, createVirtualClock } from '@jackfield/clock'
import { createCable } from '@jackfield/link'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AF_INET6, createHost, type Host, SOCK_DGRAM, SOCK_STREAM } from './index.js'

let clock: ReturnType<typeof createVirtualClock>
let server: Host
let client: Host

beforeEach(() => {
  clock = createVirtualClock()
  const cable = createCable({ clock, medium: 'ip' })
  const host = (name: string, device: typeof cable.a, addresses: string[]): Host =>
    createHost({ name, clock, random: createSeededRandom(name), interfaces: [{ device, addresses }] })
  server = host('server', cable.a, ['2001:db8::1/64', 'fe80::1/64', '10.0.0.1/24'])
  client = host('client', cable.b, ['2001:db8::2/64', 'fe80::2/64', '10.0.0.2/24'])
})
afterEach(async () => {
  await client.close()
  await server.close()
  expect([server, client].map((host) => host.stack.packets.outstanding)).toEqual([0, 0])
})

/** Counts up, so that no two parts look alike. */
const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i % 251)

function receiveDatagram(host: Host, fd: number): { bytes: Uint8Array; from: SocketAddress } {
  const from = new SocketAddress()
  from.family = AF_INET6
  const buffer = new Uint8Array(70_000)
  const length = host.sockets.recvfrom(fd, buffer, 0, from)
  return { bytes: buffer.slice(0, length), from }
}

describe('UDP over IPv6', () => {
  test.each([0, 1, 1232, 1452, 1453, 20_000, 65_527])('carries %i bytes, in fragments where it must', (length) => {
    const [a, b] = [server.sockets.socket(AF_INET6, SOCK_DGRAM), client.sockets.socket(AF_INET6, SOCK_DGRAM)]
    server.sockets.bind(a, '[2001:db8::1]:7000')
    client.sockets.sendto(b, pattern(length), 0, '[2001:db8::1]:7000')
    clock.runUntilIdle()
    const { bytes, from } = receiveDatagram(server, a)
    expect(bytes).toEqual(pattern(length))
    expect(`${from.address}`).toBe('2001:db8::2')
  })

  test('goes between link-local addresses with their zones', () => {
    const [a, b] = [server.sockets.socket(AF_INET6, SOCK_DGRAM), client.sockets.socket(AF_INET6, SOCK_DGRAM)]
    server.sockets.bind(a, '[::]:7000')
    client.sockets.sendto(b, pattern(10), 0, '[fe80::1%cable1]:7000')
    clock.runUntilIdle()
    const { bytes, from } = receiveDatagram(server, a)
    expect(bytes).toHaveLength(10)
    const index = server.stack.interfaceByName('cable0')?.index
    expect([`${from.address}`, from.scopeId]).toEqual(['fe80::2', index])
    server.sockets.sendto(a, pattern(11), 0, from)
    clock.runUntilIdle()
    expect(receiveDatagram(client, b).bytes).toHaveLength(11)
  })

  test('reaches the own host, by ::1 and by its addresses', () => {
    const fd = server.sockets.socket(AF_INET6, SOCK_DGRAM)
    server.sockets.bind(fd, '[::]:7000')
    for (const to of ['[::1]:7000', '[2001:db8::1]:7000', '[fe80::1%cable0]:7000']) {
      server.sockets.sendto(fd, pattern(3), 0, to)
      clock.runUntilIdle()
      const { from } = receiveDatagram(server, fd)
      expect(to).toContain(`[${from.address}`)
    }
  })
})

describe('TCP over IPv6', () => {
  async function exchange(listenOn: string, connectTo: string, total: number): Promise<SocketAddress> {
    const listener = server.sockets.socket(AF_INET6, SOCK_STREAM)
    server.sockets.bind(listener, listenOn)
    server.sockets.listen(listener, 5)
    const fd = client.sockets.socket(AF_INET6, SOCK_STREAM)
    const connected = client.sockets.promises.connect(fd, connectTo)
    clock.runUntilIdle()
    await connected
    const peer = new SocketAddress()
    peer.family = AF_INET6
    const accepted = server.sockets.accept(listener, peer)
    const sent = pattern(total)
    const received = new Uint8Array(total)
    let count = 0
    let at = 0
    const buffer = new Uint8Array(65_536)
    for (let round = 0; count < total && round < 10_000; round++) {
      while (at < total) {
        try {
          at += client.sockets.send(fd, sent.subarray(at, at + 100_000))
        } catch {
          break
        }
      }
      clock.advance(1000)
      for (;;) {
        try {
          const length = server.sockets.recv(accepted, buffer)
          received.set(buffer.subarray(0, length), count)
          count += length
        } catch {
          break
        }
      }
    }
    expect(received).toEqual(sent)
    return peer
  }

  test('carries a stream between global addresses', async () => {
    expect(`${(await exchange('[::]:80', '[2001:db8::1]:80', 100_000)).address}`).toBe('2001:db8::2')
  })

  test('carries a stream between link-local addresses', async () => {
    const peer = await exchange('[::]:80', '[fe80::1%cable1]:80', 10_000)
    expect([`${peer.address}`, peer.scopeId]).toEqual(['fe80::2', server.stack.interfaceByName('cable0')?.index])
  })

  test('a socket of AF_INET6 takes IPv4 peers too', async () => {
    const peer = await exchange('[::]:80', '[::ffff:10.0.0.1]:80', 10_000)
    expect(peer.toString()).toContain('::ffff:10.0.0.2')
  })
})
