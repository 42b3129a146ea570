import { SocketAddress } from '@jackfield/addr'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  AF_INET,
  AF_INET6,
  type ControlMessage,
  createSockets,
  EPOLLIN,
  FIONREAD,
  POLLIN,
  POLLNVAL,
  SIOCGIFMTU,
  SO_RCVTIMEO,
  SO_REUSEADDR,
  SO_TYPE,
  SOCK_DGRAM,
  SOCK_RAW,
  SOL_SOCKET,
} from './index.js'
import { code, last, setup, text } from './sockets.test-support.js'

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
