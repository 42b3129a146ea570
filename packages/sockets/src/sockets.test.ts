import { SocketAddress } from '@jackfield/addr'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createFakeHost, TestEndpoint } from './fake-family.test-support.js'
import {
  AF_INET,
  AF_INET6,
  type ControlMessage,
  createSockets,
  EPOLLET,
  EPOLLIN,
  EPOLLONESHOT,
  FIONBIO,
  FIONREAD,
  MSG_DONTWAIT,
  MSG_WAITALL,
  POLLIN,
  POLLNVAL,
  POLLOUT,
  SIOCGIFMTU,
  SO_RCVTIMEO,
  SO_REUSEADDR,
  SO_TYPE,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOCK_STREAM,
  SOL_SOCKET,
  SocketError,
  type Sockets,
} from './index.js'

interface Setup extends ReturnType<typeof createFakeHost> {
  sockets: Sockets
}

function setup(): Setup {
  const fake = createFakeHost()
  return { ...fake, sockets: createSockets(fake.host) }
}

/** The endpoint behind the socket made last. */
function last({ made }: Setup): TestEndpoint {
  const endpoint = made.at(-1)
  if (endpoint === undefined) throw new Error('no socket was made')
  return endpoint
}

function code(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    if (error instanceof SocketError) return error.code
    throw error
  }
  return 'no error'
}

const text = (bytes: Uint8Array, length: number): string => String.fromCharCode(...bytes.subarray(0, length))

describe('descriptors', () => {
  test('are the lowest that is free, each table with its own', () => {
    const { host, sockets } = setup()
    const other = createSockets(host)
    const open = (): number => sockets.socket(AF_INET, SOCK_DGRAM)
    expect([open(), open(), open(), other.socket(AF_INET, SOCK_DGRAM)]).toEqual([0, 1, 2, 0])
    sockets.close(1)
    expect([sockets.dup(2), open()]).toEqual([1, 3])
    expect(code(() => other.close(1))).toBe('EBADF')
  })

  test('behave as a set of numbers under any sequence of open, dup and close', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('open', 'dup', 'close'), fc.nat(12)), { maxLength: 60 }),
        (steps) => {
          const { sockets } = setup()
          const model = new Set<number>()
          const free = (): number => {
            let number = 0
            while (model.has(number)) number++
            return number
          }
          for (const [step, fd] of steps) {
            if (step === 'open') {
              const expected = free()
              expect(sockets.socket(AF_INET, SOCK_DGRAM)).toBe(expected)
              model.add(expected)
            } else if (!model.has(fd)) {
              expect(code(() => (step === 'dup' ? sockets.dup(fd) : sockets.close(fd)))).toBe('EBADF')
            } else if (step === 'dup') {
              const expected = free()
              expect(sockets.dup(fd)).toBe(expected)
              model.add(expected)
            } else {
              sockets.close(fd)
              model.delete(fd)
            }
            expect(sockets.size).toBe(model.size)
          }
        },
      ),
      { numRuns: 100 },
    )
  })

  test.each([-1, 5, 1.5, Number.NaN])('%d, which is not open, is EBADF in every call', (fd) => {
    const { sockets } = setup()
    const buffer = new Uint8Array(1)
    const calls = [
      () => sockets.bind(fd, '1.2.3.4:5'),
      () => sockets.connect(fd, '1.2.3.4:5'),
      () => sockets.listen(fd),
      () => sockets.accept(fd),
      () => sockets.send(fd, buffer),
      () => sockets.sendto(fd, buffer, 0, '1.2.3.4:5'),
      () => sockets.sendmsg(fd, { iov: buffer }),
      () => sockets.recv(fd, buffer),
      () => sockets.recvfrom(fd, buffer),
      () => sockets.recvmsg(fd, { iov: buffer }),
      () => sockets.shutdown(fd, 2),
      () => sockets.close(fd),
      () => sockets.dup(fd),
      () => sockets.getsockname(fd),
      () => sockets.getpeername(fd),
      () => sockets.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1),
      () => sockets.getsockopt(fd, SOL_SOCKET, SO_TYPE),
      () => sockets.ioctl(fd, FIONREAD),
      () => sockets.select({ read: [fd] }),
      () => sockets.epoll().add(fd, EPOLLIN),
    ]
    expect(calls.map(code)).toEqual(calls.map(() => 'EBADF'))
  })

  test('the socket is closed with its last descriptor', () => {
    const all = setup()
    const { sockets } = all
    const fd = sockets.socket(AF_INET, SOCK_DGRAM)
    const twin = sockets.dup(fd)
    sockets.close(fd)
    expect(last(all).closes).toBe(0)
    sockets.close(twin)
    expect(last(all).closes).toBe(1)
  })

  test('past the limit are EMFILE, and the socket that had none is closed', () => {
    const { host, made } = setup()
    const sockets = createSockets(host, { maxDescriptors: 1 })
    sockets.socket(AF_INET, SOCK_DGRAM)
    expect(code(() => sockets.socket(AF_INET, SOCK_DGRAM))).toBe('EMFILE')
    expect(made[1]?.closes).toBe(1)
    expect(() => createSockets(host, { maxDescriptors: 0 })).toThrow('maxDescriptors is an integer of 1 or more')
  })

  test('families and types that nobody provides have the errors of socket(2)', () => {
    const { sockets } = setup()
    expect(code(() => sockets.socket(AF_INET6, SOCK_DGRAM))).toBe('EAFNOSUPPORT')
    expect(code(() => sockets.socket(AF_INET, SOCK_RAW))).toBe('ESOCKTNOSUPPORT')
  })
})

