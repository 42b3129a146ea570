import { createSocket } from 'node:dgram'
import { beforeAll, describe, expect, test } from 'vitest'
import { kernelSocket, noise } from './in-process.test-support.js'
import { execute, kernelSettled, place, upAtOnce } from './kernel.test-support.js'

/** Printable, and different at every place. */
function text(length: number): string {
  return Array.from({ length: Math.ceil(length / 8) }, (_, i) => String(i).padStart(8, '-'))
    .join('')
    .slice(0, length)
}

describe.each([
  ['over TUN and IPv4, with offloads', 'tun', 4, []],
  ['over TUN and IPv4, without offloads', 'tun', 4, ['--no-offload']],
  ['over TUN and IPv6, with offloads', 'tun', 6, []],
  ['over TUN and IPv6, without offloads', 'tun', 6, ['--no-offload']],
  ['over TAP and IPv6, with offloads', 'tap', 6, []],
] as const)('the services of jackfield up, %s', (_title, kind, version, more) => {
  const { name, kernel, stack, parameters } = place(kind, version)
  beforeAll(async () => {
    await upAtOnce(...parameters, '--services', 'echo,discard,chargen,daytime', ...more)
    await kernelSettled(name)
  })

  /** nc -u: what comes back when it has sent this; it ends after that many datagrams. */
  async function netcat(port: number, input: string, answers: number): Promise<string> {
    const { stdout } = await execute('nc', ['-u', '-W', String(answers), stack, String(port)], { input })
    return stdout
  }

  test.each([1, 100, 1472, 1473, 9000, 16_384])('nc -u gets %i bytes back from echo', async (size) => {
    expect(await netcat(7, text(size), 1)).toBe(text(size))
  })

  test('nc -u gets 65,000 bytes back, in as many datagrams as it sends', async () => {
    expect(await netcat(7, text(65_000), Math.ceil(65_000 / 16_384))).toBe(text(65_000))
  })

  test('discard answers nothing, and goes on taking', async () => {
    const { stdout } = await execute('nc', ['-u', '-w', '1', stack, '9'], { input: text(1000) })
    expect(stdout).toBe('')
    expect(await netcat(7, 'still here', 1)).toBe('still here')
  })

  test('chargen answers with its pattern', async () => {
    const answer = await netcat(19, 'x', 1)
    const lines = answer.split('\r\n')
    expect(answer).toHaveLength(512)
    expect(lines[0]).toBe(Array.from({ length: 72 }, (_, i) => String.fromCharCode(32 + i)).join(''))
    expect(lines[1]).toBe(Array.from({ length: 72 }, (_, i) => String.fromCharCode(33 + i)).join(''))
  })

  test('daytime answers with the time, UTC', async () => {
    const before = Math.floor(Date.now() / 1000) * 1000
    const answer = await netcat(13, 'x', 1)
    expect(answer).toMatch(/^\w+day, \w+ \d+, \d{4} \d\d:\d\d:\d\d-UTC\r\n$/)
    const answered = Date.parse(answer.replace(/^\w+, /, '').replace('-UTC\r\n', ' UTC'))
    expect(answered).toBeGreaterThanOrEqual(before)
    expect(answered).toBeLessThanOrEqual(Date.now())
  })

  test.each([0, 1, 1472, 1473, 32_768, 65_000, 65_507])('a datagram of %i bytes comes back whole', async (size) => {
    const socket = await kernelSocket(kernel)
    await socket.send(noise(size), 7, stack)
    await socket.count(1)
    expect(socket.received[0]?.data.equals(noise(size))).toBe(true)
    expect(socket.received[0]?.from).toMatchObject({ address: stack, port: 7 })
  })

  test('20,000 datagrams come back once each, in order', async () => {
    const socket = await kernelSocket(kernel)
    const window = 50
    for (let sent = 0; sent < 20_000; sent += window) {
      for (let i = 0; i < window; i++) socket.socket.send(String(sent + i), 7, stack)
      await socket.count(sent + window)
    }
    expect(socket.received.map(({ data }) => Number(data))).toEqual(Array.from({ length: 20_000 }, (_, i) => i))
  })

  test('a port where nobody listens refuses', async () => {
    const socket = createSocket(version === 4 ? 'udp4' : 'udp6')
    await new Promise<void>((resolve) => socket.connect(4321, stack, resolve))
    const refused = new Promise<NodeJS.ErrnoException>((resolve) => socket.once('error', resolve))
    socket.send('hello')
    expect((await refused).code).toBe('ECONNREFUSED')
    socket.close()
  })
})
