import { describe, expect, test } from 'vitest'
import { TestEndpoint } from './fake-family.test-support.js'
import {
  AF_INET,
  FIONBIO,
  MSG_DONTWAIT,
  MSG_WAITALL,
  POLLIN,
  POLLOUT,
  SO_RCVTIMEO,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
} from './index.js'
import { code, last, setup, text } from './sockets.test-support.js'

describe('awaiting calls', () => {
  test('answer at once where nothing is to be waited for', async () => {
    const all = setup()
    const { sockets } = all
    const fd = sockets.socket(AF_INET, SOCK_DGRAM)
    last(all).arrive('now')
    const buffer = new Uint8Array(8)
    expect(text(buffer, await sockets.promises.recv(fd, buffer))).toBe('now')
    expect(last(all).watched).toBe(false)
  })

  test('serve those who wait in turn', async () => {
    const all = setup()
    const { sockets } = all
    const fd = sockets.socket(AF_INET, SOCK_DGRAM)
    const buffers = [new Uint8Array(8), new Uint8Array(8), new Uint8Array(8)]
    const waiting = Promise.all(
      buffers.map(async (buffer) => text(buffer, await sockets.promises.recvfrom(fd, buffer))),
    )
    last(all).arrive('one', 'two')
    last(all).arrive('three')
    expect(await waiting).toEqual(['one', 'two', 'three'])
    expect(last(all).watched).toBe(false)
  })

  test('a signal ends the wait, and what comes later is not lost', async () => {
    const all = setup()
    const { sockets } = all
    const fd = sockets.socket(AF_INET, SOCK_DGRAM)
    const stop = new AbortController()
    const waiting = sockets.promises.recv(fd, new Uint8Array(8), 0, { signal: stop.signal })
    stop.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    last(all).arrive('kept')
    const buffer = new Uint8Array(8)
    expect(text(buffer, sockets.recv(fd, buffer))).toBe('kept')
    await expect(sockets.promises.recv(fd, buffer, 0, { signal: stop.signal })).rejects.toThrow('enough')
  })

  test('SO_RCVTIMEO, MSG_DONTWAIT and non-blocking sockets give EAGAIN', async () => {
    const { sockets, clock } = setup()
    const fd = sockets.socket(AF_INET, SOCK_DGRAM)
    const { recv } = sockets.promises
    const buffer = new Uint8Array(1)
    await expect(recv(fd, buffer, MSG_DONTWAIT)).rejects.toMatchObject({ code: 'EAGAIN' })
    sockets.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, 250)
    const waiting = recv(fd, buffer)
    clock.advance(250_000)
    await expect(waiting).rejects.toMatchObject({ code: 'EAGAIN', syscall: 'recv' })
    sockets.ioctl(fd, FIONBIO, 1)
    await expect(recv(fd, buffer)).rejects.toMatchObject({ code: 'EAGAIN' })
    const other = sockets.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK)
    await expect(recv(other, buffer)).rejects.toMatchObject({ code: 'EAGAIN' })
  })

  test('a socket that is closed while somebody waits is EBADF for them', async () => {
    const { sockets } = setup()
    const fd = sockets.socket(AF_INET, SOCK_DGRAM)
    const waiting = sockets.promises.recv(fd, new Uint8Array(1))
    sockets.close(fd)
    await expect(waiting).rejects.toMatchObject({ code: 'EBADF', syscall: 'recv' })
  })

  test('a stream takes all that is sent, with MSG_WAITALL fills the buffer, and ends', async () => {
    const all = setup()
    const { sockets } = all
    const fd = sockets.socket(AF_INET, SOCK_STREAM)
    const endpoint = last(all)
    const sending = sockets.promises.send(fd, 'twelve bytes')
    endpoint.room = 100
    endpoint.tell()
    expect(await sending).toBe(12)
    expect(endpoint.left.map((bytes) => text(bytes, bytes.length))).toEqual(['twelve b', 'ytes'])
    const buffer = new Uint8Array(6)
    const receiving = sockets.promises.recv(fd, buffer, MSG_WAITALL)
    endpoint.arrive('abc')
    endpoint.arrive('defg')
    expect(text(buffer, await receiving)).toBe('abcdef')
    const rest = sockets.promises.recv(fd, buffer, MSG_WAITALL)
    endpoint.ended = true
    endpoint.tell()
    expect(text(buffer, await rest)).toBe('g')
  })

  test('a stream that never waits tells how much it took or got', async () => {
    const all = setup()
    const { sockets } = all
    const fd = sockets.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK)
    expect(await sockets.promises.send(fd, 'twelve bytes')).toBe(8)
    await expect(sockets.promises.send(fd, 'more')).rejects.toMatchObject({ code: 'EAGAIN' })
    last(all).arrive('abc')
    expect(await sockets.promises.recv(fd, new Uint8Array(8), MSG_WAITALL)).toBe(3)
    await expect(sockets.promises.recv(fd, new Uint8Array(8), MSG_WAITALL)).rejects.toMatchObject({ code: 'EAGAIN' })
  })

  test('connect waits until it is done or has failed', async () => {
    const all = setup()
    const { sockets } = all
    const fd = sockets.socket(AF_INET, SOCK_STREAM)
    expect(code(() => sockets.connect(fd, '10.0.0.1:80'))).toBe('EINPROGRESS')
    const done = sockets.promises.connect(fd, '10.0.0.1:80')
    last(all).connecting = false
    last(all).tell()
    await done
    const other = sockets.socket(AF_INET, SOCK_STREAM)
    const refused = sockets.promises.connect(other, '10.0.0.1:80')
    last(all).error = 111
    last(all).tell()
    await expect(refused).rejects.toMatchObject({ code: 'ECONNREFUSED', address: '10.0.0.1', port: 80 })
  })

  test('accept waits for a connection and gives it a descriptor', async () => {
    const all = setup()
    const { sockets } = all
    const fd = sockets.socket(AF_INET, SOCK_STREAM)
    const waiting = sockets.promises.accept(fd)
    last(all).pending.push(new TestEndpoint(SOCK_STREAM))
    last(all).tell()
    expect(await waiting).toBe(1)
  })

  test('poll and select wait for events or the time', async () => {
    const all = setup()
    const { sockets, clock } = all
    const fd = sockets.socket(AF_INET, SOCK_DGRAM)
    const asked = [{ fd, events: POLLIN, revents: 0 }]
    const quiet = sockets.promises.poll(asked, 10)
    clock.advance(10_000)
    expect(await quiet).toBe(0)
    const reading = sockets.promises.select({ read: [fd] })
    last(all).arrive('x')
    expect(await reading).toEqual({ read: [fd], write: [], except: [] })
    expect(await sockets.promises.poll([{ fd, events: POLLOUT, revents: 0 }])).toBe(1)
    expect(last(all).watched).toBe(false)
  })
})
