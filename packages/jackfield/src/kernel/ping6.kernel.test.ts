import { beforeAll, describe, expect, test } from 'vitest'
import { execute, flood, ping, place, up } from './kernel.test-support.js'

/** Data bytes around the limits: of the least MTU, of one of 1500, of fragments at it, of large datagrams. */
const SIZES = [0, 1, 55, 1231, 1232, 1233, 1447, 1448, 1452, 1453, 2896, 8972, 32_768, 60_000, 65_507]

for (const [title, more] of [
  ['with offloads', []],
  ['without offloads', ['--no-offload']],
] as const) {
  describe(`ping -6 over TUN ${title}`, () => {
    const { stack, parameters } = place('tun', 6)
    beforeAll(async () => {
      await up(...parameters, ...more)
    })

    test('answers', async () => {
      expect(await ping('-6', '-c', '3', '-i', '0.3', stack)).toMatchObject({ sent: 3, received: 3 })
    })

    test('loses none of 20,000 of a flood', async () => {
      expect(await flood(20_000, '-6', stack)).toEqual({ sent: 20_000, answered: 20_000 })
    })

    test('loses none of a flood of fragments', async () => {
      expect(await flood(500, '-6', '-s', '20000', stack)).toEqual({ sent: 500, answered: 500 })
    })

    test.each(SIZES)('answers %i bytes with the same bytes', async (size) => {
      const answered = await ping('-6', '-c', '3', '-l', '3', '-p', 'a1b2c3d4e5', '-s', String(size), stack)
      expect(answered).toMatchObject({ sent: 3, received: 3 })
      expect(answered.output).not.toContain('wrong data')
    })

    test('keeps the traffic class and gives its own hop limit', async () => {
      const { stdout } = await execute('ping', ['-6', '-c', '1', '-Q', '0x28', stack])
      expect(stdout).toContain('icmp_seq=1 ttl=64')
    })

    test('is silent for an address that is not its own', async () => {
      expect(await ping('-6', '-c', '2', '-l', '2', '-W', '0.5', stack.replace(/2$/, '77'))).toMatchObject({
        received: 0,
      })
    })
  })
}

describe('link-local addresses over TUN', () => {
  test('answer with their zone', async () => {
    const { name, parameters } = place('tun', 6)
    await up(...parameters, '--address', 'fe80::77/64')
    expect(await ping('-6', '-c', '3', '-l', '3', `fe80::77%${name}`)).toMatchObject({ sent: 3, received: 3 })
    expect(await ping('-6', '-c', '3', '-l', '3', '-s', '20000', `fe80::77%${name}`)).toMatchObject({ received: 3 })
  })

  test('all nodes are the stack too', async () => {
    const { name, parameters } = place('tun', 6)
    await up(...parameters, '--address', 'fe80::77/64')
    const { stdout } = await execute('ping', ['-6', '-c', '2', '-i', '0.5', '-I', name, 'ff02::1'])
    expect(stdout).toContain('bytes from fe80::77')
  })
})

describe('errors', () => {
  test('a port without a socket is unreachable, and the kernel says so to its program', async () => {
    const { stack, parameters } = place('tun', 6)
    await up(...parameters)
    const probe = `
      const socket = require('node:dgram').createSocket('udp6')
      socket.on('error', (error) => { console.log(error.code); socket.close() })
      socket.connect(9, '${stack}', () => socket.send('x', () => undefined))
    `
    expect((await execute(process.execPath, ['-e', probe])).stdout.trim()).toBe('ECONNREFUSED')
  })

  test('a path of 1280 bytes is kept to in both directions', async () => {
    const { stack, parameters } = place('tun', 6)
    await up(...parameters, '--mtu', '1280')
    expect(await ping('-6', '-c', '2', '-l', '2', '-s', '5000', stack)).toMatchObject({ received: 2 })
  })
})
