import { SocketAddress } from '@jackfield/addr'
import { createSeededRandom, createVirtualClock } from '@jackfield/clock'
import { createCable } from '@jackfield/link'
import { describe, expect, test } from 'vitest'
import { AF_INET, createHost, type Host, POLLIN, type ServiceName, SOCK_DGRAM, serve } from './index.js'

interface Pair {
  clock: ReturnType<typeof createVirtualClock>
  server: Host
  client: Host
}

function pair(): Pair {
  const clock = createVirtualClock()
  const cable = createCable({ clock, medium: 'ip' })
  const host = (name: string, device: typeof cable.a, addresses: string[]): Host =>
    createHost({ name, clock, random: createSeededRandom(name), interfaces: [{ device, addresses }] })
  return {
    clock,
    server: host('server', cable.a, ['10.0.0.1/24', '10.0.0.9/24']),
    client: host('client', cable.b, ['10.0.0.2/24']),
  }
}

async function closed(...hosts: Host[]): Promise<void> {
  for (const host of hosts) await host.close()
  expect(hosts.map((host) => host.stack.packets.outstanding)).toEqual(hosts.map(() => 0))
}

describe('a host', () => {
  test('has a loopback interface and every kind of socket', async () => {
    const host = createHost({ clock: createVirtualClock() })
    const fd = host.sockets.socket(AF_INET, SOCK_DGRAM)
    host.sockets.bind(fd, '127.0.0.1:7000')
    host.sockets.sendto(fd, 'to myself', 0, '127.0.0.1:7000')
    expect(host.sockets.recv(fd, new Uint8Array(100))).toBe(9)
    await closed(host)
  })

  test('takes settings by sysctl name, those of an interface when it is there', async () => {
    const clock = createVirtualClock()
    const cable = createCable({ clock, medium: 'ip', names: ['wan0', 'far0'] })
    const host = createHost({
      clock,
      interfaces: [{ device: cable.a }],
      sysctl: { 'net.ipv4.ip_default_ttl': 40, 'net.ipv4.conf.wan0.forwarding': 1 },
    })
    expect(host.stack.sysctl.get('net.ipv4.ip_default_ttl')).toBe(40)
    expect(host.stack.sysctl.get('net.ipv4.conf.wan0.forwarding')).toBe(1)
    expect(() => createHost({ clock, sysctl: { 'net.ipv4.ip_default_ttl': 0 } })).toThrow('takes an integer from 1')
    await closed(host)
  })

  test('says which interfaces it has when asked for another', async () => {
    const { server, client } = pair()
    expect(() => server.addAddress('eth9', '10.1.0.1/24')).toThrow('no interface named eth9: it has lo, cable0')
    server.addAddress('cable0', '10.1.0.1/24')
    await closed(server, client)
  })
})

describe('the services', () => {
  /** Sends a datagram and gives what comes back, with where it came from; null for nothing. */
  async function ask(
    name: ServiceName,
    target: string,
    request: string,
  ): Promise<{ text: string; from: string } | null> {
    const { server, client, clock } = pair()
    const service = serve(server, name)
    const fd = client.sockets.socket(AF_INET, SOCK_DGRAM)
    client.sockets.sendto(fd, request, 0, target)
    // The service answers from code that awaits: it gets its turn.
    for (let turn = 0; turn < 20; turn++) await null
    clock.runUntilIdle()
    const buffer = new Uint8Array(2000)
    const from = new SocketAddress()
    let answer: { text: string; from: string } | null = null
    if (client.sockets.poll([{ fd, events: POLLIN, revents: 0 }]) > 0) {
      const length = client.sockets.recvfrom(fd, buffer, 0, from)
      answer = { text: String.fromCharCode(...buffer.subarray(0, length)), from: String(from) }
    }
    service.close()
    await closed(client, server)
    return answer
  }

  test('echo answers with the same, from the address that was asked', async () => {
    expect(await ask('echo', '10.0.0.1:7', 'to one')).toEqual({ text: 'to one', from: '10.0.0.1:7' })
    expect(await ask('echo', '10.0.0.9:7', 'to the other')).toEqual({ text: 'to the other', from: '10.0.0.9:7' })
  })

  test('discard does not answer', async () => {
    expect(await ask('discard', '10.0.0.1:9', 'anything')).toBeNull()
  })

  test('daytime tells the time of the clock', async () => {
    expect(await ask('daytime', '10.0.0.1:13', '')).toMatchObject({ text: 'Monday, January 1, 2024 00:00:00-UTC\r\n' })
  })

  test('chargen gives lines of 72 characters, each a character further on', async () => {
    const { text } = (await ask('chargen', '10.0.0.1:19', '')) ?? { text: '' }
    const lines = text.split('\r\n')
    expect(text).toHaveLength(512)
    expect(lines[0]).toMatch(/^ !"#.*fg$/)
    expect(lines[1]).toMatch(/^!"#\$.*gh$/)
    expect(lines[0]).toHaveLength(72)
  })

  test('a port that is taken is EADDRINUSE, and leaves nothing open', async () => {
    const { server, client } = pair()
    serve(server, 'echo')
    expect(() => serve(server, 'echo')).toThrow('EADDRINUSE')
    // The datagram socket and the listening one of the first.
    expect(server.sockets.size).toBe(2)
    await closed(client, server)
  })
})
