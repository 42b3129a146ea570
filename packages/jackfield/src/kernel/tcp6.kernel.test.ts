import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { AF_INET6, SOCK_STREAM } from '@jackfield/sockets'
import { expect, test } from 'vitest'
import { openStack } from './in-process.test-support.js'

const TOTAL = 10_000_000

/** The bytes `[from, from + length)` of a stream in which no two places look alike. */
function part(from: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let i = 0; i < length; i++) bytes[i] = ((from + i) * 2_654_435_761) >>> 24
  return bytes
}

const digest = (): string => createHash('sha256').update(part(0, TOTAL)).digest('hex')

for (const offload of [true, false]) {
  const title = offload ? 'with offloads' : 'without offloads'

  test(`a kernel program sends 10 MB over TCP and IPv6 into the stack, ${title}`, async () => {
    const { sockets, stack } = openStack('tun', { version: 6, offload })
    const listener = sockets.socket(AF_INET6, SOCK_STREAM)
    sockets.bind(listener, '[::]:7000')
    sockets.listen(listener, 5)
    const client = connect({ host: stack, port: 7000 }, () => client.end(part(0, TOTAL)))
    const fd = await sockets.promises.accept(listener)
    const hash = createHash('sha256')
    const buffer = new Uint8Array(262_144)
    for (;;) {
      const length = await sockets.promises.recv(fd, buffer)
      if (length === 0) break
      hash.update(buffer.subarray(0, length))
    }
    expect(hash.digest('hex')).toBe(digest())
    client.destroy()
    sockets.close(fd)
    sockets.close(listener)
  })

  test(`the stack sends 10 MB over TCP and IPv6 to a kernel program, ${title}`, async () => {
    const { sockets, kernel } = openStack('tun', { version: 6, offload })
    const hash = createHash('sha256')
    const server = createServer((socket) => {
      socket.on('data', (data) => hash.update(data))
      socket.on('end', () => server.close())
    })
    const closed = once(server, 'close')
    server.listen(7001, '::')
    await once(server, 'listening')
    const fd = sockets.socket(AF_INET6, SOCK_STREAM)
    await sockets.promises.connect(fd, `[${kernel}]:7001`)
    for (let at = 0; at < TOTAL; ) {
      const chunk = part(at, Math.min(262_144, TOTAL - at))
      let sent = 0
      while (sent < chunk.length) sent += await sockets.promises.send(fd, chunk.subarray(sent))
      at += sent
    }
    sockets.shutdown(fd, 1)
    await closed
    expect(hash.digest('hex')).toBe(digest())
    sockets.close(fd)
  })
}
