import { expect, test } from 'vitest'
import { runScript } from './run-script.js'
import { createScriptHost } from './script-host.js'

const ECHO = `
0.000 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3
+0 bind(3, ..., ...) = 0
+0.100 < udp (100)
+0 recvfrom(3, ..., 1000, 0, ..., ...) = 100
+0 sendto(3, ..., 50, 0, ..., ...) = 50
+0 > udp (50)
+0 < udp 7000>8080 (9)
+0 recvfrom(3, ..., 1000, 0, {sa_family=AF_INET, sin_port=htons(7000), sin_addr=inet_addr("192.0.2.1")}, [16]) = 9
+0 sendto(3, ..., 8, 0, ..., ...) = 8
+0 > udp 8080>7000 (8)
+0 close(3) = 0
`

test('a UDP server with two peers', async () => {
  const result = await runScript(ECHO, { file: 'udp.pkt' })
  expect(result).toEqual({ passed: true, exitStatus: 0, errors: [], warnings: [], output: [], duration: 100_000 })
})

test('a UDP client, errors from the network included', async () => {
  const { errors } = await runScript(`
    0 socket(..., SOCK_DGRAM, 0) = 3
    0 connect(3, ..., ...) = 0
    0.1 write(3, "hello", 5) = 5
    0.1 > [ttl 64] udp (5)
    0.2 < udp (7)
    0.2 read(3, ..., 100) = 7
    +0...0.5 read(3, ..., 100) = 9
    +0.5 < udp (9)
    +0.1 write(3, ..., 100) = 100
    +0 > [noecn] udp (100)
    +0.1 < icmp unreachable port_unreachable [udp (100)]
    +0 read(3, ..., 100) = -1 ECONNREFUSED (Connection refused)
    +0 read(3, ..., 100) = -1 EAGAIN (Resource temporarily unavailable)`)
  expect(errors.length).toBe(1)
  expect(errors[0]).toContain('script:14: runtime error in read call: it did not return')
})

test('ICMP without a socket', async () => {
  const { errors } = await runScript(`
    0 < udp (100)
    0 > icmp unreachable port_unreachable
    0.5 < icmp echo_request id 7 [raw (56)]
    0.5 > icmp echo_reply id 7 [raw (56)]
    0.6 < icmp echo_request id 8 [raw (5)]
    0.6 > icmp echo_reply id 9`)
  expect(errors[0]).toContain(
    'script:7: error handling packet: live packet field icmp_id: expected: 9 (0x9) vs actual: 8',
  )
})

test('the same seed gives the same run, a host may be given, and what it throws is told with its line', async () => {
  const port = async (seed: string): Promise<string> => {
    const text =
      '0 socket(..., SOCK_DGRAM, 0) = 3\n0 connect(3, ..., ...) = 0\n0 getsockname(3, {sa_family=AF_INET, sin_port=htons(1), sin_addr=inet_addr("1.1.1.1")}, [16]) = 0'
    return (await runScript(text, { seed })).errors.join()
  }
  expect(await port('a')).toBe(await port('a'))
  expect(await port('a')).not.toBe(await port('b'))
  const { errors } = await runScript('0 < udp (5)\n\n1 < udp (5)', {
    createHost: (configuration) => {
      const host = createScriptHost({ configuration })
      host.clock
        .createTimer(() => {
          throw new Error('a timer broke')
        })
        .setAfter(500_000)
      return host
    },
  })
  expect(errors[0]).toMatch(/^script:3: the stack failed: Error: a timer broke/)
})
