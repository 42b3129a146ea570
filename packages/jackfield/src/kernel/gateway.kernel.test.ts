import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kernelSocket } from './in-process.test-support.js'
import { execute, ping, place, Running, run } from './kernel.test-support.js'
import { dial, drain, hundredMegabytes, listen, listenEcho, outcome, sha256 } from './tcp.test-support.js'

const GATEWAY = fileURLToPath(new URL('../../../../examples/gateway/src/main.js', import.meta.url))

/** Any address: the gateway reaches this host's loopback for it. */
const FAR = '203.0.113.7'
/** One that the gateway looks for as it is, and does not reach. */
const NOWHERE = '198.51.100.9'

describe('a gateway to which the default route leads', () => {
  const { name, kernel, stack } = place('tun')
  let gateway: Running
  let http: Server
  let port = 0

  beforeAll(async () => {
    gateway = new Running(process.execPath, [GATEWAY, `${name}=${stack}/24`, `${FAR}=127.0.0.1`])
    await gateway.printed(/ready/)
    await run('ip', 'address', 'add', `${kernel}/24`, 'dev', name)
    await run('ip', 'link', 'set', name, 'up')
    await run('ip', 'route', 'add', 'default', 'via', stack)
    const bytes = hundredMegabytes()
    http = createHttpServer((request, response) => {
      if (request.method === 'PUT') {
        const chunks: Buffer[] = []
        request.on('data', (chunk: Buffer) => chunks.push(chunk))
        request.on('end', () => response.end(sha256(Buffer.concat(chunks))))
      } else response.end(bytes.subarray(0, 20_000_000))
    }).listen(0, '127.0.0.1')
    await once(http, 'listening')
    port = (http.address() as AddressInfo).port
  })

  afterAll(async () => {
    http.close()
    for (const priority of ['99', '100']) await run('ip', 'rule', 'del', 'priority', priority)
    await run('ip', 'route', 'flush', 'table', '77')
    const { code, stdout, stderr } = await gateway.stop()
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/TcpExtForwardAccepts +\d+/)
  })

  test('curl fetches and uploads through it', async () => {
    const wanted = sha256(hundredMegabytes().subarray(0, 20_000_000))
    const url = `http://${FAR}:${port}/`
    const fetched = await execute('sh', ['-c', `curl -s --noproxy '*' ${url} | sha256sum`])
    expect(fetched.stdout).toMatch(wanted)
    const input = hundredMegabytes().subarray(0, 20_000_000)
    const { stdout } = await execute('curl', ['-s', '--noproxy', '*', '-T', '-', url], { input })
    expect(stdout).toBe(wanted)
  })

  test('nc gets all back that it sends, with half-close', async () => {
    const echo = await listenEcho('127.0.0.1')
    const input = hundredMegabytes().subarray(0, 3_000_000)
    const { stdout } = await execute('nc', ['-N', FAR, String(echo)], { input })
    expect(sha256(Buffer.from(stdout, 'latin1'))).toBe(sha256(input))
  })

  test('many connections at once are each their own', async () => {
    const echo = await listenEcho('127.0.0.1')
    const texts = Array.from({ length: 50 }, (_, i) => `connection ${i}`)
    const answers = texts.map(async (text) => {
      const socket = await dial(echo, FAR)
      socket.end(text)
      return String(await drain(socket))
    })
    expect(await Promise.all(answers)).toEqual(texts)
  })

  test('what the real host refuses is refused, what it cannot reach is unreachable', async () => {
    const closed = await listen('127.0.0.1', () => {})
    expect(await outcome(dial(1, FAR))).toBe('ECONNREFUSED')
    expect(await outcome(dial(closed, FAR))).toBe('')
    // The gateway's own sockets have no way there; those that are bound to the guest's address do, through the gateway.
    await run('ip', 'route', 'add', 'unreachable', NOWHERE, 'table', '77')
    await run('ip', 'rule', 'add', 'to', NOWHERE, 'lookup', '77', 'priority', '100')
    await run('ip', 'rule', 'add', 'from', kernel, 'lookup', 'main', 'priority', '99')
    const { stderr } = await execute('nc', ['-v', '-s', kernel, '-w', '5', NOWHERE, '80'])
    expect(stderr).toMatch(/[Nn]o route to host/)
  })

  test('datagrams come back from whoever they were for', async () => {
    const server = createSocket('udp4').bind(0, '127.0.0.1')
    server.on('message', (data, from) => server.send(`echo ${data}`, from.port, from.address))
    await once(server, 'listening')
    const socket = await kernelSocket(kernel)
    await socket.send('hello', server.address().port, FAR)
    await socket.count(1)
    expect(socket.received.map(({ data, from }) => `${data} from ${from.address}`)).toEqual([`echo hello from ${FAR}`])
    server.close()
  })

  test('pings are answered for any address', async () => {
    expect((await ping('-c', '2', '-i', '0.2', FAR)).received).toBe(2)
  })
})
