import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SocketAddress } from '@jackfield/addr'
import {
  AF_INET,
  AF_INET6,
  IPV6_V6ONLY,
  SO_REUSEADDR,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_IPV6,
  SOL_SOCKET,
  type Sockets,
} from '@jackfield/sockets'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kernelSocket, type OpenStack, openStack, receive, settled } from './in-process.test-support.js'
import { bracketed, execute, kernelSettled, place, run, up } from './kernel.test-support.js'
import { drainStack } from './stack-stream.test-support.js'
import { dial, listen, outcome } from './tcp.test-support.js'

const folder = mkdtempSync(join(tmpdir(), 'jackfield-dual-'))
afterAll(() => rmSync(folder, { recursive: true }))

const PROGRAMS = [
  { version: 4, nc: '-4', curl: '--ipv4' },
  { version: 6, nc: '-6', curl: '--ipv6' },
] as const

describe.each(['tun', 'tap'] as const)('the listeners of jackfield up over %s are reached by both families', (kind) => {
  const { name, stack: stack6, parameters } = place(kind, 6)
  const stack4 = kind === 'tun' ? '10.79.1.2' : '10.79.2.2'
  const addresses = { 4: stack4, 6: stack6 }
  beforeAll(async () => {
    writeFileSync(join(folder, 'both.txt'), 'for both')
    await up(...parameters, '--address', `${stack4}/24`, '--services', `echo,http=${folder}`)
    await run('ip', 'address', 'add', stack4.replace(/2$/, '1/24'), 'dev', name)
    await kernelSettled(name)
  })

  test.each(PROGRAMS)('nc $nc gets back what it sends', async ({ version, nc }) => {
    const input = `over IPv${version}`
    const { code, stdout } = await execute('nc', [nc, '-N', addresses[version], '7'], { input })
    expect({ code, stdout }).toEqual({ code: 0, stdout: input })
    const answered = await execute('nc', [nc, '-u', '-W', '1', addresses[version], '7'], { input })
    expect(answered.stdout).toBe(input)
  })

  test.each(PROGRAMS)('curl $curl gets the file by a name that has both addresses', async ({ version, curl }) => {
    const names = `both.test:80:${stack4},${bracketed(stack6)}`
    const asked = ['--silent', '--max-time', '60', curl, '--resolve', names, '-w', ' %{remote_ip}']
    expect(await run('curl', ...asked, 'http://both.test/both.txt')).toBe(`for both ${addresses[version]}`)
  })
})

/** A stack with addresses of both versions. */
async function openBoth(): Promise<{ opened: OpenStack; sockets: Sockets; stack4: string; kernel4: string }> {
  const number = Number(/\d+/.exec(place('tun').name)?.[0])
  const [stack4, kernel4] = [`10.80.${number}.2`, `10.80.${number}.1`]
  const opened = openStack('tun', { version: 6, addresses: [`${stack4}/24`] })
  await run('ip', 'address', 'add', `${kernel4}/24`, 'dev', opened.name)
  await settled(opened)
  return { opened, sockets: opened.sockets, stack4, kernel4 }
}

/** A listening stream socket of IPv6, for both versions or for its own. */
function listener(sockets: Sockets, only: 0 | 1, port = 80): number {
  const fd = sockets.socket(AF_INET6, SOCK_STREAM)
  sockets.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1)
  sockets.setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, only)
  sockets.bind(fd, `[::]:${port}`)
  sockets.listen(fd)
  return fd
}

/** Accepts, reads all, and gives the peer and what it sent. */
async function accepted(sockets: Sockets, listening: number): Promise<[string, string]> {
  const peer = new SocketAddress()
  const fd = await sockets.promises.accept(listening, { peer, signal: AbortSignal.timeout(20_000) })
  const received = (await drainStack(sockets, fd)).toString()
  sockets.close(fd)
  return [`${peer.address}`, received]
}

describe('a socket on ::', () => {
  test('accepts the connections of both, those of IPv4 from mapped addresses', async () => {
    const { opened, sockets, stack4, kernel4 } = await openBoth()
    const listening = listener(sockets, 0)
    ;(await dial(80, stack4)).end('by IPv4')
    expect(await accepted(sockets, listening)).toEqual([`::ffff:${kernel4}`, 'by IPv4'])
    ;(await dial(80, opened.stack)).end('by IPv6')
    expect(await accepted(sockets, listening)).toEqual([opened.kernel, 'by IPv6'])
  })

  test('that is for IPv6 alone leaves IPv4 to others', async () => {
    const { opened, sockets, stack4, kernel4 } = await openBoth()
    const six = listener(sockets, 1)
    expect(await outcome(dial(80, stack4))).toBe('ECONNREFUSED')
    const four = sockets.socket(AF_INET, SOCK_STREAM)
    sockets.bind(four, '0.0.0.0:80')
    sockets.listen(four)
    ;(await dial(80, stack4)).end('by IPv4')
    ;(await dial(80, opened.stack)).end('by IPv6')
    expect(await accepted(sockets, four)).toEqual([kernel4, 'by IPv4'])
    expect(await accepted(sockets, six)).toEqual([opened.kernel, 'by IPv6'])
  })

  test('takes and answers datagrams of both', async () => {
    const { opened, sockets, stack4, kernel4 } = await openBoth()
    const fd = sockets.socket(AF_INET6, SOCK_DGRAM)
    sockets.setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, 0)
    sockets.bind(fd, '[::]:5000')
    for (const [ours, theirs] of [
      [stack4, kernel4],
      [opened.stack, opened.kernel],
    ] as const) {
      const peer = await kernelSocket(theirs)
      await peer.send('to both', 5000, ours)
      const { data, from } = await receive(sockets, fd)
      expect(new TextDecoder().decode(data)).toBe('to both')
      const mapped = theirs === kernel4 ? `::ffff:${theirs}` : theirs
      expect(from).toBe(`[${mapped}]:${peer.port}`)
      sockets.sendto(fd, 'back', 0, `[${mapped}]:${peer.port}`)
      await peer.count(1)
      expect(peer.received[0]?.from).toMatchObject({ address: ours, port: 5000 })
    }
  })

  test('connects to both', async () => {
    const { opened, sockets, kernel4 } = await openBoth()
    const peers: string[] = []
    const port = await listen('::', (socket) => {
      peers.push(socket.remoteAddress ?? '')
      socket.end('welcome')
      socket.resume()
    })
    for (const address of [`::ffff:${kernel4}`, opened.kernel]) {
      const fd = sockets.socket(AF_INET6, SOCK_STREAM)
      await sockets.promises.connect(fd, `[${address}]:${port}`)
      expect((await drainStack(sockets, fd)).toString()).toBe('welcome')
      sockets.close(fd)
    }
    expect(peers).toEqual([expect.stringMatching(/^::ffff:10\.80\.\d+\.2$/), opened.stack])
  })
})
