/** The kernel's TCP sockets, as tests of a stack use them. */
import { createHash } from 'node:crypto'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach } from 'vitest'
import { noise } from './in-process.test-support.js'
import { kernelUses } from './kernel.test-support.js'

const sockets: Socket[] = []
const servers: Server[] = []

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) server.close()
})

/** A connection of the kernel's, once it is there; rejects with its error. It goes after the test. */
export function dial(port: number, address: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: address, allowHalfOpen: true })
    sockets.push(socket)
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(socket)
    })
  })
}

/** The code of the error that ends an attempt, as `ECONNREFUSED`, or `''` where it succeeds. */
export async function outcome(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt
    return ''
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}

/** The code of the error that a connection breaks with. */
export function broken(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    socket.once('close', () => resolve('closed without an error'))
  })
}

/** A listener of the kernel's on a free port; what it accepts does not read by itself. They go after the test. */
export async function listen(address: string, accepted: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    sockets.push(socket)
    accepted(socket)
  })
  servers.push(server)
  await kernelUses(address)
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, address, resolve))
  const bound = server.address()
  return typeof bound === 'object' && bound !== null ? bound.port : 0
}

/** A listener that sends back what comes, until the end. */
export function listenEcho(address: string): Promise<number> {
  return listen(address, (socket) => {
    socket.on('error', () => undefined)
    socket.pipe(socket)
    socket.resume()
  })
}

/** All that a connection receives, to its end. */
export async function drain(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk)
  return Buffer.concat(chunks)
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

const hundred: Buffer[] = []

/** 100 MB, made once. */
export function hundredMegabytes(): Buffer {
  hundred[0] ??= noise(100_000_000)
  return hundred[0]
}

/** What differs between the versions in reports of errors. */
export const ICMP_WORDS = {
  4: {
    forwarding: 'net.ipv4.ip_forward',
    nowhere: '192.0.2.1',
    unreachable: 'EHOSTUNREACH',
    prohibit: 'EHOSTUNREACH',
    beyond: (subnet: string, host: number): string => `10.78.${subnet}.${host}`,
    headers: 40,
    tooBig: 'IcmpInDestUnreachs',
    errorsIn: 'IcmpInDestUnreachs',
    errorsOut: 'IcmpOutDestUnreachs',
    rateLimit: 'net.ipv4.icmp_ratelimit',
  },
  6: {
    forwarding: 'net.ipv6.conf.all.forwarding',
    nowhere: '2001:db8:7::1',
    // The kernel says of such a route that there is none, and has a word of its own for what is not allowed.
    unreachable: 'ENETUNREACH',
    prohibit: 'EACCES',
    beyond: (subnet: string, host: number): string => `fd78:${subnet}::${host}`,
    headers: 60,
    tooBig: 'Icmp6InPktTooBigs',
    errorsIn: 'Icmp6InDestUnreachs',
    errorsOut: 'Icmp6OutDestUnreachs',
    rateLimit: 'net.ipv6.icmp.ratelimit',
  },
} as const
