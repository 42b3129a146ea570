import { SocketAddress } from '@jackfield/addr'
import {
  EAGAIN,
  ENETUNREACH,
  ETIMEDOUT,
  Message,
  POLLERR,
  POLLIN,
  POLLOUT,
  SO_RCVBUF,
  SOL_SOCKET,
  SOL_TCP,
  TCP_MAXSEG,
} from '@jackfield/interfaces'
import { describe, expect, test } from 'vitest'
import type { Connection } from '../connection.js'
import { bytes, letters, option, read } from '../listener/peer.test-support.js'
import { ESTABLISHED, SYN_RECEIVED } from '../state.js'
import { accepted, only, SYN, setup, synAck } from './forwarder.test-support.js'

describe('an accepted connection', () => {
  test('speaks as the host that was asked for, as a listener would', () => {
    for (const version of [4, 6] as const) {
      const { peer, requests } = setup((request) => request.accept(), {}, version)
      const to = version === 4 ? '203.0.113.7' : '2001:db8:7::7'
      peer.send({ ...SYN, to })
      expect(`${peer.network.sent[0]?.source}`).toBe(to)
      const segment = peer.one()
      expect(letters(segment)).toBe('S.')
      expect(segment.window).toBe(version === 4 ? 65_160 : 64_260)
      expect(segment.options.map(({ name }) => name)).toEqual([
        'mss',
        'sackPermitted',
        'timestamp',
        'nop',
        'windowScale',
      ])
      expect(option(segment, 'timestamp')?.echo).toBe(4711)
      expect(only(requests).state).toBe('accepted')
      expect(() => only(requests).accept()).toThrow('ECONNABORTED')
      expect(() => only(requests).defer()).toThrow('ECONNABORTED')
      only(requests).reject()
      peer.close()
    }
  })

  test('is there at once, and writable when the handshake is done, not before', () => {
    let c: Connection | undefined
    const { peer } = setup((request) => {
      c = accepted(request)
    })
    peer.send({ ...SYN, to: '203.0.113.7' })
    const iss = synAck(peer)
    if (c === undefined) expect.fail('nothing accepted')
    expect([c.state, c.readiness() & (POLLIN | POLLOUT)]).toEqual([SYN_RECEIVED, 0])
    expect(c.send(new Message(bytes('early')))).toBe(-EAGAIN)
    const name = new SocketAddress()
    expect([c.getName(name), `${name}`]).toEqual([0, '203.0.113.7:80'])
    expect([c.getPeer(name), `${name}`]).toEqual([0, '10.0.0.2:40000'])
    const stamp = { name: 'timestamp', value: 4712, echo: 0 } as const
    peer.send({ flags: '.', seq: 1001, ack: iss + 1, to: '203.0.113.7', options: [stamp] })
    expect([c.state, c.readiness()]).toEqual([ESTABLISHED, POLLOUT])
    peer.send({ flags: 'P.', seq: 1001, ack: iss + 1, to: '203.0.113.7', options: [stamp], payload: bytes('hello') })
    expect(read(c)).toEqual(bytes('hello'))
    expect(c.send(new Message(bytes('answer')))).toBe(6)
    peer.host.burstEnd()
    expect(peer.took().at(-1)?.payload).toEqual(bytes('answer'))
    expect(peer.tcp.counters.TcpPassiveOpens).toBe(1)
    peer.close()
  })

  test('sends its SYN-ACK again, and gives up in the end', () => {
    let c: Connection | undefined
    const { peer } = setup((request) => {
      c = accepted(request)
    })
    peer.send(SYN)
    peer.wait(1100)
    expect(peer.took().map(letters)).toEqual(['S.', 'S.'])
    peer.send(SYN)
    expect(peer.took().map(letters)).toEqual(['S.'])
    for (let minute = 0; minute < 5; minute++) peer.wait(60_000)
    if (c === undefined) expect.fail('nothing accepted')
    expect(c.readiness() & POLLERR).toBe(POLLERR)
    expect(c.receive(new Message(new Uint8Array(1)))).toBe(-ETIMEDOUT)
    peer.took()
    c.close()
    expect(peer.tcp.table.size).toBe(0)
    expect(peer.tcp.connections.size).toBe(0)
    peer.close()
  })

  test('ends with the reset of the peer', () => {
    let c: Connection | undefined
    const { peer } = setup((request) => {
      c = accepted(request)
    })
    peer.send(SYN)
    synAck(peer)
    peer.send({ flags: 'R', seq: 1001 })
    expect((c?.readiness() ?? 0) & POLLERR).toBe(POLLERR)
    expect(peer.tcp.table.size).toBe(0)
    peer.close()
  })

  test('begins with the options that are given', () => {
    const { peer, requests } = setup((request) => {
      const c = request.accept({
        socketOptions: [
          [SOL_SOCKET, SO_RCVBUF, 8192],
          [SOL_TCP, TCP_MAXSEG, 900],
        ],
      })
      expect(c.getOption(SOL_SOCKET, SO_RCVBUF)).toBe(16_384)
    })
    peer.send(SYN)
    const segment = peer.one()
    expect(option(segment, 'mss')?.value).toBe(900)
    expect(segment.window).toBeLessThan(17_000)
    expect(only(requests).state).toBe('accepted')
    peer.send({ ...SYN, port: 40_001 })
    peer.took()
    peer.tcp.setForwarder({
      handler: (request) => void request.accept({ socketOptions: [[SOL_TCP, TCP_MAXSEG, -5]] }),
    })
    peer.send({ ...SYN, port: 40_002 })
    expect(peer.tcp.forwards).toMatchObject({ ForwardErrors: 1, ForwardDrops: 1 })
    peer.close()
  })

  test('is refused where there is no way back', () => {
    const { peer, errors } = setup((request) => request.accept())
    peer.network.routeError = ENETUNREACH
    peer.send(SYN)
    expect(String(errors[0])).toContain('ENETUNREACH')
    peer.network.routeError = 0
    expect(peer.tcp.table.size).toBe(0)
    peer.close()
  })
})
