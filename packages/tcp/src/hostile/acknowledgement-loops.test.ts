import { describe, expect, test } from 'vitest'
import { letters } from '../listener/peer.test-support.js'
import { Victim } from './victim.test-support.js'

describe('acknowledgements that answer acknowledgements', () => {
  test('a flood of them outside of the window is answered twice a second', () => {
    const victim = new Victim()
    let answers = 0
    for (let ms = 0; ms < 3000; ms += 10) {
      victim.blind('.', -5000)
      victim.blind('.', 2_000_000)
      answers += victim.took().length
      victim.wait(10)
    }
    expect(answers).toBe(6)
    expect(victim.tcp.counters.TcpExtTCPACKSkippedSeq).toBe(600 - 6)
    victim.expectAlive()
    victim.end()
  })

  test('two ends that each think the other wrong do not go on for ever: one answer in half a second', () => {
    // The other end's view: it answers each acknowledgement that it takes for wrong with one that we do.
    const victim = new Victim()
    let crossed = 0
    victim.blind('.', -70_000)
    for (let ms = 0; ms < 5000; ms++) {
      for (const answer of victim.took()) {
        expect(letters(answer)).toBe('.')
        crossed++
        victim.blind('.', -70_000)
      }
      victim.wait(1)
    }
    // Without a limit this never ends; with it the answer comes too early to be answered.
    expect(crossed).toBe(1)
    expect(victim.tcp.counters.TcpExtTCPACKSkippedSeq).toBe(1)
    victim.expectAlive()
    victim.end()
  })

  test('tcp_invalid_ratelimit is the time between two answers, and 0 lifts the limit', () => {
    for (const [limit, expected] of [
      [100, 10],
      [2000, 1],
      [0, 100],
    ] as const) {
      const victim = new Victim({ settings: { invalidRatelimit: limit } })
      let answers = 0
      for (let i = 0; i < 100; i++) {
        victim.blind('.', -5000)
        answers += victim.took().length
        victim.wait(10)
      }
      expect(answers).toBe(expected)
      victim.expectAlive()
      victim.end()
    }
  })

  test('data outside of the window is always answered: it cannot be part of a loop', () => {
    const victim = new Victim()
    for (let i = 0; i < 5; i++) victim.blind('P.', -5000, { payload: new Uint8Array(10) })
    expect(victim.took()).toHaveLength(5)
    expect(victim.tcp.counters.TcpExtTCPACKSkippedSeq).toBe(0)
    victim.expectAlive()
    victim.end()
  })

  test('old timestamps are answered by the same limit', () => {
    const victim = new Victim({ timestamps: true })
    for (let i = 0; i < 50; i++) {
      victim.blind('.', 1, { options: [{ name: 'timestamp', value: victim.stamp() - 100_000, echo: 0 }] })
    }
    expect(victim.took()).toHaveLength(1)
    expect(victim.tcp.counters).toMatchObject({ TcpExtPAWSEstab: 50, TcpExtTCPACKSkippedPAWS: 49 })
    victim.expectAlive()
    victim.end()
  })

  test('a late acknowledgement with an old timestamp is not answered at all', () => {
    const victim = new Victim({ timestamps: true })
    for (let i = 0; i < 50; i++) {
      victim.blind('.', -10, { options: [{ name: 'timestamp', value: victim.stamp() - 100_000, echo: 0 }] })
    }
    expect(victim.took()).toEqual([])
    expect(victim.tcp.counters).toMatchObject({ TcpExtPAWSOldAck: 50, TcpExtPAWSEstab: 0 })
    victim.expectAlive()
    victim.end()
  })

  test('in SYN-RECEIVED, and in TIME-WAIT, too', () => {
    const victim = new Victim()
    victim.send({ flags: 'S', seq: 9000, port: 7 })
    const { sequence } = victim.one()
    for (let i = 0; i < 20; i++) victim.send({ flags: '.', seq: 900_000, ack: sequence + 1, port: 7 })
    expect(victim.took()).toHaveLength(1)
    expect(victim.tcp.counters.TcpExtTCPACKSkippedSynRecv).toBe(19)
    victim.handshake(2000, 8, [])
    const ending = victim.accept(victim.server)
    ending.close()
    const fin = victim.one()
    victim.send({ flags: 'F.', seq: 2001, ack: fin.sequence + 1, port: 8 })
    victim.took()
    expect(victim.tcp.timeWaits.size).toBe(1)
    for (let i = 0; i < 20; i++) victim.send({ flags: '.', seq: 900_000, ack: 5, port: 8 })
    expect(victim.took()).toHaveLength(1)
    expect(victim.tcp.counters.TcpExtTCPACKSkippedTimeWait).toBe(19)
    victim.expectAlive()
    victim.end()
  })

  test('an echo of a timestamp that no SYN-ACK had does not end the handshake', () => {
    const victim = new Victim()
    const stamps = (echo: number) => [{ name: 'timestamp', value: 77, echo }] as const
    victim.send({ flags: 'S', seq: 9000, port: 7, options: [{ name: 'timestamp', value: 76, echo: 0 }] })
    const synAck = victim.one()
    const stamp = synAck.options.find((option) => option.name === 'timestamp')
    const told = stamp?.name === 'timestamp' ? stamp.value : 0
    victim.send({ flags: '.', seq: 9001, ack: synAck.sequence + 1, port: 7, options: [...stamps(told ^ 0x10_0000)] })
    expect(victim.tcp.counters).toMatchObject({ TcpExtTSEcrRejected: 1, TcpPassiveOpens: 1 })
    victim.took()
    victim.send({ flags: '.', seq: 9001, ack: synAck.sequence + 1, port: 7, options: [...stamps(told)] })
    expect(victim.tcp.counters.TcpPassiveOpens).toBe(2)
    victim.expectAlive()
    victim.end()
  })
})
