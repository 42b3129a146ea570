import { expect, test } from 'vitest'
import { isHostSetting } from './host-settings.js'

test('settings of a kernel are known by name, others are not', () => {
  for (const name of ['net.core.optmem_max', 'net.core.netdev_max_backlog', 'net.ipv4.tcp_fack', 'kernel.panic']) {
    expect(isHostSetting(name)).toBe(true)
  }
  for (const name of ['net.ipv4.tcp_sack', 'net.ipv4.tcp_no_such_setting', 'net.core.no_such', 'kernel']) {
    expect(isHostSetting(name)).toBe(false)
  }
})
