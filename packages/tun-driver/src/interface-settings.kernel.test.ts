import { expect, test } from 'vitest'
import { run } from './host.test-commands.js'
import { configureInterface, openTap, openTun, readInterface, TunError } from './index.js'

test('addresses, MTU and state are set without the ip command, and routed', async () => {
  const device = openTun({ name: 'tunset' })
  expect(readInterface('tunset')).toMatchObject({ up: false, mtu: 1500 })
  configureInterface({ name: 'tunset', address: ['10.80.1.1/20', 'fd00:80::1/64'], mtu: 1400 })
  expect(readInterface('tunset')).toMatchObject({ up: true, mtu: 1400, index: device.index })
  const addresses = await run('ip', '-o', 'address', 'show', 'dev', 'tunset')
  expect(addresses).toMatch(/inet 10\.80\.1\.1\/20 /)
  expect(addresses).toMatch(/inet6 fd00:80::1\/64 /)
  expect(await run('ip', 'route', 'get', '10.80.15.9')).toMatch(/dev tunset src 10\.80\.1\.1/)
  expect(await run('ip', '-6', 'route', 'get', 'fd00:80::9')).toMatch(/dev tunset/)
  // Another IPv4 address takes its place; an IPv6 address that is there already stays.
  configureInterface({ name: 'tunset', address: ['10.81.0.1/30', 'fd00:80::1/64'] })
  expect(await run('ip', '-o', '-4', 'address', 'show', 'dev', 'tunset')).not.toMatch(/10\.80/)
  configureInterface({ name: 'tunset', up: false })
  expect(readInterface('tunset')).toMatchObject({ up: false, running: false })
  configureInterface({ name: 'tunset', address: '10.81.0.1/30', up: false })
  expect(readInterface('tunset')).toMatchObject({ up: false })
  device.close()
})

test('the hardware address of the kernel is set', () => {
  const device = openTap({ name: 'tapset' })
  configureInterface({ name: 'tapset', hardwareAddress: '02:00:00:00:00:42' })
  expect(readInterface('tapset')?.hardwareAddress?.toString()).toBe('02:00:00:00:00:42')
  device.close()
})

test('an interface that does not exist is null to read and an error to set', () => {
  expect(readInterface('nothing0')).toBeNull()
  expect(() => configureInterface({ name: 'nothing0', mtu: 1400 })).toThrow(TunError)
  expect(() => configureInterface({ name: 'nothing0', address: 'fd00::1/64' })).toThrow(
    /there is no interface nothing0/,
  )
})
