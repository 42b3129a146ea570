import { beforeAll, describe, expect, test } from 'vitest'
import { execute, flood, ping, place, run, up } from './kernel.test-support.js'

/** Data bytes around the limits: of an MTU of 1500, of fragments at it, of the largest packet. */
const SIZES = [0, 1, 55, 1471, 1472, 1473, 1479, 1480, 2952, 2953, 8972, 32_768, 60_000, 65_507]

for (const [title, more] of [
  ['with offloads', []],
  ['without offloads', ['--no-offload']],
] as const) {
  describe(`ping over TUN ${title}`, () => {
    const { kernel, stack, parameters } = place('tun')
    beforeAll(async () => {
      await up(...parameters, ...more)
    })

    test('answers', async () => {
      expect(await ping('-c', '3', '-i', '0.5', stack)).toMatchObject({ sent: 3, received: 3 })
    })

    test('loses none of 20,000 of a flood', async () => {
      expect(await flood(20_000, stack)).toEqual({ sent: 20_000, answered: 20_000 })
    })

    test('loses none of a flood of fragments', async () => {
      expect(await flood(500, '-s', '20000', stack)).toEqual({ sent: 500, answered: 500 })
    })

    test.each(SIZES)('answers %i bytes with the same bytes', async (size) => {
      // ping compares the data and prints "wrong data byte" where it differs.
      const answered = await ping('-c', '3', '-l', '3', '-p', 'a1b2c3d4e5', '-s', String(size), stack)
      expect(answered).toMatchObject({ sent: 3, received: 3 })
      expect(answered.output).not.toContain('wrong data')
    })

    test('answers what may not be fragmented and is as large as the MTU', async () => {
      expect(await ping('-c', '2', '-l', '2', '-M', 'do', '-s', '1472', stack)).toMatchObject({ received: 2 })
    })

    test('keeps type of service and gives its own TTL', async () => {
      const { stdout } = await execute('ping', ['-c', '1', '-Q', '0x28', stack])
      expect(stdout).toContain(`64 bytes from ${stack}: icmp_seq=1 ttl=64`)
    })

    test('records the route both ways', async () => {
      const { stdout } = await execute('ping', ['-c', '1', '-R', stack])
      const [, recorded = ''] = /RR:(.*?)\n\n/s.exec(stdout) ?? []
      expect(recorded.trim().split(/\s+/)).toEqual([kernel, stack, stack, kernel])
    })

    test('stamps the time both ways', async () => {
      const { stdout } = await execute('ping', ['-c', '1', '-T', 'tsandaddr', stack])
      const [, stamps = ''] = /TS:(.*?)\n\n/s.exec(stdout) ?? []
      expect([...stamps.matchAll(/10\.\d+\.\d+\.\d+/g)].map(([address]) => address)).toEqual([
        kernel,
        stack,
        stack,
        kernel,
      ])
    })

    test('is silent for an address that is not its own', async () => {
      expect(await ping('-c', '2', '-l', '2', '-W', '0.5', stack.replace(/2$/, '77'))).toMatchObject({ received: 0 })
    })
  })
}

describe('several addresses', () => {
  test('are all answered from', async () => {
    const { name, stack, host, parameters } = place('tun')
    await up(...parameters, '--address', `${host(3)}/24`, '--address', '10.78.4.5/16')
    await run('ip', 'route', 'add', '10.78.0.0/16', 'dev', name)
    for (const address of [stack, host(3), '10.78.4.5']) {
      expect(await ping('-c', '2', '-l', '2', address)).toMatchObject({ sent: 2, received: 2 })
    }
  })
})

describe('the MTU', () => {
  test.each([576, 1280, 9000, 65_535])('of %i bytes is set on the device and kept to', async (mtu) => {
    const { name, stack, parameters } = place('tun')
    const running = await up(...parameters, '--mtu', String(mtu))
    expect(await run('ip', 'link', 'show', name)).toContain(`mtu ${mtu} `)
    for (const size of [mtu - 28, mtu - 27, 60_000]) {
      expect(await ping('-c', '2', '-l', '2', '-s', String(Math.min(size, 65_507)), stack)).toMatchObject({
        received: 2,
      })
    }
    expect((await running.stop()).code).toBe(0)
  })
})

describe('the limit on errors', () => {
  test('does not hold for echo', async () => {
    const { stack, parameters } = place('tun')
    await up(...parameters, '--sysctl', 'net.ipv4.icmp_msgs_per_sec=1', '--sysctl', 'net.ipv4.icmp_msgs_burst=1')
    expect(await flood(200, stack)).toEqual({ sent: 200, answered: 200 })
  })

  test('echo can be turned off', async () => {
    const { stack, parameters } = place('tun')
    await up(...parameters, '--sysctl', 'net.ipv4.icmp_echo_ignore_all=1')
    expect(await ping('-c', '2', '-l', '2', '-W', '0.5', stack)).toMatchObject({ sent: 2, received: 0 })
  })
})
