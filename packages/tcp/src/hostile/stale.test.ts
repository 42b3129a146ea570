import {
  ECONNREFUSED,
  EHOSTUNREACH,
  EMSGSIZE,
  ERROR_HOST_UNREACHABLE,
  ERROR_PACKET_TOO_BIG,
  ERROR_PORT_UNREACHABLE,
  ERROR_PROTOCOL_UNREACHABLE,
  ERROR_TTL_EXCEEDED,
} from '@jackfield/interfaces'
import { describe, expect, test } from 'vitest'
import { letters } from '../listener/peer.test-support.js'
import { CLOSED, ESTABLISHED, TIME_WAIT } from '../state.js'
import type { TcpOption } from '../wire/plain-options.js'
import { open, Victim } from './victim.test-support.js'

function stamped(value: number): TcpOption[] {
  return [{ name: 'timestamp', value: value >>> 0, echo: 0 }]
}

describe('timestamps of somebody else (RFC 7323 5)', () => {
  test('outside of the window do not move what is newest, so that they freeze nothing', () => {
    const victim = new Victim({ timestamps: true })
    const recent = victim.c.tsRecent
    for (const at of [1, 1000, 60_000, -1000, 3_000_000]) {
      victim.blind('.', at, { options: stamped(victim.stamp() + 0x3000_0000) })
      victim.blind('R', at, { options: stamped(victim.stamp() + 0x3000_0000) })
      victim.blind('P.', at, { options: stamped(victim.stamp() + 0x3000_0000), payload: new Uint8Array(10) })
    }
    // RFC 7323 4.3 (2): only a segment that reaches what was acknowledged last is remembered.
    expect(victim.c.tsRecent).toBe(recent)
    victim.took()
    victim.wait(1000)
    victim.honest({ flags: 'P.', payload: new Uint8Array(1) })
    expect(victim.tcp.counters.TcpExtPAWSEstab).toBe(0)
    expect(victim.c.state).toBe(ESTABLISHED)
    victim.end()
  })

  test('at the next number need an acknowledgement that can be', () => {
    const victim = new Victim({ timestamps: true })
    victim.write(100)
    victim.acknowledge()
    victim.took()
    const recent = victim.c.tsRecent
    for (const off of [1, 5000, -1_000_000_000]) {
      const ack = (victim.c.sndNxt + off) >>> 0
      victim.blind('.', 0, { ack, options: stamped(victim.stamp() + 0x3000_0000) })
    }
    expect(victim.c.tsRecent).toBe(recent)
    victim.took()
    victim.expectAlive()
    victim.end()
  })

  test('an old one is counted and answered by the limit; it takes no data', () => {
    const victim = new Victim({ timestamps: true })
    victim.honestData(10)
    victim.expectRead(10)
    victim.took()
    victim.wait(1000)
    for (let i = 0; i < 30; i++) victim.blind('.', 5, { options: stamped(victim.stamp() - 50_000) })
    victim.blind('P.', 0, { options: stamped(victim.stamp() - 50_000), payload: new Uint8Array(10) })
    expect(victim.took()).toHaveLength(2)
    expect(victim.tcp.counters.TcpExtPAWSEstab).toBe(31)
    expect(victim.c.inOrder.bytes).toBe(0)
    victim.expectAlive()
    victim.end()
  })

  test('an old SYN is challenged, an old reset still resets at the next number only', () => {
    const victim = new Victim({ timestamps: true })
    victim.blind('S', 0, { options: stamped(victim.stamp() - 50_000) })
    expect(victim.tcp.counters.TcpExtTCPSYNChallenge).toBe(1)
    victim.blind('R', 1, { options: stamped(victim.stamp() - 50_000) })
    expect(victim.c.state).toBe(ESTABLISHED)
    victim.took()
    victim.expectAlive()
    victim.end()
  })
})

describe('ICMP of somebody who guesses (RFC 5927)', () => {
  test('about sequence numbers that are not under way is counted and ignored', () => {
    const victim = new Victim()
    victim.write(1000)
    const { c } = victim
    const mss = c.mss
    for (const off of [-1, -5000, 2001, 0x4000_0000]) {
      victim.icmp(ERROR_PORT_UNREACHABLE, ECONNREFUSED, c.sndUna + off)
      victim.icmp(ERROR_PACKET_TOO_BIG, EMSGSIZE, c.sndUna + off, 68)
    }
    expect(victim.tcp.counters.TcpExtOutOfWindowIcmps).toBe(8)
    expect(c).toMatchObject({ state: ESTABLISHED, mss, softError: 0 })
    victim.acknowledge()
    victim.took()
    victim.expectAlive()
    victim.end()
  })

  test('hard errors are soft once the connection is there, and forgotten with the next acknowledgement', () => {
    const victim = new Victim()
    victim.write(1000)
    for (const kind of [
      ERROR_PORT_UNREACHABLE,
      ERROR_PROTOCOL_UNREACHABLE,
      ERROR_HOST_UNREACHABLE,
      ERROR_TTL_EXCEEDED,
    ]) {
      victim.icmp(kind, kind === ERROR_HOST_UNREACHABLE ? EHOSTUNREACH : ECONNREFUSED, victim.c.sndUna)
      expect(victim.c.state).toBe(ESTABLISHED)
    }
    expect(victim.c.softError).not.toBe(0)
    victim.acknowledge()
    expect(victim.c.softError).toBe(0)
    victim.took()
    victim.expectAlive()
    victim.end()
  })

  test('in SYN-SENT they end the attempt only if they name the number of its SYN', () => {
    const victim = new Victim()
    const { c, syn } = open(victim, 40_001)
    victim.wait(100)
    const before = c.state
    const quote = (sequence: number) =>
      victim.network.injectError({
        destination: '10.0.0.2',
        source: '10.0.0.1',
        protocol: 6,
        kind: ERROR_HOST_UNREACHABLE,
        errno: EHOSTUNREACH,
        quote: quoteOf(syn.sourcePort, 40_001, sequence),
      })
    for (const off of [-1, 2, 100_000]) quote((syn.sequence + off) >>> 0)
    expect(c.state).toBe(before)
    expect(victim.tcp.counters.TcpExtOutOfWindowIcmps).toBe(3)
    quote(syn.sequence)
    expect(c.state).toBe(CLOSED)
    expect(c.options.error).toBe(EHOSTUNREACH)
    c.close()
    victim.end()
  })

  test('"too big" for what is under way makes segments no smaller than tcp_min_snd_mss', () => {
    const victim = new Victim()
    victim.write(1000)
    victim.icmp(ERROR_PACKET_TOO_BIG, EMSGSIZE, victim.c.sndUna, 1)
    expect(victim.c.mss).toBeGreaterThanOrEqual(48)
    for (let i = 0; i < 30; i++) victim.acknowledge()
    victim.took()
    victim.expectAlive()
    victim.end()
  })
})

