import { describe, expect, test } from 'vitest'
import { createFakeHost, type TestEndpoint } from './fake-family.test-support.js'
import {
  AF_INET,
  createSockets,
  EPOLLET,
  EPOLLEXCLUSIVE,
  EPOLLIN,
  EPOLLONESHOT,
  EPOLLOUT,
  EPOLLRDNORM,
  POLLRDNORM,
  POLLWRNORM,
  SOCK_STREAM,
  type Sockets,
} from './index.js'

function setup(): { sockets: Sockets; endpoint: TestEndpoint; fd: number; clock: { advance(time: number): void } } {
  const { host, made, clock } = createFakeHost()
  const sockets = createSockets(host)
  const fd = sockets.socket(AF_INET, SOCK_STREAM)
  return { sockets, endpoint: made[0] as TestEndpoint, fd, clock }
}

describe('edges', () => {
  test('what is not watched for is no news, though what is watched for holds all along', () => {
    const { sockets, endpoint, fd } = setup()
    const set = sockets.epoll()
    set.add(fd, EPOLLOUT | EPOLLET)
    expect(set.poll()).toMatchObject([{ events: EPOLLOUT }])
    endpoint.arrived.push(new Uint8Array(1))
    endpoint.tell(EPOLLIN)
    expect(set.poll()).toEqual([])
    endpoint.tell(EPOLLOUT)
    expect(set.poll()).toMatchObject([{ events: EPOLLOUT }])
  })

  test('more data is news, though the former was not read', () => {
    const { sockets, endpoint, fd } = setup()
    const set = sockets.epoll()
    set.add(fd, EPOLLIN | EPOLLRDNORM | EPOLLET)
    endpoint.arrive('a')
    expect(set.poll()).toMatchObject([{ events: EPOLLIN | EPOLLRDNORM }])
    expect(set.poll()).toEqual([])
    endpoint.arrive('b')
    expect(set.poll()).toHaveLength(1)
  })

  test('of sets that watch exclusively one is woken; those that nobody waits on are told as others are', async () => {
    const { sockets, endpoint, fd } = setup()
    const sets = [0, 1, 2].map(() => sockets.epoll())
    sets[0]?.add(fd, EPOLLIN | EPOLLET | EPOLLEXCLUSIVE)
    sets[1]?.add(fd, EPOLLIN | EPOLLET | EPOLLEXCLUSIVE)
    sets[2]?.add(fd, EPOLLIN | EPOLLET)
    endpoint.arrive('a')
    expect(sets.map((set) => set.poll().length)).toEqual([1, 1, 1])
    const waiting = sets[0]?.wait()
    endpoint.arrive('b')
    expect(await waiting).toHaveLength(1)
    expect(sets.map((set) => set.poll().length)).toEqual([0, 0, 1])
    expect(() => sets[0]?.modify(fd, EPOLLIN)).toThrow('EINVAL')
    expect(() => sockets.epoll().add(fd, EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT)).toThrow('EINVAL')
  })
})

test('poll knows POLLRDNORM and POLLWRNORM', () => {
  const { sockets, endpoint, fd } = setup()
  endpoint.arrive('a')
  const asked = [{ fd, events: POLLRDNORM | POLLWRNORM, revents: 0 }]
  expect(sockets.poll(asked)).toBe(1)
  expect(asked[0]?.revents).toBe(POLLRDNORM | POLLWRNORM)
})

describe('closing with SO_LINGER', () => {
  test('waits until the peer has everything', async () => {
    const { sockets, endpoint, fd } = setup()
    endpoint.linger = { onoff: true, linger: 5 }
    let closed = false
    const closing = sockets.promises.close(fd).then(() => {
      closed = true
    })
    await Promise.resolve()
    expect([endpoint.closes, closed, sockets.size]).toEqual([1, false, 0])
    endpoint.lingers?.()
    await closing
    expect(closed).toBe(true)
  })

  test('waits no longer than that', async () => {
    const { sockets, endpoint, fd, clock } = setup()
    endpoint.linger = { onoff: true, linger: 5 }
    const closing = sockets.promises.close(fd)
    clock.advance(5_000_000)
    await closing
    expect(endpoint.closes).toBe(1)
  })

  test('without it returns at once; a number that is not open is EBADF', async () => {
    const { sockets, fd } = setup()
    await sockets.promises.close(fd)
    await expect(sockets.promises.close(fd)).rejects.toMatchObject({ code: 'EBADF' })
  })
})
