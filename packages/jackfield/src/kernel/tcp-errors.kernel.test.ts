import type { Socket } from 'node:net'
import { Prefix } from '@jackfield/addr'
import type { RouteEntry } from '@jackfield/interfaces'
import { createCable } from '@jackfield/link'
import { SHUT_WR, SO_LINGER, SOL_SOCKET } from '@jackfield/sockets'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHost } from '../create-host.js'
import { serve } from '../services/services.js'
import { noise, openStack } from './in-process.test-support.js'
import { BOTH_VERSIONS, run, until } from './kernel.test-support.js'
import { connectStack, drainStack, listenStack } from './stack-stream.test-support.js'
import { broken, dial, drain, hundredMegabytes, ICMP_WORDS, listen, listenEcho, outcome } from './tcp.test-support.js'

const RESET_ON_CLOSE = { onoff: true, linger: 0 }

describe.each(BOTH_VERSIONS)('resets in the middle, IPv$version', ({ version }) => {
  test('by the stack, of a connection that the kernel made and sends on', async () => {
    const opened = openStack('tun', { version })
    const { sockets, stack } = opened
    const listening = listenStack(opened, 80)
    const connection = await dial(80, stack)
    const fd = await sockets.promises.accept(listening)
    const over = broken(connection)
    connection.write(noise(20_000_000))
    await sockets.promises.recv(fd, new Uint8Array(1000))
    sockets.setsockopt(fd, SOL_SOCKET, SO_LINGER, RESET_ON_CLOSE)
    sockets.close(fd)
    expect(await over).toBe('ECONNRESET')
  })

  test('by the stack, of a connection that it made itself: the kernel’s listener has its end reset', async () => {
    const { kernel, sockets } = openStack('tun', { version })
    const accepted: Socket[] = []
    const fd = await connectStack(sockets, await listen(kernel, (socket) => accepted.push(socket)), kernel)
    await until(() => accepted.length === 1, 'the connection')
    const socket = accepted[0] as Socket
    const over = broken(socket)
    // Node tells of a reset only where it has something to write.
    socket.write(noise(20_000_000))
    await sockets.promises.recv(fd, new Uint8Array(1000))
    sockets.setsockopt(fd, SOL_SOCKET, SO_LINGER, RESET_ON_CLOSE)
    sockets.close(fd)
    expect(await over).toBe('ECONNRESET')
  })

  test('by the kernel, of a connection that it made and that the stack sends on', async () => {
    const opened = openStack('tun', { version })
    const { sockets, stack } = opened
    const listening = listenStack(opened, 80)
    const connection = await dial(80, stack)
    const fd = await sockets.promises.accept(listening)
    // More than both ends' buffers may grow to.
    const sending = outcome(sockets.promises.send(fd, hundredMegabytes()))
    await new Promise((resolve) => connection.once('data', resolve))
    connection.resetAndDestroy()
    // A send that had taken a part is told how much; the next one is told why.
    expect([await sending, await outcome(sockets.promises.send(fd, 'more'))]).toContain('ECONNRESET')
    // The listener goes on.
    const other = await dial(80, stack)
    const next = await sockets.promises.accept(listening)
    other.end('still there')
    expect((await drainStack(sockets, next)).toString()).toBe('still there')
  })
})

/** This kernel -- TUN -- a stack that forwards -- a cable -- another stack; and routes that refuse the way to it. */
async function beyondStack(version: 4 | 6) {
  const { forwarding, rateLimit } = ICMP_WORDS[version]
  const opened = openStack('tun', { version, sysctl: { [forwarding]: 1, [rateLimit]: 0 } })
  const { length } = opened
  const beyond = (host: number): string => (version === 4 ? `198.18.0.${host}` : `fd98::${host}`)
  const { clock } = opened.hosted.stack
  const cable = createCable({ clock, medium: 'ip' })
  opened.hosted.addInterface(cable.a, { addresses: [`${beyond(1)}/${length}`] })
  const address = beyond(2)
  const far = createHost({
    clock,
    interfaces: [{ device: cable.b, addresses: [`${address}/${length}`], gateway: beyond(1) }],
  })
  await run('ip', 'route', 'replace', `${beyond(0)}/${length}`, 'via', opened.stack)
  const refusal = (type: 'unreachable' | 'prohibit'): RouteEntry => ({
    destination: Prefix.parse(`${address}/${version === 4 ? 32 : 128}`),
    type,
  })
  return { ...opened, far, address, refusal }
}

