import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kernelSocket } from './in-process.test-support.js'
import { bracketed, execute, ping, place, Running, run, withoutProbing } from './kernel.test-support.js'
import { dial, drain, hundredMegabytes, listen, listenEcho, outcome, sha256 } from './tcp.test-support.js'

const GATEWAY = fileURLToPath(new URL('../../../../examples/gateway/src/main.js', import.meta.url))

/** In either version: any address, for which the gateway reaches this host's loopback, and one that it does not reach. */
const ADDRESSES = [
  { version: 4, far: '203.0.113.7', loopback: '127.0.0.1', nowhere: '198.51.100.9' },
  { version: 6, far: '2001:db8:113::7', loopback: '::1', nowhere: '2001:db8:51::9' },
] as const

describe.each(ADDRESSES)('a gateway to which the default route of IPv$version leads', (addresses) => {
  const { version, far, loopback, nowhere } = addresses
  const { name, kernel, stack, length } = place('tun', version)
  let gateway: Running
  let http: Server
  let port = 0

  beforeAll(async () => {
    gateway = new Running(process.execPath, [GATEWAY, `${name}=${stack}/${length}`, `${far}=${loopback}`])
    await gateway.printed(/ready/)
    await run('ip', 'address', 'add', `${kernel}/${length}`, 'dev', name, ...withoutProbing(kernel))
    await run('ip', 'link', 'set', name, 'up')
    await run('ip', `-${version}`, 'route', 'add', 'default', 'via', stack)
    const bytes = hundredMegabytes()
    http = createHttpServer((request, response) => {
      if (request.method === 'PUT') {
        const chunks: Buffer[] = []
        request.on('data', (chunk: Buffer) => chunks.push(chunk))
        request.on('end', () => response.end(sha256(Buffer.concat(chunks))))
      } else response.end(bytes.subarray(0, 20_000_000))
    }).listen(0, loopback)
    await once(http, 'listening')
    port = (http.address() as AddressInfo).port
  })

  afterAll(async () => {
    http.close()
    for (const priority of ['99', '100']) await run('ip', `-${version}`, 'rule', 'del', 'priority', priority)
    await run('ip', `-${version}`, 'route', 'flush', 'table', '77')
    const { code, stdout, stderr } = await gateway.stop()
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/TcpExtForwardAccepts +\d+/)
  })

  test('curl fetches and uploads through it', async () => {
    const wanted = sha256(hundredMegabytes().subarray(0, 20_000_000))
    const url = `http://${bracketed(far)}:${port}/`
    const fetched = await execute('sh', ['-c', `curl -g -s --noproxy '*' '${url}' | sha256sum`])
    expect(fetched.stdout).toMatch(wanted)
    const input = hundredMegabytes().subarray(0, 20_000_000)
    const { stdout } = await execute('curl', ['-g', '-s', '--noproxy', '*', '-T', '-', url], { input })
    expect(stdout).toBe(wanted)
  })

  test('nc gets all back that it sends, with half-close', async () => {
    const echo = await listenEcho(loopback)
    const input = hundredMegabytes().subarray(0, 3_000_000)
    const { stdout } = await execute('nc', ['-N', far, String(echo)], { input })
    expect(sha256(Buffer.from(stdout, 'latin1'))).toBe(sha256(input))
  })

  test('many connections at once are each their own', async () => {
    const echo = await listenEcho(loopback)
    const texts = Array.from({ length: 50 }, (_, i) => `connection ${i}`)
    const answers = texts.map(async (text) => {
      const socket = await dial(echo, far)
      socket.end(text)
      return String(await drain(socket))
    })
    expect(await Promise.all(answers)).toEqual(texts)
  })

  test('what the real host refuses is refused, what it cannot reach is unreachable', async () => {
    const closed = await listen(loopback, () => {})
    expect(await outcome(dial(1, far))).toBe('ECONNREFUSED')
    expect(await outcome(dial(closed, far))).toBe('')
    // The gateway's own sockets have no way there; one of a certain port has, through the gateway.
    const rule = ['ip', `-${version}`, 'rule', 'add', 'to', nowhere] as const
    await run('ip', `-${version}`, 'route', 'add', 'unreachable', nowhere, 'table', '77')
    await run(...rule, 'lookup', '77', 'priority', '100')
    await run(...rule, 'ipproto', 'tcp', 'sport', '4444', 'lookup', 'main', 'priority', '99')
    const { stderr } = await execute('nc', ['-v', '-p', '4444', '-w', '5', nowhere, '80'])
    expect(stderr).toMatch(/[Nn]o route to host/)
  })

  test('datagrams come back from whoever they were for', async () => {
    const server = createSocket(version === 4 ? 'udp4' : 'udp6').bind(0, loopback)
    server.on('message', (data, from) => server.send(`echo ${data}`, from.port, from.address))
    await once(server, 'listening')
    const socket = await kernelSocket(kernel)
    await socket.send('hello', server.address().port, far)
    await socket.count(1)
    expect(socket.received.map(({ data, from }) => `${data} from ${from.address}`)).toEqual([`echo hello from ${far}`])
    server.close()
  })

  test('pings are answered for any address', async () => {
    expect((await ping('-c', '2', '-i', '0.2', far)).received).toBe(2)
  })
})
