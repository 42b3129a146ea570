import { ETIMEDOUT, SO_SNDBUF, SOL_SOCKET, SOL_TCP, TCP_USER_TIMEOUT } from '@jackfield/interfaces'
import { describe, expect, test } from 'vitest'
import { CLOSED, ESTABLISHED, FIN_WAIT_1 } from '../state.js'
import { Victim } from './victim.test-support.js'

describe('a peer that wants everything in small pieces', () => {
  test('an MSS of 1 gets tcp_min_snd_mss, less options: 36 bytes a segment', () => {
    const victim = new Victim({ mss: 1, timestamps: true })
    expect(victim.c.mss).toBe(48 - 12)
    victim.write(1000)
    // Ten packets; those that leave together are cut below.
    expect(victim.c.packetsOut).toBe(10)
    expect(victim.took().reduce((sum, { payload }) => sum + payload.length, 0)).toBe(360)
    for (let i = 0; i < 20; i++) victim.acknowledge()
    victim.took()
    victim.expectAlive()
    victim.end()
  })

  test('tcp_min_snd_mss can be more', () => {
    const victim = new Victim({ mss: 1, settings: { minSndMss: 500 } })
    expect(victim.c.mss).toBe(500)
    victim.end()
  })

  test('what a tiny MSS makes of a send buffer is bounded by its accounting', () => {
    const victim = new Victim({ mss: 1 })
    const { c } = victim
    c.setOption(SOL_SOCKET, SO_SNDBUF, 100_000)
    expect(victim.write(1_000_000)).toBeLessThan(200_000)
    let entries = 0
    for (let each = c.sendQueue.head; each !== null; each = each.next) entries++
    // 960 bytes of each are not payload.
    expect(entries).toBeLessThanOrEqual(Math.ceil(c.sndBuf / 960) + 1)
    expect(c.writeQueued).toBeLessThanOrEqual(c.sndBuf + 1100)
    victim.close()
  })

  test('a window of one byte is not followed byte by byte (RFC 9293 3.8.6.2.1)', () => {
    const victim = new Victim({ scaling: false, window: 8000 })
    expect(victim.write(4000)).toBe(4000)
    victim.acknowledge()
    victim.took()
    victim.write(30_000)
    victim.acknowledge({ window: 0 })
    victim.took()
    let sent = 0
    const seconds = 60
    for (let second = 0; second < seconds; second++) {
      for (const { payload } of victim.took()) {
        if (payload.length > 0) sent++
      }
      victim.ack = victim.c.sndNxt >>> 0
      victim.honest({ window: 1 })
      victim.wait(1000)
    }
    // A probe for each timeout, that is with one byte; not one at each acknowledgement.
    expect(sent).toBeLessThanOrEqual(seconds * 2)
    expect(victim.c.state).toBe(ESTABLISHED)
    for (let i = 0; i < 50 && victim.c.sndUna !== victim.c.writeSeq; i++) {
      victim.acknowledge({ window: 60_000 })
      victim.wait(50)
    }
    victim.took()
    victim.expectAlive()
    victim.end()
  })
})

describe('a peer that keeps its window closed', () => {
  test('and answers the probes may do so for ever, ever more rarely asked, while the user holds the socket', () => {
    const victim = new Victim()
    victim.honest({ window: 0 })
    victim.write(5000)
    let probes = 0
    for (let second = 0; second < 3600; second++) {
      const sent = victim.took().length
      probes += sent
      if (sent > 0) victim.honest({ window: 0 })
      victim.wait(1000)
    }
    expect(victim.c.state).toBe(ESTABLISHED)
    // 200 ms doubled until it is two minutes.
    expect(probes).toBeLessThan(10 + 3600 / 120 + 5)
    expect(victim.tcp.counters.TcpExtTCPWinProbe).toBe(probes)
    for (let i = 0; i < 10; i++) victim.acknowledge()
    victim.took()
    victim.expectAlive()
    victim.end()
  })

  test('and answers is given up after TCP_USER_TIMEOUT', () => {
    const victim = new Victim()
    victim.c.setOption(SOL_TCP, TCP_USER_TIMEOUT, 10_000)
    victim.honest({ window: 0 })
    victim.write(5000)
    for (let ms = 0; ms < 20_000 && victim.c.state === ESTABLISHED; ms += 100) {
      if (victim.took().length > 0) victim.honest({ window: 0 })
      victim.wait(100)
    }
    expect(victim.c.state).toBe(CLOSED)
    expect(victim.c.options.error).toBe(ETIMEDOUT)
    expect(victim.tcp.counters.TcpExtTCPAbortOnTimeout).toBe(1)
    victim.end()
  })

  test('and is silent is given up after tcp_retries2 probes', () => {
    const victim = new Victim({ settings: { retries2: 5 } })
    victim.honest({ window: 0 })
    victim.write(5000)
    victim.wait(60_000)
    expect(victim.c.state).toBe(CLOSED)
    expect(victim.tcp.counters).toMatchObject({ TcpExtTCPWinProbe: 5, TcpExtTCPAbortOnTimeout: 1 })
    victim.end()
  })

  test('and takes it back below what is on its way is given up after twice the longest RTO', () => {
    const victim = new Victim({ settings: { rtoMax: 2_000_000 } })
    victim.write(20_000)
    victim.honest({ window: 0 })
    let seconds = 0
    for (; seconds < 100 && victim.c.state === ESTABLISHED; seconds++) victim.wait(1000)
    expect(seconds).toBeLessThan(10)
    expect(victim.tcp.counters.TcpExtTCPAbortOnTimeout).toBe(1)
    victim.end()
  })

  test('after the user left has tcp_orphan_retries, whatever it answers', () => {
    const victim = new Victim({ settings: { orphanRetries: 3, rtoMax: 1_000_000 } })
    victim.honest({ window: 0 })
    victim.write(5000)
    victim.c.close()
    expect(victim.c.state).toBe(FIN_WAIT_1)
    expect(victim.tcp.orphans).toBe(1)
    for (let ms = 0; ms < 30_000; ms += 100) {
      if (victim.took().length > 0) victim.honest({ window: 0 })
      victim.wait(100)
    }
    expect(victim.c.state).toBe(CLOSED)
    expect(victim.tcp.counters.TcpExtTCPAbortOnTimeout).toBe(1)
    victim.end()
  })
})
