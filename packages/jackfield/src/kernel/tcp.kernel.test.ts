import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noise } from './in-process.test-support.js'
import { BOTH_VERSIONS, execute, kernelSettled, place, run, upAtOnce } from './kernel.test-support.js'
import { tcpExchange } from './router.test-support.js'
import { broken, dial, drain, hundredMegabytes, outcome, sha256 } from './tcp.test-support.js'
import { faults, fields } from './tshark.test-support.js'

const SERVICES = ['--services', 'echo,discard,chargen,daytime']

/** nc -N: sends this, then FIN, and gives what comes back until the other end's FIN. */
async function netcat(address: string, port: number, input: string): Promise<string> {
  const { code, stdout, stderr } = await execute('nc', ['-N', address, String(port)], { input })
  expect(stderr).toBe('')
  expect(code).toBe(0)
  return stdout
}

describe.each([
  ['over TUN and IPv4, with offloads', 'tun', 4, [], 100],
  ['over TUN and IPv4, without offloads', 'tun', 4, ['--no-offload'], 100],
  ['over TUN and IPv4, at MTU 1280', 'tun', 4, ['--mtu', '1280'], 20],
  ['over TUN and IPv4, at MTU 1280 without offloads', 'tun', 4, ['--mtu', '1280', '--no-offload'], 20],
  ['over TUN and IPv4, at MTU 9000', 'tun', 4, ['--mtu', '9000'], 20],
  ['over TUN and IPv4, at MTU 65000', 'tun', 4, ['--mtu', '65000'], 20],
  ['over TUN and IPv4, at MTU 65000 without offloads', 'tun', 4, ['--mtu', '65000', '--no-offload'], 20],
  ['over TUN and IPv6, with offloads', 'tun', 6, [], 100],
  ['over TUN and IPv6, without offloads', 'tun', 6, ['--no-offload'], 100],
  ['over TUN and IPv6, at MTU 1280', 'tun', 6, ['--mtu', '1280'], 20],
  ['over TUN and IPv6, at MTU 65000 without offloads', 'tun', 6, ['--mtu', '65000', '--no-offload'], 20],
  ['over TAP and IPv6, with offloads', 'tap', 6, [], 20],
  ['over TAP and IPv6, without offloads', 'tap', 6, ['--no-offload'], 20],
] as const)('connections to jackfield up, %s', (_title, kind, version, more, megabytes) => {
  const { name, stack, parameters } = place(kind, version)
  beforeAll(async () => {
    await upAtOnce(...parameters, ...SERVICES, ...more)
    await kernelSettled(name)
  })

  test.each([0, 1, 1220, 1448, 65_536, 1_000_000])('nc gets %i bytes back from echo after its FIN', async (size) => {
    const text = noise(size).toString('latin1')
    const { code, stdout } = await execute('nc', ['-N', stack, '7'], { input: Buffer.from(text, 'latin1') })
    expect(code).toBe(0)
    expect(stdout === text).toBe(true)
  })

  test('discard takes all and answers nothing', async () => {
    expect(await netcat(stack, 9, 'x'.repeat(1_000_000))).toBe('')
  })

  test('chargen sends its lines until the other end closes', async () => {
    const output = await run('sh', '-c', `nc -d ${stack} 19 | head -c 1000000`)
    const lines = output.split('\r\n')
    const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('')
    expect(output).toHaveLength(1_000_000)
    for (const [i, line] of lines.slice(0, -1).entries()) {
      expect(line).toBe((printable + printable).slice(i % 95, (i % 95) + 72))
    }
  })

  test(`${megabytes} MB come back from echo as they were sent`, async () => {
    const sent = hundredMegabytes().subarray(0, megabytes * 1_000_000)
    const received = await tcpExchange(stack, sent)
    expect(received.length).toBe(sent.length)
    expect(sha256(received)).toBe(sha256(sent))
  })

  test('a port where nobody listens refuses', async () => {
    expect(await outcome(dial(4321, stack))).toBe('ECONNREFUSED')
  })
})

describe.each(BOTH_VERSIONS)('many connections to jackfield up over IPv$version', ({ version }) => {
  const { stack, parameters } = place('tun', version)
  beforeAll(async () => {
    await upAtOnce(...parameters, ...SERVICES)
  })

  async function exchange(number: number): Promise<void> {
    const connection = await dial(7, stack)
    const sent = noise(1 + (number % 5000), number)
    connection.end(sent)
    expect((await drain(connection)).equals(sent)).toBe(true)
  }

  test('500 at once', async () => {
    await Promise.all(Array.from({ length: 500 }, (_, i) => exchange(i)))
  })

  test('1000 one after the other', async () => {
    for (let i = 0; i < 1000; i++) await exchange(i)
  })

  test('500 open, then used from the last to the first', async () => {
    const connections = await Promise.all(Array.from({ length: 500 }, () => dial(7, stack)))
    for (const [i, connection] of connections.reverse().entries()) {
      connection.end(`number ${i}`)
      expect((await drain(connection)).toString()).toBe(`number ${i}`)
    }
  })

  test('200 that are reset by the kernel leave the service as it was', async () => {
    const connections = await Promise.all(Array.from({ length: 200 }, () => dial(19, stack)))
    for (const connection of connections) connection.resetAndDestroy()
    await exchange(1)
  })
})

describe('captures of connections', () => {
  const directory = mkdtempSync(join(tmpdir(), 'jackfield-'))
  afterAll(() => rmSync(directory, { recursive: true }))

  test.each([
    ['over IPv4 with offloads', 'tun', 4, []],
    ['over IPv4 without offloads', 'tun', 4, ['--no-offload']],
    ['over IPv4 at MTU 9000', 'tun', 4, ['--mtu', '9000']],
    ['over IPv6 with offloads', 'tun', 6, []],
    ['over IPv6 without offloads', 'tun', 6, ['--no-offload']],
    ['over IPv6 and TAP', 'tap', 6, []],
  ] as const)('have no malformed packet and no bad checksum, %s', async (title, kind, version, more) => {
    const { name, stack, kernel, parameters } = place(kind, version)
    const from = version === 4 ? 'ip.src' : 'ipv6.src'
    const file = join(directory, `${title}.pcapng`)
    const running = await upAtOnce(...parameters, ...SERVICES, '--pcap', file, ...more)
    await kernelSettled(name)
    const sent = noise(2_000_000)
    expect((await tcpExchange(stack, sent)).equals(sent)).toBe(true)
    expect(await outcome(dial(4321, stack))).toBe('ECONNREFUSED')
    // Closed with data that nobody read.
    const chargen = await dial(19, stack)
    chargen.pause()
    const over = broken(chargen)
    chargen.resetAndDestroy()
    expect(await over).toBe('closed without an error')
    expect(await running.stop()).toMatchObject({ code: 0, stderr: '' })
    expect(await faults(file)).toBe('')
    // Options of SYN and SYN-ACK stand in Linux's order: MSS, SACK permitted, time stamps, NOP, window scale.
    const syns = await fields(file, 'tcp.flags.syn == 1', from, 'tcp.option_kind')
    expect([...new Set(syns)].sort()).toEqual([`${kernel}\t2,4,8,1,3`, `${stack}\t2,4,8,1,3`])
    expect(await fields(file, `${from} == ${stack} && tcp.flags.fin == 1`, 'tcp.len')).not.toEqual([])
  })
})
