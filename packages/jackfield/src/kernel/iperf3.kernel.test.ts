import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { execute, kernelSettled, place, Running, upAtOnce } from './kernel.test-support.js'
import { dial, drain } from './tcp.test-support.js'

const EXAMPLE = fileURLToPath(new URL('../../../../examples/iperf3-server/src/server.js', import.meta.url))

/** As much of what `iperf3 -J` prints as is looked at. */
interface Report {
  readonly error?: string
  readonly start: { readonly test_start: { readonly num_streams: number } }
  readonly end: {
    readonly streams: readonly unknown[]
    readonly sum: Sum
    readonly sum_sent: Sum
    readonly sum_received: Sum
    readonly sum_sent_bidir_reverse: Sum
    readonly sum_received_bidir_reverse: Sum
    readonly sender_tcp_congestion?: string
    readonly receiver_tcp_congestion?: string
  }
}

interface Sum {
  readonly bytes: number
  readonly seconds: number
  readonly retransmits?: number
  readonly packets?: number
  readonly lost_packets?: number
  readonly jitter_ms?: number
}

/** A stock client's test, which must go to its end. */
async function measured(address: string, ...parameters: string[]): Promise<Report> {
  const { code, stdout } = await execute('iperf3', ['-J', '-c', address, ...parameters], { timeout: 100_000 })
  const report = JSON.parse(stdout) as Report
  expect(report.error).toBeUndefined()
  expect(code).toBe(0)
  return report
}

/** Datagrams either way, counted by both sides. */
async function datagrams(address: string, ...more: string[]): Promise<void> {
  const { end } = await measured(address, '-u', '-b', '50M', '-n', '1M', ...more)
  expect(end.sum.packets).toBeGreaterThan(100)
  expect(end.sum.bytes).toBeGreaterThan(100_000)
  expect(end.sum.lost_packets).toBeLessThanOrEqual(end.sum.packets ?? 0)
}

describe.each([
  { title: 'jackfield up over IPv4', kind: 'tun', version: 4, serves: 'up' },
  { title: 'jackfield up over IPv6', kind: 'tun', version: 6, serves: 'up' },
  { title: 'jackfield up over IPv6 and TAP', kind: 'tap', version: 6, serves: 'up', short: true },
  { title: 'the example over IPv4', kind: 'tun', version: 4, serves: 'example', short: true },
] as const)('iperf3 against $title', ({ kind, version, serves, ...way }) => {
  const { name, kernel, stack, parameters } = place(kind, version)
  let running: Running | null = null
  beforeAll(async () => {
    if (serves === 'example') {
      running = new Running(process.execPath, [EXAMPLE, `${name}=${stack}/24`, `${kernel}/24`])
      await running.printed(/ready.*\n/)
    } else {
      await upAtOnce(...parameters, '--services', 'iperf3')
    }
    await kernelSettled(name)
  })
  afterAll(async () => {
    if (running !== null) expect(await running.stop()).toMatchObject({ code: 0, stderr: '' })
  })

  test('-c: the client sends', async () => {
    const { end } = await measured(stack, '-t', '1')
    expect(end.sum_sent.bytes).toBeGreaterThan(1_000_000)
    // What is under way at the end is not counted.
    expect(end.sum_received.bytes).toBeGreaterThan(0)
    expect(end.sum_received.bytes).toBeLessThanOrEqual(end.sum_sent.bytes)
    expect(end.sum_received.seconds).toBeGreaterThanOrEqual(1)
    expect(end.receiver_tcp_congestion).toBe('cubic')
  })

  test('-R: the stack sends', async () => {
    const { end } = await measured(stack, '-R', '-t', '1')
    expect(end.sum_received.bytes).toBeGreaterThan(1_000_000)
    expect(end.sum_received.bytes).toBeLessThanOrEqual(end.sum_sent.bytes)
    expect(end.sum_sent.retransmits).toBeGreaterThanOrEqual(0)
    expect(end.sender_tcp_congestion).toBe('cubic')
  })

  test.each([[[]], [['-R']]])('-n, -P 4 %j: so many bytes, over four streams', async (more) => {
    const { end, start } = await measured(stack, '-n', '100M', '-P', '4', ...more)
    expect(start.test_start.num_streams).toBe(4)
    expect(end.streams).toHaveLength(4)
    expect(end.sum_sent.bytes).toBeGreaterThanOrEqual(100 * 2 ** 20)
    if (more.length > 0) expect(end.sum_received.bytes).toBe(100 * 2 ** 20)
  })

  test.each([[[]], [['-R']]])('-u %j: datagrams', async (more) => {
    await datagrams(stack, ...more)
  })

  // The rest is the service's alone, whatever it is started by and whatever device is below.
  if ('short' in way) return

  test.each([[['--udp-counters-64bit']], [['-R', '-P', '3']]])('-u %j: datagrams', async (more) => {
    await datagrams(stack, ...more)
  })

  test('--bidir: both send', async () => {
    const { end } = await measured(stack, '--bidir', '-t', '1', '-P', '2')
    for (const sum of [end.sum_sent, end.sum_received, end.sum_sent_bidir_reverse, end.sum_received_bidir_reverse]) {
      expect(sum.bytes).toBeGreaterThan(100_000)
    }
  })

  test('options of the connections, a rate, and seconds that do not count', async () => {
    const options = ['-N', '-M', '1000', '-l', '32K', '-S', '0x20', '-C', 'reno']
    const { end } = await measured(stack, '-R', '-t', '1', '-O', '1', '-b', '20M', ...options)
    expect(end.sender_tcp_congestion).toBe('reno')
    // 2.5 MB a second; the end comes later where the machine is busy.
    expect(end.sum_sent.bytes).toBeLessThan(3_000_000 * Math.max(1, end.sum_sent.seconds))
    expect(end.sum_sent.bytes).toBeGreaterThan(100_000)
  })

  test('another client is refused while one is served, which goes on', async () => {
    const first = new Running('iperf3', ['-c', stack, '-R', '-t', '2', '--forceflush'])
    await first.printed(/connected to/)
    const second = await execute('iperf3', ['-c', stack, '-n', '1M'])
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining('the server is busy running a test') })
    expect(await first.within(60_000)).toMatchObject({ code: 0, stderr: '' })
    await measured(stack, '-n', '1M')
  })

  test('clients that talk nonsense, go or say nothing do not end the service', async () => {
    const cookie = `${'a'.repeat(36)}\0`
    for (const more of ['', '\0\0\0\0', '\xff\xff\xff\xff', '\0\0\0\x02[]', '\0\0\0\x02{}', '\0\0\0\x0fx']) {
      const connection = await dial(5201, stack)
      const all = drain(connection)
      connection.end(Buffer.from(cookie + more, 'latin1'))
      expect((await all)[0]).toBe(9)
    }
    const gone = await dial(5201, stack)
    gone.write(cookie)
    await new Promise((resolve) => gone.once('data', resolve))
    gone.resetAndDestroy()
    await measured(stack, '-n', '1M')
  })
})
