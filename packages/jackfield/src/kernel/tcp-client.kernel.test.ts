import type { Socket } from 'node:net'
import { SOL_TCP, TCP_INFO } from '@jackfield/sockets'
import { describe, expect, test } from 'vitest'
import { noise, openStack, settled } from './in-process.test-support.js'
import { BOTH_VERSIONS, bracketed, run, until } from './kernel.test-support.js'
import { FarHost } from './router.test-support.js'
import { connectStack, drainStack, exchangeStack, listenStack } from './stack-stream.test-support.js'
import {
  broken,
  dial,
  drain,
  hundredMegabytes,
  ICMP_WORDS,
  listen,
  listenEcho,
  outcome,
  sha256,
} from './tcp.test-support.js'

describe.each([
  ['over TUN and IPv4, with offloads', 'tun', {}, 100],
  ['over TUN and IPv4, without offloads', 'tun', { offload: false }, 100],
  ['over TUN and IPv4, at MTU 1280', 'tun', { mtu: 1280 }, 20],
  ['over TUN and IPv4, at MTU 9000', 'tun', { mtu: 9000 }, 20],
  ['over TUN and IPv4, at MTU 65000', 'tun', { mtu: 65_000 }, 20],
  ['over TUN and IPv4, at MTU 1280 without offloads', 'tun', { mtu: 1280, offload: false }, 20],
  ['over TUN and IPv6, with offloads', 'tun', { version: 6 }, 100],
  ['over TUN and IPv6, without offloads', 'tun', { version: 6, offload: false }, 100],
  ['over TUN and IPv6, at MTU 1280 without offloads', 'tun', { version: 6, mtu: 1280, offload: false }, 20],
  ['over TUN and IPv6, at MTU 65000', 'tun', { version: 6, mtu: 65_000 }, 20],
  ['over TAP and IPv6, with offloads', 'tap', { version: 6 }, 20],
] as const)('the stack connects to the kernel, %s', (_title, kind, settings, megabytes) => {
  test.each([0, 1, 1448, 65_536, 1_000_000])('%i bytes come back after its FIN', async (size) => {
    const opened = openStack(kind, settings)
    const { kernel, sockets } = opened
    await settled(opened)
    const fd = await connectStack(sockets, await listenEcho(kernel), kernel)
    expect((await exchangeStack(sockets, fd, noise(size))).equals(noise(size))).toBe(true)
    sockets.close(fd)
  })

  test(`${megabytes} MB come back as they were sent`, async () => {
    const opened = openStack(kind, settings)
    const { kernel, sockets } = opened
    await settled(opened)
    const fd = await connectStack(sockets, await listenEcho(kernel), kernel)
    const sent = hundredMegabytes().subarray(0, megabytes * 1_000_000)
    const received = await exchangeStack(sockets, fd, sent)
    expect(received.length).toBe(sent.length)
    expect(sha256(received)).toBe(sha256(sent))
    sockets.close(fd)
  })
})

describe.each(BOTH_VERSIONS)('many connections from the stack to the kernel over IPv$version', ({ version }) => {
  test('300 at once', async () => {
    const { kernel, sockets } = openStack('tun', { version })
    const port = await listenEcho(kernel)
    const one = async (_: unknown, i: number): Promise<void> => {
      const fd = await connectStack(sockets, port, kernel)
      const sent = noise(1 + i * 37, i)
      expect((await exchangeStack(sockets, fd, sent)).equals(sent)).toBe(true)
      sockets.close(fd)
    }
    await Promise.all(Array.from({ length: 300 }, one))
  })

  test('1000 one after the other', async () => {
    const { kernel, sockets } = openStack('tun', { version })
    const port = await listenEcho(kernel)
    for (let i = 0; i < 1000; i++) {
      const fd = await connectStack(sockets, port, kernel)
      const sent = noise(1 + i, i)
      expect((await exchangeStack(sockets, fd, sent)).equals(sent)).toBe(true)
      sockets.close(fd)
    }
  })
})

describe.each(BOTH_VERSIONS)('half-close over IPv$version', ({ version }) => {
  test('by the kernel’s listener first: the stack may still send', async () => {
    const { kernel, sockets } = openStack('tun', { version })
    let received: Promise<Buffer> | undefined
    const port = await listen(kernel, (socket) => {
      socket.end('that was all')
      received = drain(socket)
    })
    const fd = await connectStack(sockets, port, kernel)
    expect((await drainStack(sockets, fd)).toString()).toBe('that was all')
    await sockets.promises.send(fd, noise(500_000))
    sockets.close(fd)
    expect((await received)?.equals(noise(500_000))).toBe(true)
  })
})

