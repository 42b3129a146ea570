import { SocketAddress } from '@jackfield/addr'
import { AF_INET, EADDRNOTAVAIL, EINPROGRESS } from '@jackfield/interfaces'
import { transportSettings } from '@jackfield/transport'
import { describe, expect, test } from 'vitest'
import type { Connection } from '../connection.js'
import { FIN_WAIT_2, TIME_WAIT } from '../state.js'
import { letters, option, PEER_PORT, Peer, PORT, synOptions } from './peer.test-support.js'
import { TimeWait } from './time-wait.js'

const stamp = (value: number) => [{ name: 'timestamp', value, echo: 0 } as const]

/** A connection that we closed first; `fin`: and the peer too, so that it is in TIME-WAIT. Returns what we sent so far. */
function closed(peer: Peer, listener: Connection, fin: boolean, timestamps = true): number {
  const iss = peer.handshake(1000, PEER_PORT, timestamps ? synOptions() : [])
  peer.accept(listener).close()
  const sent = peer.one()
  expect(letters(sent)).toBe('F.')
  const options = timestamps ? stamp(1002) : []
  peer.send({ flags: fin ? 'F.' : '.', seq: 1001, ack: iss + 2, options })
  if (fin) expect(letters(peer.one())).toBe('.')
  return iss
}

function entry(peer: Peer): TimeWait | null {
  for (let each = peer.tcp.table.firstOnPort(PORT); each !== null; each = each.nextOnPort) {
    if (each instanceof TimeWait) return each
  }
  return null
}

describe('TIME-WAIT', () => {
  test('is a small object that lasts for 60 seconds', () => {
    const peer = new Peer()
    closed(peer, peer.listen(), true)
    expect(peer.tcp.connections.size).toBe(1)
    expect(entry(peer)?.state).toBe(TIME_WAIT)
    expect(peer.tcp.timeWaits.size).toBe(1)
    peer.wait(59_999)
    expect(entry(peer)).not.toBeNull()
    peer.wait(1)
    expect(entry(peer)).toBeNull()
    expect(peer.tcp.counters.TcpExtTW).toBe(1)
    peer.close()
  })

  test('acknowledges a FIN that comes again, and begins anew', () => {
    const peer = new Peer()
    const iss = closed(peer, peer.listen(), true)
    peer.wait(50_000)
    peer.send({ flags: 'F.', seq: 1001, ack: iss + 2, options: stamp(1003) })
    const again = peer.one()
    expect(again).toMatchObject({ sequence: (iss + 2) >>> 0, acknowledgment: 1002 })
    expect(letters(again)).toBe('.')
    expect(option(again, 'timestamp')?.echo).toBe(1002)
    peer.wait(50_000)
    expect(entry(peer)).not.toBeNull()
    peer.wait(10_000)
    expect(entry(peer)).toBeNull()
    peer.close()
  })

  test('answers bare segments outside of the window only twice a second', () => {
    const peer = new Peer()
    const iss = closed(peer, peer.listen(), true)
    for (let i = 0; i < 3; i++) peer.send({ flags: '.', seq: 5, ack: iss + 2, options: stamp(1003) })
    expect(peer.took()).toHaveLength(1)
    expect(peer.tcp.counters.TcpExtTCPACKSkippedTimeWait).toBe(2)
    peer.close()
  })

  test.each([
    [0, false],
    [1, true],
  ])('with tcp_rfc1337 %d a reset leaves it: %s', (rfc1337, stays) => {
    const peer = new Peer({ rfc1337 })
    const iss = closed(peer, peer.listen(), true)
    peer.send({ flags: 'R', seq: 1002, ack: iss + 2 })
    expect(entry(peer) !== null).toBe(stays)
    expect(peer.took()).toEqual([])
    peer.close()
  })

  test('a SYN with a newer sequence number opens anew, past all that was sent (RFC 6191)', () => {
    const peer = new Peer()
    const iss = closed(peer, peer.listen(), true, false)
    peer.send({ flags: 'S', seq: 1003 })
    const synAck = peer.one()
    expect(letters(synAck)).toBe('S.')
    expect(synAck.sequence).toBe((iss + 2 + 65_537) >>> 0)
    expect(entry(peer)).toBeNull()
    peer.close()
  })

  test('a SYN with an older sequence number but a newer timestamp does too', () => {
    const peer = new Peer()
    closed(peer, peer.listen(), true)
    peer.send({ flags: 'S', seq: 500, options: synOptions(1003) })
    expect(letters(peer.one())).toBe('S.')
    peer.close()
  })

  test('an old SYN is answered with an acknowledgement', () => {
    const peer = new Peer()
    closed(peer, peer.listen(), true)
    peer.send({ flags: 'S', seq: 500, options: synOptions(900) })
    expect(letters(peer.one())).toBe('.')
    expect(entry(peer)).not.toBeNull()
    peer.close()
  })

  test('where nobody listens any more a new SYN is only acknowledged', () => {
    const peer = new Peer()
    const listener = peer.listen()
    closed(peer, listener, true, false)
    listener.close()
    peer.send({ flags: 'S', seq: 5000 })
    expect(letters(peer.one())).toBe('.')
    peer.close()
  })

  test('there are at most tcp_max_tw_buckets', () => {
    const peer = new Peer({ maxTwBuckets: 0 })
    closed(peer, peer.listen(), true)
    expect(entry(peer)).toBeNull()
    expect(peer.tcp.counters.TcpExtTCPTimeWaitOverflow).toBe(1)
    peer.close()
  })
})

