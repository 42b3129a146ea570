import { expect, test } from 'vitest'
import { runScript } from './run-script.js'

const CLIENT = '0 socket(..., SOCK_DGRAM, 0) = 3\n+0 connect(3, ..., ...) = 0\n'

async function errorsOf(text: string, ...options: string[]): Promise<readonly string[]> {
  return (await runScript(text, { options })).errors
}

/** A datagram that leaves at 0.5 s: the answer to one that comes in. */
const ANSWER = '0.5 < icmp echo_request id 1\n'

test('packets within the tolerance of their time are in time', async () => {
  expect(await errorsOf(`${ANSWER}0.504 > icmp echo_reply id 1`)).toEqual([])
  expect(await errorsOf(`${ANSWER}0.496 > icmp echo_reply id 1`)).toEqual([])
  expect((await errorsOf(`${ANSWER}0.4959 > icmp echo_reply id 1`))[0]).toContain('timing error')
  expect(await errorsOf(`${ANSWER}0.4959 > icmp echo_reply id 1`, '--tolerance_usecs=5000')).toEqual([])
  expect(await errorsOf(`${ANSWER}0.51 > icmp echo_reply`, '--tolerance_percent=100')).toEqual([])
})

test('ranges and any time', async () => {
  expect(await errorsOf(`${ANSWER}0.1~0.6 > icmp echo_reply`)).toEqual([])
  expect(await errorsOf(`${ANSWER}+0~+.1 > icmp echo_reply`)).toEqual([])
  expect(await errorsOf(`${ANSWER}* > icmp echo_reply`)).toEqual([])
  expect((await errorsOf(`${ANSWER}0.1~0.2 > icmp echo_reply`))[0]).toContain(
    'expected outbound packet in time range 0.100000~0.200000 sec but happened at 0.500000 sec',
  )
})

test('relative times count from when the event before was done', async () => {
  const result = await runScript(
    `${CLIENT}+1...1.25 read(3, ..., 5) = 5\n+.25 < udp (5)\n+.5 write(3, ..., 1) = 1\n+0 > udp (1)`,
  )
  expect(result.errors).toEqual([])
  expect(result.duration).toBe(1_750_000)
})

test('an event whose time has passed is late', async () => {
  expect((await errorsOf('0.5 < udp (5)\n0.2 < udp (5)'))[0]).toBe(
    'script:2: timing error: expected inbound packet at 0.200000 sec but happened at 0.500000 sec; tolerance 0.004000 sec',
  )
})

test('a packet that does not come is waited for, in virtual time only', async () => {
  expect(await errorsOf(`${CLIENT}+1 > udp (5)`)).toEqual([
    'script:3: error handling packet: timed out waiting for packet\nscript packet:  1.000000 udp (5)',
  ])
})

test('faults of timing may be let pass', async () => {
  const text = `--non_fatal=packet\n${ANSWER}0.9 > icmp echo_reply\n0.5 < udp (1)`
  const result = await runScript(text)
  expect(result.warnings.length).toBe(1)
  expect(result.warnings[0]).toMatch(/^script:3: warning handling packet: timing error/)
  expect(result.passed).toBe(true)
})