describe.each(BOTH_VERSIONS)('resets over IPv$version', ({ version }) => {
  test('a port of the kernel where nobody listens refuses the stack', async () => {
    const { kernel, sockets } = openStack('tun', { version })
    expect(await outcome(connectStack(sockets, 4321, kernel))).toBe('ECONNREFUSED')
  })

  test('a port of the stack where nobody listens refuses the kernel', async () => {
    const { stack, hosted } = openStack('tun', { version })
    expect(await outcome(dial(4321, stack))).toBe('ECONNREFUSED')
    expect(hosted.stack.counters()['TcpOutRsts']).toBe(1)
  })

  test('the stack closes with data that it did not read: the kernel’s end is reset', async () => {
    const opened = openStack('tun', { version })
    const { sockets, stack, hosted } = opened
    const listening = listenStack(opened, 80)
    const connection = await dial(80, stack)
    const fd = await sockets.promises.accept(listening)
    const over = broken(connection)
    connection.write('nobody reads this')
    connection.resume()
    await sockets.promises.poll([{ fd, events: 1, revents: 0 }])
    sockets.close(fd)
    expect(await over).toBe('ECONNRESET')
    expect(hosted.stack.counters()['TcpExtTCPAbortOnClose']).toBe(1)
  })

  test('the kernel closes with data that it did not read: the stack’s end is reset', async () => {
    const { kernel, stack, sockets } = openStack('tun', { version })
    const accepted: Socket[] = []
    const port = await listen(kernel, (socket) => accepted.push(socket))
    const fd = await connectStack(sockets, port, kernel)
    await sockets.promises.send(fd, noise(1000))
    const unread = async (): Promise<boolean> => {
      const queues = await run(
        'ss',
        `-${version}`,
        '-tnH',
        'state',
        'established',
        'dst',
        bracketed(stack),
        'sport',
        '=',
        `:${port}`,
      )
      return /^\s*1000\s/.test(queues)
    }
    await until(async () => accepted.length === 1 && (await unread()), 'data in the kernel’s queue')
    accepted[0]?.destroy()
    expect(await outcome(sockets.promises.recv(fd, new Uint8Array(10)))).toBe('ECONNRESET')
    // Once only; then it is a stream that ended.
    expect(await sockets.promises.recv(fd, new Uint8Array(10))).toBe(0)
    expect(await outcome(sockets.promises.send(fd, 'more'))).toBe('EPIPE')
  })

  test('the kernel resets a connection that the stack is sending on', async () => {
    const { kernel, sockets } = openStack('tun', { version })
    const accepted: Socket[] = []
    const port = await listen(kernel, (socket) => accepted.push(socket))
    const fd = await connectStack(sockets, port, kernel)
    const sending = outcome(sockets.promises.send(fd, noise(20_000_000)))
    await until(() => accepted.length === 1, 'the connection')
    accepted[0]?.resetAndDestroy()
    // A send that had taken a part is told how much; the next one is told why.
    expect([await sending, await outcome(sockets.promises.send(fd, 'more'))]).toContain('ECONNRESET')
  })
})

describe.each(BOTH_VERSIONS)('ICMP, IPv$version', ({ version }) => {
  const words = ICMP_WORDS[version]

  test.each(['unreachable', 'prohibit'] as const)(
    'a route of type %s behind the kernel ends the stack’s attempt',
    async (type) => {
      const { sockets } = openStack('tun', { version, gateway: true })
      await run('sysctl', '-q', '-w', `${words.forwarding}=1`)
      await run('ip', 'route', 'add', type, words.nowhere)
      try {
        expect(await outcome(connectStack(sockets, 80, words.nowhere))).toBe(words[type])
      } finally {
        await run('ip', 'route', 'delete', type, words.nowhere)
        await run('sysctl', '-q', '-w', `${words.forwarding}=0`)
      }
    },
  )

  test('a stack that forwards and has no route ends the kernel’s attempt', async () => {
    const { stack } = openStack('tun', { version, sysctl: { [words.forwarding]: 1 } })
    await run('ip', 'route', 'add', words.nowhere, 'via', stack)
    expect(await outcome(dial(80, words.nowhere))).toBe('ENETUNREACH')
  })

  test.each([true, false])('a smaller MTU behind the kernel is found, offload %s', async (offload) => {
    const { sockets, stack, hosted, host, length } = openStack('tun', { version, gateway: true, offload })
    const far = await FarHost.create()
    const subnet = host(0).split(version === 4 ? '.' : ':')[version === 4 ? 2 : 1] ?? ''
    const [near, beyond] = [words.beyond(subnet, 1), words.beyond(subnet, 2)]
    const cable = [`near${subnet}`, `far${subnet}`] as const
    await far.connect(cable[0], `${near}/${length}`, cable[1], `${beyond}/${length}`)
    // Both ends of the cable: one that is given a packet above its own MTU drops it without a word, unless it is a large one to
    // be cut. The far host must not tell of its MTU all the same, else there would be nothing to find.
    await run('ip', 'link', 'set', cable[0], 'mtu', '1280')
    await far.run('ip', 'link', 'set', cable[1], 'mtu', '1280')
    await far.run('ip', 'route', 'add', stack, 'via', near, 'advmss', String(1500 - words.headers))
    await far.startTcpEcho(beyond)
    await run('sysctl', '-q', '-w', `${words.forwarding}=1`)
    try {
      const fd = await connectStack(sockets, 7, beyond)
      expect((await exchangeStack(sockets, fd, noise(3_000_000))).equals(noise(3_000_000))).toBe(true)
      expect(sockets.getsockopt(fd, SOL_TCP, TCP_INFO)).toMatchObject({
        tcpi_pmtu: 1280,
        tcpi_snd_mss: 1280 - words.headers - 12,
      })
      expect(hosted.stack.counters()[words.tooBig]).toBeGreaterThan(0)
      sockets.close(fd)
    } finally {
      await run('sysctl', '-q', '-w', `${words.forwarding}=0`)
    }
  })
})