describe.each(BOTH_VERSIONS)('ICMP errors of the stack, IPv$version', ({ version }) => {
  const words = ICMP_WORDS[version]

  test.each(['unreachable', 'prohibit'] as const)('its route of type %s ends the kernel’s attempt', async (type) => {
    const { far, address, hosted, refusal } = await beyondStack(version)
    hosted.stack.addRoute(refusal(type))
    expect(await outcome(dial(7, address))).toBe(words[type])
    await far.close()
  })

  test('they do not end a connection that the kernel has: it goes on when the way is back', async () => {
    const { far, address, hosted, refusal } = await beyondStack(version)
    serve(far, 'echo')
    const connection = await dial(7, address)
    hosted.stack.addRoute(refusal('unreachable'))
    const before = hosted.stack.counters()[words.errorsOut] ?? 0
    connection.end(noise(200_000))
    await until(() => (hosted.stack.counters()[words.errorsOut] ?? 0) > before, 'an error')
    hosted.stack.removeRoute(refusal('unreachable'))
    expect((await drain(connection)).equals(noise(200_000))).toBe(true)
    await far.close()
  })

  test('they do not end one that the kernel’s listener accepted', async () => {
    const { far, kernel, hosted, refusal } = await beyondStack(version)
    const fd = await connectStack(far.sockets, await listenEcho(kernel), kernel)
    // From here on nothing that the kernel sends arrives.
    hosted.stack.addRoute(refusal('prohibit'))
    const before = hosted.stack.counters()[words.errorsOut] ?? 0
    await far.sockets.promises.send(fd, noise(20_000))
    far.sockets.shutdown(fd, SHUT_WR)
    await until(() => (hosted.stack.counters()[words.errorsOut] ?? 0) > before, 'an error')
    hosted.stack.removeRoute(refusal('prohibit'))
    expect((await drainStack(far.sockets, fd)).equals(noise(20_000))).toBe(true)
    await far.close()
  })
})

describe.each(BOTH_VERSIONS)('ICMP errors of the kernel, IPv$version', ({ version }) => {
  const words = ICMP_WORDS[version]
  beforeAll(() => run('sysctl', '-q', '-w', `${words.forwarding}=1`))
  afterAll(() => run('sysctl', '-q', '-w', `${words.forwarding}=0`))

  test('they do not end a connection that the stack has: it goes on when the way is back', async () => {
    const near = openStack('tun', { version, gateway: true })
    const far = openStack('tun', { version, gateway: true })
    serve(far.hosted, 'echo')
    const fd = await connectStack(near.sockets, 7, far.stack)
    const count = (): number => near.hosted.stack.counters()[words.errorsIn] ?? 0
    const before = count()
    await run('ip', 'route', 'add', 'unreachable', far.stack)
    // More than there is room for: it is taken when the way is back.
    const sending = near.sockets.promises.send(fd, noise(200_000)).then(() => near.sockets.shutdown(fd, SHUT_WR))
    try {
      await until(() => count() > before, 'an error')
    } finally {
      await run('ip', 'route', 'delete', 'unreachable', far.stack)
    }
    await sending
    expect((await drainStack(near.sockets, fd)).equals(noise(200_000))).toBe(true)
  })

  test('a refused attempt leaves the stack’s other connections as they are', async () => {
    const { sockets, kernel } = openStack('tun', { version, gateway: true })
    const fd = await connectStack(sockets, await listenEcho(kernel), kernel)
    await run('ip', 'route', 'add', 'prohibit', words.nowhere)
    try {
      expect(await outcome(connectStack(sockets, 80, words.nowhere))).toBe(words.prohibit)
      expect(await outcome(connectStack(sockets, 4321, kernel))).toBe('ECONNREFUSED')
    } finally {
      await run('ip', 'route', 'delete', 'prohibit', words.nowhere)
    }
    await sockets.promises.send(fd, 'as before')
    sockets.shutdown(fd, SHUT_WR)
    expect((await drainStack(sockets, fd)).toString()).toBe('as before')
  })
})
