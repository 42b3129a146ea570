import { createHash, randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import {
  AF_INET,
  createCable,
  createHost,
  createSystemClock,
  type Host,
  SHUT_WR,
  SO_LINGER,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_SOCKET,
} from 'jackfield'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createGateway } from './gateway.js'
import { refusalOf } from './refusal.js'

const FAR = '203.0.113.7'
/** Port of the guest's view that leads to a port where nobody is. */
const DEAD = 9

let guest: Host
let gateway: Host
let errors: unknown[]
const servers: Server[] = []
const accepted: Socket[] = []
const free: (() => void)[] = []

beforeEach(() => {
  const clock = createSystemClock()
  const { a, b } = createCable({ clock, medium: 'ip' })
  errors = []
  gateway = createGateway({
    device: a,
    address: '10.0.0.1/24',
    clock,
    reach: ({ port }) => ({ address: '127.0.0.1', port: port === DEAD ? 1 : port }),
    onError: (error) => errors.push(error),
  })
  guest = createHost({ clock, interfaces: [{ device: b, addresses: ['10.0.0.2/24'], gateway: '10.0.0.1' }] })
})

afterEach(async () => {
  for (const each of free.splice(0)) each()
  for (const socket of accepted.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) server.close()
  for (let waited = 0; gateway.sockets.size > 0 && waited < 100; waited++) await sleep(10)
  await guest.close()
  await gateway.close()
  expect([guest.stack.packets.outstanding, gateway.stack.packets.outstanding, errors]).toEqual([0, 0, []])
})

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** A server of the real host; its port. */
async function serve(connected: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    accepted.push(socket)
    socket.on('error', () => {})
    connected(socket)
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function dial(port: number): Promise<number> {
  const fd = guest.sockets.socket(AF_INET, SOCK_STREAM)
  await guest.sockets.promises.connect(fd, `${FAR}:${port}`)
  return fd
}

/** All that comes, to the end. */
async function drain(fd: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  const buffer = new Uint8Array(65_536)
  for (;;) {
    const length = await guest.sockets.promises.recv(fd, buffer)
    if (length === 0) return Buffer.concat(chunks)
    chunks.push(buffer.slice(0, length))
  }
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const codeOf = (error: unknown): unknown => (error as { code: unknown }).code

describe('a gateway to the real host', () => {
  test('splices both ways; each side closes its half', async () => {
    const port = await serve((socket) => {
      const chunks: Buffer[] = []
      socket.on('data', (chunk) => chunks.push(chunk))
      socket.on('end', () => setTimeout(() => socket.end(`got ${Buffer.concat(chunks)}`), 20))
    })
    const fd = await dial(port)
    await guest.sockets.promises.send(fd, 'the question')
    guest.sockets.shutdown(fd, SHUT_WR)
    expect(String(await drain(fd))).toBe('got the question')
    guest.sockets.close(fd)
  })

  test('lets the server close first, and still takes what the guest has to say', async () => {
    let received = Promise.resolve('')
    const port = await serve((socket) => {
      socket.end('a banner')
      received = socket.toArray().then((chunks) => String(Buffer.concat(chunks)))
    })
    const fd = await dial(port)
    expect(String(await drain(fd))).toBe('a banner')
    await guest.sockets.promises.send(fd, 'late words')
    guest.sockets.close(fd)
    expect(await received).toBe('late words')
  })

  test('carries megabytes both ways at a time', async () => {
    const port = await serve((socket) => void socket.pipe(socket))
    const fd = await dial(port)
    const bytes = randomBytes(4_000_000)
    const back = drain(fd)
    await guest.sockets.promises.send(fd, bytes)
    guest.sockets.shutdown(fd, SHUT_WR)
    expect(digest(await back)).toBe(digest(bytes))
    guest.sockets.close(fd)
  })

  test('takes no more of the guest than the server does', async () => {
    const port = await serve((socket) => socket.pause())
    const fd = await dial(port)
    let sent = 0
    const sending = guest.sockets.promises.send(fd, new Uint8Array(100_000_000))
    for (let last = -1; sent !== last; ) {
      last = sent
      await sleep(300)
      sent = gateway.stack.counters()['IpExtInOctets'] ?? 0
    }
    expect(sent).toBeLessThan(60_000_000)
    accepted[0]?.resetAndDestroy()
    // As send(2): what it took until then, and the error with the next one.
    expect(await sending).toBeLessThan(100_000_000)
    await expect(guest.sockets.promises.send(fd, 'more')).rejects.toMatchObject({ code: 'ECONNRESET' })
    guest.sockets.close(fd)
  })

  test('refuses what the real host refuses', async () => {
    await expect(dial(DEAD)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect(gateway.stack.counters()).toMatchObject({ TcpExtForwardRejects: 1, TcpExtForwardAccepts: 0 })
  })

  test('has resets go through, both ways', async () => {
    const seen: unknown[] = []
    const port = await serve((socket) => {
      socket.removeAllListeners('error').on('error', (error) => seen.push(codeOf(error)))
      socket.on('data', (data) => String(data) === 'reset me' && socket.resetAndDestroy())
      // Node ends a connection before it resets it: only who writes hears of the reset.
      socket.on('end', () => setTimeout(() => socket.write('anybody?'), 50))
    })
    const fd = await dial(port)
    await guest.sockets.promises.send(fd, 'reset me')
    await expect(guest.sockets.promises.recv(fd, new Uint8Array(1))).rejects.toMatchObject({ code: 'ECONNRESET' })
    guest.sockets.close(fd)
    const other = await dial(port)
    await guest.sockets.promises.send(other, 'x')
    guest.sockets.setsockopt(other, SOL_SOCKET, SO_LINGER, { onoff: true, linger: 0 })
    guest.sockets.close(other)
    for (let waited = 0; seen.length === 0 && waited < 200; waited++) await sleep(10)
    expect(String(seen)).toMatch(/^(ECONNRESET|EPIPE)$/)
  })

  test('has datagrams answered by whoever they were for', async () => {
    const server = createSocket('udp4')
    free.push(() => server.close())
    server.on('message', (data, from) => server.send(`echo ${data}`, from.port, from.address))
    server.bind(0, '127.0.0.1')
    await once(server, 'listening')
    const fd = guest.sockets.socket(AF_INET, SOCK_DGRAM)
    guest.sockets.connect(fd, `${FAR}:${server.address().port}`)
    const buffer = new Uint8Array(100)
    for (const text of ['one', 'two', 'three']) {
      guest.sockets.send(fd, text)
      const length = await guest.sockets.promises.recv(fd, buffer)
      expect(String(Buffer.from(buffer.subarray(0, length)))).toBe(`echo ${text}`)
    }
    expect(gateway.stack.counters()).toMatchObject({ UdpForwardRequests: 1 })
  })
})

test('errors of the real host are told as what they are', () => {
  const told = ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EACCES', 'ETIMEDOUT', 'EOTHER'].map((code) =>
    refusalOf({ code }),
  )
  expect(told).toEqual(['reset', 'host-unreachable', 'net-unreachable', 'prohibited', 'drop', 'host-unreachable'])
})