describe('FIN-WAIT-2 of a socket that nobody holds', () => {
  test('takes the FIN and goes to TIME-WAIT', () => {
    const peer = new Peer()
    const iss = closed(peer, peer.listen(), false)
    expect(entry(peer)?.state).toBe(FIN_WAIT_2)
    peer.wait(30_000)
    peer.send({ flags: 'F.', seq: 1001, ack: iss + 2, options: stamp(1003) })
    expect(peer.one()).toMatchObject({ sequence: (iss + 2) >>> 0, acknowledgment: 1002 })
    expect(entry(peer)?.state).toBe(TIME_WAIT)
    peer.wait(59_000)
    expect(entry(peer)).not.toBeNull()
    peer.close()
  })

  test('resets data', () => {
    const peer = new Peer()
    const iss = closed(peer, peer.listen(), false)
    peer.send({ flags: 'P.', seq: 1001, ack: iss + 2, payload: new Uint8Array(5), options: stamp(1003) })
    expect(letters(peer.one())).toBe('R')
    expect(entry(peer)).toBeNull()
    peer.close()
  })

  test('ends after tcp_fin_timeout', () => {
    const peer = new Peer({ finTimeout: 10 })
    closed(peer, peer.listen(), false)
    peer.wait(9_999)
    expect(entry(peer)).not.toBeNull()
    peer.wait(1)
    expect(entry(peer)).toBeNull()
    expect(peer.tcp.table.size).toBe(1)
    peer.close()
  })
})

describe('an opening to a peer that is in TIME-WAIT', () => {
  function bound(peer: Peer): Connection {
    const c = peer.tcp.createConnection(AF_INET)
    c.options.reuseAddress = true
    expect(c.bind(SocketAddress.parse(`10.0.0.1:${PORT}`))).toBe(0)
    return c
  }

  test('from the same port takes its place with timestamps, and goes on after its sequence numbers', () => {
    const peer = new Peer()
    const listener = peer.listen(10, (c) => {
      c.options.reuseAddress = true
      c.reuseAddress = true
    })
    const iss = closed(peer, listener, true)
    listener.close()
    const c = bound(peer)
    expect(c.connect(SocketAddress.parse(`10.0.0.2:${PEER_PORT}`))).toBe(-115)
    const syn = peer.one()
    expect(syn).toMatchObject({ sequence: (iss + 2 + 65_537) >>> 0, destinationPort: PEER_PORT })
    expect(peer.tcp.counters.TcpExtTWRecycled).toBe(1)
    expect(peer.tcp.timeWaits.size).toBe(0)
    c.close()
    peer.close()
  })

  test('without timestamps it has to wait', () => {
    const peer = new Peer()
    const listener = peer.listen(10, (c) => {
      c.options.reuseAddress = true
      c.reuseAddress = true
    })
    closed(peer, listener, true, false)
    listener.close()
    const c = bound(peer)
    expect(c.connect(SocketAddress.parse(`10.0.0.2:${PEER_PORT}`))).toBe(-99)
    c.close()
    peer.close()
  })

  test('from a port of many takes its place a second later with tcp_tw_reuse 1', () => {
    for (const [twReuse, wait, result] of [
      [1, 1100, -EINPROGRESS],
      [1, 900, -EADDRNOTAVAIL],
      [2, 1100, -EADDRNOTAVAIL],
      [0, 1100, -EADDRNOTAVAIL],
    ] as const) {
      const peer = new Peer({ twReuse })
      const ports = transportSettings(peer.host)
      ports.portLow = ports.portHigh = PORT
      const open = (): number => {
        const c = peer.tcp.createConnection(AF_INET)
        const error = c.connect(SocketAddress.parse(`10.0.0.2:${PEER_PORT}`))
        if (error !== -EINPROGRESS) return error
        const { sequence } = peer.one()
        const options = [{ name: 'timestamp', value: 1000, echo: 0 } as const]
        peer.send({ flags: 'S.', seq: 1000, ack: sequence + 1, options })
        c.close()
        peer.send({ flags: 'F.', seq: 1001, ack: sequence + 2, options })
        peer.took()
        return error
      }
      expect(open()).toBe(-EINPROGRESS)
      expect(entry(peer)?.state).toBe(TIME_WAIT)
      peer.wait(wait)
      expect(open()).toBe(result)
      peer.close()
    }
  })
})