describe('immediate calls', () => {
  test('throw EAGAIN where they would wait, with the call and its number', () => {
    const { sockets } = setup()
    const fd = sockets.socket(AF_INET, SOCK_DGRAM)
    expect(() => sockets.recv(fd, new Uint8Array(1))).toThrow(
      expect.objectContaining({ name: 'SocketError', code: 'EAGAIN', errno: 11, syscall: 'recv' }),
    )
  })

  test('name the address in question', () => {
    const { sockets } = setup()
    const fd = sockets.socket(AF_INET, SOCK_DGRAM)
    expect(() => sockets.bind(fd, '10.0.0.1:99')).toThrow(
      expect.objectContaining({
        code: 'EADDRINUSE',
        address: '10.0.0.1',
        port: 99,
        message: 'bind EADDRINUSE: address already in use, 10.0.0.1:99',
      }),
    )
    expect(() => sockets.bind(fd, 'nowhere')).toThrow(TypeError)
  })

  test('receive into the buffer and address of the caller', () => {
    const all = setup()
    const { sockets } = all
    const fd = sockets.socket(AF_INET, SOCK_DGRAM)
    sockets.bind(fd, { address: '10.0.0.1', port: 5 })
    last(all).arrive('hello')
    const buffer = new Uint8Array(16)
    const from = new SocketAddress()
    expect(sockets.ioctl(fd, FIONREAD)).toBe(5)
    expect(text(buffer, sockets.recvfrom(fd, buffer, 0, from))).toBe('hello')
    expect(String(from)).toBe('10.0.0.1:7')
    expect(String(sockets.getsockname(fd))).toBe('10.0.0.1:5')
    expect(code(() => sockets.getpeername(fd))).toBe('ENOTCONN')
  })

  test('gather what is sent and scatter what is received', () => {
    const all = setup()
    const { sockets } = all
    const fd = sockets.socket(AF_INET, SOCK_DGRAM)
    sockets.sendmsg(fd, { name: '10.0.0.1:9', iov: [Uint8Array.of(1, 2), Uint8Array.of(3)] })
    expect(last(all).left).toEqual([Uint8Array.of(1, 2, 3)])
    last(all).arrive('abcde')
    const iov = [new Uint8Array(2), new Uint8Array(2), new Uint8Array(4)]
    const control: ControlMessage[] = [{ level: 1, type: 1, data: 1 }]
    const message = { iov, control, flags: 1 }
    expect(sockets.recvmsg(fd, message)).toBe(5)
    expect(iov.map((piece) => text(piece, piece.length))).toEqual(['ab', 'cd', 'e\0\0\0'])
    expect(message).toMatchObject({ flags: 0, control: [{ level: 0, type: 8, data: 5 }] })
  })

  test('take text, and nothing else that is not bytes', () => {
    const all = setup()
    const { sockets } = all
    const fd = sockets.socket(AF_INET, SOCK_DGRAM)
    expect(sockets.sendto(fd, 'é', 0, '10.0.0.1:9')).toBe(2)
    expect(code(() => sockets.send(fd, 3 as unknown as string))).toBe('EINVAL')
    expect(code(() => sockets.send(fd, 'x'))).toBe('EDESTADDRREQ')
  })

  test('set options with numbers and booleans, and answer for type and timeouts themselves', () => {
    const all = setup()
    const { sockets } = all
    const fd = sockets.socket(AF_INET, SOCK_DGRAM)
    sockets.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, true)
    expect(last(all).option).toBe(SO_REUSEADDR + 1)
    expect(sockets.getsockopt(fd, SOL_SOCKET, SO_TYPE)).toBe(SOCK_DGRAM)
    sockets.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, { sec: 1, usec: 500_000 })
    expect(sockets.getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO)).toEqual({ sec: 1, usec: 500_000 })
    expect(code(() => sockets.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, { sec: 1, usec: -1 }))).toBe('EINVAL')
    expect(code(() => sockets.getsockopt(fd, 99, 1))).toBe('ENOPROTOOPT')
    expect(code(() => sockets.ioctl(fd, SIOCGIFMTU, 'eth9'))).toBe('ENODEV')
  })

  test('poll and select tell what holds', () => {
    const all = setup()
    const { sockets } = all
    const fd = sockets.socket(AF_INET, SOCK_DGRAM)
    const asked = [
      { fd, events: POLLIN, revents: 9 },
      { fd: 77, events: POLLIN, revents: 0 },
      { fd: -1, events: POLLIN, revents: 9 },
    ]
    expect(sockets.poll(asked)).toBe(1)
    expect(asked.map(({ revents }) => revents)).toEqual([0, POLLNVAL, 0])
    last(all).arrive('x')
    expect(sockets.poll(asked)).toBe(2)
    expect(sockets.select({ read: [fd], write: [fd], except: [fd] })).toEqual({ read: [fd], write: [fd], except: [] })
  })
})

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

