import type { Socket } from 'node:net'
import { SOL_TCP, TCP_CONGESTION, TCP_INFO } from '@jackfield/sockets'
import type { TcpInfo } from '@jackfield/tcp'
import { describe, expect, test } from 'vitest'
import { noise, type OpenStack, openStack } from './in-process.test-support.js'
import { BOTH_VERSIONS, bracketed, run, until } from './kernel.test-support.js'
import { connectStack, exchangeStack, listenStack } from './stack-stream.test-support.js'
import { dial, listen, listenEcho } from './tcp.test-support.js'

/** The bits of `tcpi_options`. */
const [TIMESTAMPS, SACK, WSCALE] = [1, 2, 4]

/**
 * What the kernel says of its connections to the stack. `ts` and `sack` are listed only with -e (or -o), as options of
 * the socket.
 */
function ss({ stack }: OpenStack): Promise<string> {
  return run('ss', '-tieHn', 'dst', bracketed(stack))
}

/** Without BBR, under which the kernel paces. */
async function withCubic(opened: OpenStack): Promise<OpenStack> {
  const { name, kernel, host, length } = opened
  const subnet = `${host(0)}/${length}`
  // The one that the kernel made with the address.
  const metric = kernel.includes(':') ? '256' : '0'
  await run('ip', 'route', 'replace', subnet, 'dev', name, 'src', kernel, 'metric', metric, 'congctl', 'cubic')
  return opened
}

function info({ sockets }: OpenStack, fd: number): TcpInfo {
  return sockets.getsockopt(fd, SOL_TCP, TCP_INFO) as unknown as TcpInfo
}

const COMBINATIONS: [title: string, sysctl: Record<string, number>, listed: RegExp, bits: number][] = [
  ['all three', {}, /\sts sack cubic wscale:\d+,10 /, TIMESTAMPS | SACK | WSCALE],
  ['no time stamps', { 'net.ipv4.tcp_timestamps': 0 }, /\ssack cubic wscale:\d+,10 /, SACK | WSCALE],
  ['no SACK', { 'net.ipv4.tcp_sack': 0 }, /\sts cubic wscale:\d+,10 /, TIMESTAMPS | WSCALE],
  ['no window scale', { 'net.ipv4.tcp_window_scaling': 0 }, /\sts sack cubic rto/, TIMESTAMPS | SACK],
  [
    'none',
    { 'net.ipv4.tcp_timestamps': 0, 'net.ipv4.tcp_sack': 0, 'net.ipv4.tcp_window_scaling': 0 },
    /^\s*cubic rto/m,
    0,
  ],
]

const WAYS = BOTH_VERSIONS.flatMap(({ version }) => COMBINATIONS.map((each) => [version, ...each] as const))

describe.each(WAYS)('options that the stack has over IPv%i: %s', (version, _title, sysctl, listed, bits) => {
  test('are agreed where the kernel calls, and both sides say so', async () => {
    const opened = await withCubic(openStack('tun', { version, sysctl }))
    const { sockets, stack } = opened
    const listening = listenStack(opened, 5000)
    await dial(5000, stack)
    const fd = await sockets.promises.accept(listening)
    expect((await ss(opened)).replaceAll('<->', '')).toMatch(listed)
    expect(info(opened, fd).tcpi_options & (TIMESTAMPS | SACK | WSCALE)).toBe(bits)
    expect(sockets.getsockopt(fd, SOL_TCP, TCP_CONGESTION)).toBe('cubic')
  })

  test('are agreed where the stack calls, and bytes pass', async () => {
    const opened = await withCubic(openStack('tun', { version, sysctl }))
    const { sockets, kernel } = opened
    const accepted: Socket[] = []
    const fd = await connectStack(sockets, await listen(kernel, (socket) => accepted.push(socket)), kernel)
    await until(() => accepted.length === 1, 'the connection')
    expect((await ss(opened)).replaceAll('<->', '')).toMatch(listed)
    expect(info(opened, fd).tcpi_options & (TIMESTAMPS | SACK | WSCALE)).toBe(bits)
    const echo = await connectStack(sockets, await listenEcho(kernel), kernel)
    expect((await exchangeStack(sockets, echo, noise(300_000))).equals(noise(300_000))).toBe(true)
  })
})
