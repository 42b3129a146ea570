import { expect, test } from 'vitest'
import {
  AF_INET,
  AF_INET6,
  createHost,
  createVirtualClock,
  IPPROTO_ICMPV6,
  IPV6_V6ONLY,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_IPV6,
} from '../index.js'
import { socketTable } from './socket-table.js'

test('sockets of both versions are listed as ss lists them', async () => {
  const host = createHost({ clock: createVirtualClock() })
  const { sockets } = host
  const listening = sockets.socket(AF_INET6, SOCK_STREAM)
  sockets.bind(listening, '[::]:80')
  sockets.listen(listening)
  const only = sockets.socket(AF_INET6, SOCK_DGRAM)
  sockets.setsockopt(only, SOL_IPV6, IPV6_V6ONLY, 1)
  sockets.bind(only, '[::]:53')
  sockets.bind(sockets.socket(AF_INET, SOCK_DGRAM), '0.0.0.0:53')
  const connected = sockets.socket(AF_INET6, SOCK_DGRAM)
  sockets.bind(connected, '[::1]:5000')
  sockets.connect(connected, '[::1]:53')
  sockets.bind(sockets.socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6), '[::1]:7')
  const rows = socketTable(sockets).split('\n').slice(1)
  expect(rows.map((row) => row.split(/ +/))).toEqual([
    ['tcp', 'LISTEN', '0', '0', '*:80', '*:*'],
    ['udp', 'UNCONN', '0', '0', '[::]:53', '[::]:*'],
    ['udp', 'UNCONN', '0', '0', '0.0.0.0:53', '0.0.0.0:*'],
    ['udp', 'ESTAB', '0', '0', '[::1]:5000', '[::1]:53'],
    // A socket of echo requests is of one version, as the kernel's is.
    ['icmp6', 'UNCONN', '0', '0', '[::1]:7', '[::]:*'],
  ])
  await host.close()
})