function quoteOf(from: number, to: number, sequence: number): Uint8Array {
  const bytes = new Uint8Array(20)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, from)
  view.setUint16(2, to)
  view.setUint32(4, sequence >>> 0)
  view.setUint16(12, 0x5002)
  return bytes
}

describe('TIME-WAIT assassination (RFC 1337)', () => {
  /** A connection that is over on both sides; what the peer sends next, and what it has had. */
  function over(rfc1337: number): { victim: Victim; ack: number } {
    const victim = new Victim({ settings: { rfc1337 } })
    victim.handshake(2000, 8, [])
    const c = victim.accept(victim.server)
    c.close()
    const ack = victim.one().sequence + 1
    victim.send({ flags: 'F.', seq: 2001, ack, port: 8 })
    victim.took()
    expect(victim.tcp.timeWaits.size).toBe(1)
    return { victim, ack }
  }

  test('old data and acknowledgements are answered by the limit, and keep it there', () => {
    const { victim, ack } = over(0)
    for (let i = 0; i < 30; i++) victim.send({ flags: '.', seq: 1500, ack: ack - 100, port: 8 })
    victim.send({ flags: 'P.', seq: 1500, ack: ack - 100, port: 8, payload: new Uint8Array(20) })
    expect(victim.took().map(letters)).toEqual(['.', '.'])
    expect(victim.tcp.counters.TcpExtTCPACKSkippedTimeWait).toBe(29)
    expect(victim.tcp.timeWaits.size).toBe(1)
    victim.expectAlive()
    victim.end()
  })

  test('with tcp_rfc1337 no reset ends it; without it only one at the next number', () => {
    for (const setting of [0, 1]) {
      const { victim } = over(setting)
      for (const seq of [2001, 2003, 9000, 1]) victim.send({ flags: 'R', seq, port: 8 })
      expect(victim.tcp.timeWaits.size).toBe(1)
      victim.send({ flags: 'R', seq: 2002, port: 8 })
      expect(victim.tcp.timeWaits.size).toBe(setting)
      expect(victim.took()).toEqual([])
      victim.expectAlive()
      victim.end()
    }
  })

  test('an old SYN does not open it anew; an old timestamp in it is counted', () => {
    const victim = new Victim()
    victim.send({ flags: 'S', seq: 2000, port: 8, options: stamped(100_000) })
    const iss = victim.one().sequence
    victim.send({ flags: '.', seq: 2001, ack: iss + 1, port: 8, options: stamped(100_001) })
    victim.accept(victim.server).close()
    victim.took()
    victim.send({ flags: 'F.', seq: 2001, ack: iss + 2, port: 8, options: stamped(100_002) })
    victim.took()
    victim.send({ flags: 'S', seq: 9000, port: 8, options: stamped(50_000) })
    expect(victim.took().map(letters)).toEqual(['.'])
    expect(victim.tcp.counters.TcpExtPAWSTimewait).toBe(1)
    expect(victim.tcp.timeWaits.size).toBe(1)
    expect([...states(victim)]).toEqual([TIME_WAIT])
    victim.expectAlive()
    victim.end()
  })

  function* states(victim: Victim): Iterable<number> {
    for (let each = victim.tcp.table.firstOnPort(80); each !== null; each = each.nextOnPort) {
      if ('deadline' in each && 'state' in each) yield Number(each.state)
    }
  }
})

describe('windows that are taken back', () => {
  test('a window that shrinks below what is out makes nothing be sent but probes, and opens again', () => {
    const victim = new Victim()
    victim.write(50_000)
    victim.took()
    victim.honest({ window: 2 })
    victim.wait(5000)
    const sent = victim.took()
    expect(sent.length).toBeLessThan(12)
    for (let i = 0; i < 40 && victim.c.sndUna !== victim.c.writeSeq; i++) {
      victim.acknowledge()
      victim.wait(50)
    }
    victim.took()
    victim.expectAlive()
    victim.end()
  })
})