describe('epoll', () => {
  test('reports a descriptor as long as it is ready, or once, or on change', () => {
    const all = setup()
    const { sockets } = all
    const fds = [EPOLLIN, EPOLLIN | EPOLLONESHOT, EPOLLIN | EPOLLET].map((events) => {
      const fd = sockets.socket(AF_INET, SOCK_DGRAM)
      return { fd, events, endpoint: last(all) }
    })
    const set = sockets.epoll<string>()
    for (const { fd, events } of fds) set.add(fd, events, `socket ${fd}`)
    expect(set.poll()).toEqual([])
    for (const { endpoint } of fds) endpoint.arrive('x')
    expect(set.poll().map(({ fd }) => fd)).toEqual([0, 1, 2])
    expect(set.poll()).toEqual([{ fd: 0, events: EPOLLIN, data: 'socket 0' }])
    for (const { endpoint } of fds) endpoint.arrive('y')
    expect(set.poll().map(({ fd }) => fd)).toEqual([0, 2])
    set.modify(1, EPOLLIN | EPOLLONESHOT)
    expect(set.poll().map(({ fd }) => fd)).toEqual([0, 1])
  })

  test('forgets what is closed or deleted, and says what is wrong', () => {
    const all = setup()
    const { sockets } = all
    const fd = sockets.socket(AF_INET, SOCK_DGRAM)
    const set = sockets.epoll()
    set.add(fd, EPOLLIN)
    expect(code(() => set.add(fd, EPOLLIN))).toBe('EEXIST')
    expect(code(() => set.delete(9))).toBe('ENOENT')
    last(all).arrive('x')
    sockets.close(fd)
    expect(set.poll()).toEqual([])
    expect(set.size).toBe(0)
  })

  test('takes the ready ones in turn where there are more than asked for', () => {
    const all = setup()
    const { sockets } = all
    const set = sockets.epoll()
    for (let i = 0; i < 3; i++) {
      set.add(sockets.socket(AF_INET, SOCK_DGRAM), EPOLLIN)
      last(all).arrive('x')
    }
    const turn = (): number[] => set.poll(2).map(({ fd }) => fd)
    expect([turn(), turn(), turn()]).toEqual([
      [0, 1],
      [2, 0],
      [1, 2],
    ])
  })

  test('waits', async () => {
    const all = setup()
    const { sockets, clock } = all
    const fd = sockets.socket(AF_INET, SOCK_DGRAM)
    const set = sockets.epoll()
    set.add(fd, EPOLLIN)
    const none = set.wait({ timeout: 5 })
    await expect(set.wait()).rejects.toMatchObject({ code: 'EINVAL' })
    clock.advance(5000)
    expect(await none).toEqual([])
    const one = set.wait()
    last(all).arrive('x')
    expect(await one).toEqual([{ fd, events: EPOLLIN, data: undefined }])
  })
})
