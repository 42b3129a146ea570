import { MacAddress, Prefix } from '@jackfield/addr'
import { expect, test } from 'vitest'
import { checkOptions, type TunOptions } from './options.js'

test('what is left out has its default', () => {
  expect(checkOptions({})).toMatchObject({
    mode: 'tun',
    name: 'tun%d',
    offload: true,
    queues: 1,
    persist: undefined,
    hardwareAddress: undefined,
    host: { addresses: [], mtu: undefined, up: undefined },
  })
  expect(checkOptions({ mode: 'tap' }).name).toBe('tap%d')
  expect(checkOptions({ address: '10.0.0.1/24' }).host.up).toBe(true)
  expect(checkOptions({ address: '10.0.0.1/24', up: false }).host.up).toBe(false)
})

test('a TAP device has an address of its own, local and no group', () => {
  for (let i = 0; i < 50; i++) {
    const address = checkOptions({ mode: 'tap' }).hardwareAddress as MacAddress
    expect([address.isLocal, address.isMulticast]).toEqual([true, false])
  }
  const given = MacAddress.parse('02:00:00:00:00:01')
  expect(checkOptions({ mode: 'tap', hardwareAddress: given }).hardwareAddress).toBe(given)
})

const wrong: readonly (readonly [TunOptions, RegExp])[] = [
  [{ mode: 'bridge' as 'tun' }, /mode must be 'tun' or 'tap', not bridge/],
  [{ name: '' }, /is not an interface name/],
  [{ name: 'sixteen-letters!' }, /1 to 15/],
  [{ name: 'a b' }, /without space/],
  [{ name: 'a/b' }, /without space, '\/'/],
  [{ name: '..' }, /is not an interface name/],
  [{ name: 'tun%d%d' }, /is not an interface name/],
  [{ name: 'tun%s' }, /first free number/],
  [{ queues: 0 }, /queues must be an integer from 1 to 256, not 0/],
  [{ queues: 1.5 }, /queues must be/],
  [{ busyPoll: -1 }, /busyPoll must be 0 to 10000/],
  [{ busyPoll: Number.NaN }, /busyPoll must be/],
  [{ mtu: 67 }, /mtu must be an integer from 68/],
  [{ mtu: 65_536 }, /mtu must be/],
  [{ mtu: 1000, address: 'fd00::1/64' }, /at least 1280/],
  [{ address: '10.0.0.1' }, /is not a prefix/],
  [{ address: ['10.0.0.1/24', '10.0.1.1/24'] }, /one IPv4 address/],
  [{ hardwareAddress: '02:00:00:00:00:01' }, /no hardware addresses/],
  [{ mode: 'tap', hardwareAddress: '03:00:00:00:00:01' }, /group or zero/],
  [{ mode: 'tap', hostHardwareAddress: 'nothing' }, /is not a MAC address/],
]

test.each(wrong)('%o is refused', (options, message) => {
  expect(() => checkOptions(options)).toThrow(message)
})

test('addresses are taken as text and as prefixes', () => {
  const prefix = Prefix.parse('fd00::1/64')
  expect(checkOptions({ address: prefix }).host.addresses).toEqual([prefix])
  expect(checkOptions({ address: ['10.0.0.1/24', prefix] }).host.addresses.map(String)).toEqual([
    '10.0.0.1/24',
    'fd00::1/64',
  ])
})
