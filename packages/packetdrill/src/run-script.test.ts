import { describe, expect, test } from 'vitest'
import { runScript } from './run-script.js'

const UDP_ECHO = `
0.000 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3
+0 bind(3, ..., ...) = 0
+0.100 < udp (100)
+0 recvfrom(3, ..., 1000, 0, ..., ...) = 100
+0 sendto(3, ..., 50, 0, ..., ...) = 50
+0 > udp (50)
+0 close(3) = 0
`

describe('scripts', () => {
  test('udp echo', async () => {
    const r = await runScript(UDP_ECHO, { file: 'udp.pkt' })
    expect(r.errors).toEqual([])
  })
  test('client', async () => {
    const r = await runScript(
      `--tolerance_usecs=1000
      \`sysctl -q net.ipv4.ip_default_ttl=99\`
      0 socket(..., SOCK_DGRAM, 0) = 3
      0 connect(3, ..., ...) = 0
      0.1 write(3, "hello", 5) = 5
      0.1 > [ttl 99] udp (5)
      0.2 < udp (7)
      0.2 read(3, ..., 100) = 7
      0.2 fcntl(3, F_GETFL) = 0x2 (flags O_RDWR)
      +0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
      +0 read(3, ..., 100) = -1 EAGAIN (Resource temporarily unavailable)
      +0 fcntl(3, F_SETFL, O_RDWR) = 0
      +0...0.5 read(3, ..., 100) = 9
      +0.5 < udp (9)
      +0.1 write(3, ..., 100) = 100
      +0 > udp (100)
      +0.1 < icmp unreachable port_unreachable [udp (100)]
      +0 read(3, ..., 100) = -1 ECONNREFUSED (Connection refused)
      +0 %{ assert 1 + 1 == 2, 'no'
print('x=%d' % 3) }%
      `,
      { file: 'c.pkt' },
    )
    expect(r.errors).toEqual([])
    expect(r.output).toEqual(['x=3'])
  })
  test('no port', async () => {
    const r = await runScript(
      `0 < udp (100)
       0 > icmp unreachable port_unreachable
       0.5 < icmp echo_request id 7 [raw (56)]
       0.5 > icmp echo_reply id 7 [raw (56)]`,
    )
    expect(r.errors).toEqual([])
  })
})
