import { icmp } from '@jackfield/icmp'
import { ipv4 } from '@jackfield/ipv4'
import { expect, test } from 'vitest'
import { type RunScriptOptions, runScript, type ScriptResult } from './run-script.js'
import { toyTcp } from './toy-tcp.test-module.js'

/** The tool's TCP side against a toy, whose sequence numbers and time stamps are not the script's. */
function run(text: string, options: RunScriptOptions = {}): Promise<ScriptResult> {
  return runScript(text, { file: 'toy.pkt', modules: [ipv4(), icmp(), toyTcp()], ...options })
}

const SERVER = `
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 32792 <mss 1000,sackOK,nop,nop,nop,wscale 7>
+0 > S. 0:0(0) ack 1 win 500 <mss 1000>
+.1 < . 1:1(0) ack 1 win 257
+0 accept(3, ..., ...) = 4
`

test('a server answers in the numbers of the script', async () => {
  const result = await run(`${SERVER}
    +0 < P. 1:1001(1000) ack 1 win 257
    +0 > . 1:1(0) ack 1001
    +0 read(4, ..., 5000) = 1000
    +0 write(4, ..., 1500) = 1500
    +0 > . 1:1001(1000) ack 1001
    +0 > P. 1001:1501(500) ack 1001
    +0 < P. 3001:4001(1000) ack 1501 win 257
    +0 > . 1501:1501(0) ack 1001 <nop,nop,sack 3001:4001>
    +0 close(4) = 0
    +0 > F. 1501:1501(0) ack 1001 <...>`)
  expect(result.errors).toEqual([])
})

test('segments of the stack make up one of the script, unless it is strict', async () => {
  const script = `${SERVER} +0 write(4, ..., 2500) = 2500
    +0 > P. 1:2501(2500) ack 1`
  expect((await run(script)).errors).toEqual([])
  const strict = await run(script, { options: ['--strict_segments'] })
  expect(strict.errors[0]).toContain('ipv4_total_length: expected: 2540 (0x9ec) vs actual: 1040 (0x410)')
})

test('a client connects while the script plays the server', async () => {
  const result = await run(
    `
    0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
    0...0.1 connect(3, ..., ...) = 0
    *  > S 0:0(0) win 500 <mss 1000,sackOK,TS val 100 ecr 0>
    0.1 < S. 0:0(0) ack 1 win 5000 <mss 1000,sackOK,TS val 700 ecr 100>
    0.1 > . 1:1(0) ack 1 <nop,nop,TS val 200 ecr 700>
    0.2...0.4 read(3, ..., 10) = 5
    0.4 < P. 1:6(5) ack 1 win 5000 <nop,nop,TS val 1000 ecr 200>
    0.4 > . 1:1(0) ack 6 <nop,nop,TS val 500 ecr 1000>
    0.4 %{
assert tcpi_state == TCP_ESTABLISHED and tcpi_snd_cwnd == 10, tcpi_snd_cwnd
assert tcpi_rtt == 100 * 1000
    }%`,
    { options: ['--tcp_ts_tick_usecs=1000'] },
  )
  expect(result.errors).toEqual([])
})

test('an echo of a time stamp that the script did not look at', async () => {
  const result = await run(`
    0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
    0...0.1 connect(3, ..., ...) = 0
    *  > S 0:0(0) <...>
    0.1 < S. 0:0(0) ack 1 win 5000 <mss 1000,sackOK,TS val 700 ecr 4000000000>
    0.1 > . 1:1(0) ack 1 <nop,nop,TS val 100 ecr 700>
    0.1 %{ assert tcpi_last_echo_age == 100, tcpi_last_echo_age }%`)
  expect(result.errors).toEqual([])
})

test('a time stamp that is not where the script has it', async () => {
  const script = `
    0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
    0...0.1 connect(3, ..., ...) = 0
    *  > S 0:0(0) <mss 1000,sackOK,TS val 100 ecr 0>
    0.1 < S. 0:0(0) ack 1 win 5000 <mss 1000,sackOK,TS val 700 ecr 100>
    0.1 > . 1:1(0) ack 1 <nop,nop,TS val 300 ecr 700>`
  expect((await run(script)).errors).toEqual([])
  const strict = await run(script, { options: ['--tcp_ts_tick_usecs=1000'] })
  expect(strict.errors[0]).toContain('TS val 200 ecr 700, not TS val 300 ecr 700')
})

test('several connections, told apart by their ports', async () => {
  const result = await run(`
    0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
    +0 bind(3, ..., ...) = 0
    +0 listen(3, 5) = 0
    +0 < 1001>8080 S 0:0(0) win 100 <mss 1000>
    +0 > 8080>1001 S. 0:0(0) ack 1 <...>
    +0 < 1002>8080 S 50:50(0) win 100 <mss 1000>
    +0 > 8080>1002 S. 0:0(0) ack 51 <...>
    +0 < 1002>8080 . 51:51(0) ack 1 win 100
    +0 < 1001>8080 . 1:1(0) ack 1 win 100
    +0 accept(3, ..., ...) = 4
    +0 accept(3, {sa_family = AF_INET, sin_port = htons(1001), sin_addr = inet_addr("192.0.2.1")}, [16]) = 5
    +0 write(5, ..., 10) = 10
    +0 write(4, ..., 20) = 20
    +0 > 8080>1002 P. 1:21(20) ack 51
    +0 > 8080>1001 P. 1:11(10) ack 1`)
  expect(result.errors).toEqual([])
})

test('errors are as the tool has them', async () => {
  const refused = await run(`0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
0...0.1 connect(3, ..., ...) = 0
0 > S 0:0(0) <...>
0.1 < R. 0:0(0) ack 1 win 0`)
  expect(refused.errors).toEqual([
    'toy.pkt:2: runtime error in connect call: Expected result 0 but got -1 with errno 111 (Connection refused)',
  ])
  const wrong = await run(`${SERVER}+0 write(4, ..., 10) = 10\n+0 > . 1:11(10) ack 1`)
  expect(wrong.errors).toEqual([
    [
      'toy.pkt:11: error handling packet: live packet field tcp_psh: expected: 0 (0x0) vs actual: 1 (0x1)',
      'script packet:  0.100000 . 1:11(10) ack 1',
      'actual packet:  0.100000 P. 1:11(10) ack 1 win 500',
    ].join('\n'),
  ])
  const late = await run(`${SERVER}+0 write(4, ..., 10) = 10\n+0.05 > P. 1:11(10) ack 1`)
  expect(late.errors[0]).toContain(
    'warning handling packet: timing error: expected outbound packet at 0.150000 sec but happened at 0.100000 sec; ' +
      'tolerance 0.004000 sec',
  )
  const options = await run(SERVER.replace('<mss 1000>\n+.1', '<mss 1000,sackOK,wscale 7>\n+.1'))
  expect(options.errors[0]).toContain('live packet field tcp_data_offset: expected: 8 (0x8) vs actual: 6 (0x6)')
})

test('a segment to nobody is answered with the numbers of the script', async () => {
  const result = await run(
    '0 < . 1:1(0) ack 77 win 100\n+0 > R 77:77(0) win 0\n+0 < S 5:5(0) win 10\n+0 > R. 0:0(0) ack 6',
  )
  expect(result.errors).toEqual([])
})
