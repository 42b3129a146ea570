import { describe, expect, test } from 'vitest'
import { AF_INET, EPOLLET, EPOLLIN, EPOLLONESHOT, SOCK_DGRAM } from './index.js'
import { code, last, setup } from './sockets.test-support.js'

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
