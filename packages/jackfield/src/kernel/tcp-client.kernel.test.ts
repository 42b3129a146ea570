import type { Socket } from 'node:net'
import { SOL_TCP, TCP_INFO } from '@jackfield/sockets'
import { describe, expect, test } from 'vitest'
import { noise, openStack } from './in-process.test-support.js'
import { run, until } from './kernel.test-support.js'
import { FarHost } from './router.test-support.js'
import { connectStack, drainStack, exchangeStack, listenStack } from './stack-stream.test-support.js'
import { broken, dial, drain, hundredMegabytes, listen, listenEcho, outcome, sha256 } from './tcp.test-support.js'

describe.each([
  ['with offloads', {}],
  ['without offloads', { offload: false }],
  ['at MTU 1280', { mtu: 1280 }],
  ['at MTU 9000', { mtu: 9000 }],
  ['at MTU 65000', { mtu: 65_000 }],
  ['at MTU 1280 without offloads', { mtu: 1280, offload: false }],
])('the stack connects to the kernel, %s', (_title, settings) => {
  test.each([0, 1, 1448, 65_536, 1_000_000])('%i bytes come back after its FIN', async (size) => {
    const { kernel, sockets } = openStack('tun', settings)
    const fd = await connectStack(sockets, await listenEcho(kernel), kernel)
    expect((await exchangeStack(sockets, fd, noise(size))).equals(noise(size))).toBe(true)
    sockets.close(fd)
  })

  test('100 MB come back as they were sent', async () => {
    const { kernel, sockets } = openStack('tun', settings)
    const fd = await connectStack(sockets, await listenEcho(kernel), kernel)
    const sent = hundredMegabytes()
    const received = await exchangeStack(sockets, fd, sent)
    expect(received.length).toBe(sent.length)
    expect(sha256(received)).toBe(sha256(sent))
    sockets.close(fd)
  })
})

describe('many connections from the stack to the kernel', () => {
  test('300 at once', async () => {
    const { kernel, sockets } = openStack('tun')
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
    const { kernel, sockets } = openStack('tun')
    const port = await listenEcho(kernel)
    for (let i = 0; i < 1000; i++) {
      const fd = await connectStack(sockets, port, kernel)
      const sent = noise(1 + i, i)
      expect((await exchangeStack(sockets, fd, sent)).equals(sent)).toBe(true)
      sockets.close(fd)
    }
  })
})

describe('half-close', () => {
  test('by the kernel’s listener first: the stack may still send', async () => {
    const { kernel, sockets } = openStack('tun')
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

describe('resets', () => {
  test('a port of the kernel where nobody listens refuses the stack', async () => {
    const { kernel, sockets } = openStack('tun')
    expect(await outcome(connectStack(sockets, 4321, kernel))).toBe('ECONNREFUSED')
  })

  test('a port of the stack where nobody listens refuses the kernel', async () => {
    const { stack, hosted } = openStack('tun')
    expect(await outcome(dial(4321, stack))).toBe('ECONNREFUSED')
    expect(hosted.stack.counters()['TcpOutRsts']).toBe(1)
  })

  test('the stack closes with data that it did not read: the kernel’s end is reset', async () => {
    const opened = openStack('tun')
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
    const { kernel, stack, sockets } = openStack('tun')
    const accepted: Socket[] = []
    const port = await listen(kernel, (socket) => accepted.push(socket))
    const fd = await connectStack(sockets, port, kernel)
    await sockets.promises.send(fd, noise(1000))
    const unread = async (): Promise<boolean> => {
      const queues = await run('ss', '-tnH', 'state', 'established', 'dst', stack, 'sport', '=', `:${port}`)
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
    const { kernel, sockets } = openStack('tun')
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

describe('ICMP', () => {
  test.each(['unreachable', 'prohibit'])(
    'a route of type %s behind the kernel ends the stack’s attempt',
    async (type) => {
      const { sockets } = openStack('tun', { gateway: true })
      await run('sysctl', '-q', '-w', 'net.ipv4.ip_forward=1')
      await run('ip', 'route', 'add', type, '192.0.2.0/24')
      try {
        expect(await outcome(connectStack(sockets, 80, '192.0.2.1'))).toBe('EHOSTUNREACH')
      } finally {
        await run('ip', 'route', 'delete', type, '192.0.2.0/24')
        await run('sysctl', '-q', '-w', 'net.ipv4.ip_forward=0')
      }
    },
  )

  test('a stack that forwards and has no route ends the kernel’s attempt', async () => {
    const { stack } = openStack('tun', { sysctl: { 'net.ipv4.ip_forward': 1 } })
    await run('ip', 'route', 'add', '192.0.2.0/24', 'via', stack)
    expect(await outcome(dial(80, '192.0.2.1'))).toBe('ENETUNREACH')
  })

  test.each([true, false])('a smaller MTU behind the kernel is found, offload %s', async (offload) => {
    const { sockets, stack, hosted, host } = openStack('tun', { gateway: true, offload })
    const far = await FarHost.create()
    const subnet = host(0).split('.')[2]
    const [near, beyond] = [`10.78.${subnet}.1`, `10.78.${subnet}.2`]
    const cable = [`near${subnet}`, `far${subnet}`] as const
    await far.connect(cable[0], `${near}/24`, cable[1], `${beyond}/24`)
    // Both ends of the cable: one that is given a packet above its own MTU drops it without a word, unless it is a large one to
    // be cut. The far host must not tell of its MTU all the same, else there would be nothing to find.
    await run('ip', 'link', 'set', cable[0], 'mtu', '1280')
    await far.run('ip', 'link', 'set', cable[1], 'mtu', '1280')
    await far.run('ip', 'route', 'add', `${stack}/32`, 'via', near, 'advmss', '1460')
    await far.startTcpEcho(beyond)
    await run('sysctl', '-q', '-w', 'net.ipv4.ip_forward=1')
    try {
      const fd = await connectStack(sockets, 7, beyond)
      expect((await exchangeStack(sockets, fd, noise(3_000_000))).equals(noise(3_000_000))).toBe(true)
      expect(sockets.getsockopt(fd, SOL_TCP, TCP_INFO)).toMatchObject({ tcpi_pmtu: 1280, tcpi_snd_mss: 1228 })
      expect(hosted.stack.counters()['IcmpInDestUnreachs']).toBeGreaterThan(0)
      sockets.close(fd)
    } finally {
      await run('sysctl', '-q', '-w', 'net.ipv4.ip_forward=0')
    }
  })
})
