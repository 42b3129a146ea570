import { SocketAddress } from '@jackfield/addr'
import { ECONNRESET, POLLIN } from '@jackfield/interfaces'
import { describe, expect, test } from 'vitest'
import { CLOSED } from '../state.js'
import { bytes, letters, Peer, PORT, read } from './peer.test-support.js'

describe('the queues of a listener', () => {
  test('keeps one connection more than the backlog; the last acknowledgement is passed over until there is room', () => {
    const peer = new Peer()
    const c = peer.listen(1)
    peer.send({ flags: 'S', seq: 1000, port: 1 })
    const first = peer.one().sequence
    peer.send({ flags: '.', seq: 1001, ack: first + 1, port: 1 })
    peer.send({ flags: 'S', seq: 1000, port: 2 })
    const second = peer.one().sequence
    peer.send({ flags: 'S', seq: 1000, port: 3 })
    // The SYN queue is full by now: the third is answered with a cookie.
    const third = peer.one().sequence
    peer.send({ flags: '.', seq: 1001, ack: second + 1, port: 2 })
    peer.send({ flags: '.', seq: 1001, ack: third + 1, port: 3 })
    expect(c.listener?.waiting).toBe(2)
    expect(peer.tcp.counters.TcpExtListenOverflows).toBe(1)
    peer.send({ flags: 'S', seq: 1000, port: 4 })
    expect(peer.took()).toEqual([])
    expect(peer.tcp.counters).toMatchObject({ TcpExtListenOverflows: 2, TcpExtListenDrops: 2 })
    peer.close()
  })

  test('with tcp_abort_on_overflow it resets instead', () => {
    const peer = new Peer({ abortOnOverflow: 1 })
    const c = peer.listen(2)
    for (const port of [1, 2, 3]) peer.handshake(1000, port, [])
    expect(c.listener?.waiting).toBe(3)
    c.listener?.accept()
    peer.send({ flags: 'S', seq: 1000, port: 4 })
    const { sequence } = peer.one()
    peer.handshake(1000, 5, [])
    peer.send({ flags: '.', seq: 1001, ack: sequence + 1, port: 4 })
    expect(letters(peer.one())).toBe('R')
    expect(c.listener?.pending).toBe(0)
    peer.close()
  })

  test('without cookies a full SYN queue drops SYNs', () => {
    const peer = new Peer({ syncookies: 0 })
    const c = peer.listen(2)
    for (let port = 1; port <= 3; port++) peer.send({ flags: 'S', seq: 1000, port })
    expect(peer.took()).toHaveLength(2)
    expect(c.listener?.pending).toBe(2)
    expect(peer.tcp.counters).toMatchObject({ TcpExtTCPReqQFullDrop: 1, TcpExtListenDrops: 1 })
    peer.close()
  })

  test('TCP_DEFER_ACCEPT passes over bare acknowledgements until there is data, or time is up', () => {
    const peer = new Peer()
    const c = peer.listen(10, (socket) => {
      socket.deferAccept = 2
    })
    peer.handshake(1000, 1, [])
    expect(c.readiness()).toBe(0)
    expect(peer.tcp.counters.TcpExtTCPDeferAcceptDrop).toBe(1)
    // The last expiry before the end asks once more.
    peer.wait(1000)
    expect(peer.took()).toHaveLength(0)
    peer.wait(2000)
    const again = peer.one()
    peer.send({ flags: '.', seq: 1001, ack: again.sequence + 1, port: 1 })
    expect(c.readiness()).toBe(POLLIN)
    peer.handshake(1000, 2, [])
    const port = 3
    peer.send({ flags: 'S', seq: 1000, port })
    const { sequence } = peer.one()
    peer.send({ flags: '.', seq: 1001, ack: sequence + 1, port })
    expect(c.listener?.waiting).toBe(1)
    peer.send({ flags: 'P.', seq: 1001, ack: sequence + 1, port, payload: bytes('now') })
    expect(c.listener?.waiting).toBe(2)
    peer.close()
  })

  test('hands its options to the connections', () => {
    const peer = new Peer()
    const c = peer.listen(10, (socket) => {
      socket.nonagle = 1
      socket.userMss = 1000
      socket.keepAliveIdle = 7
      socket.options.tos = 0x10
      socket.options.lingerOn = true
      socket.congestion = peer.tcp.registry.find('reno') ?? socket.congestion
    })
    peer.handshake(1000, 1, [{ name: 'mss', value: 1460 }])
    const child = peer.accept(c)
    expect(child).toMatchObject({ nonagle: 1, keepAliveIdle: 7, mss: 1000, advertisedMss: 1000 })
    expect(child.options).toMatchObject({ tos: 0x10, lingerOn: true })
    expect(child.congestion.name).toBe('reno')
    peer.close()
  })

  test('TCP_SAVE_SYN keeps the headers of the SYN', () => {
    const peer = new Peer()
    const c = peer.listen(10, (socket) => {
      socket.saveSyn = 1
    })
    peer.handshake()
    const saved = peer.accept(c).savedSyn
    expect(saved).toHaveLength(20 + 40)
    expect(saved?.[0]).toBe(0x45)
    peer.close()
  })

  test('closing resets connections that nobody accepted and forgets requests', () => {
    const peer = new Peer()
    const c = peer.listen()
    peer.handshake(1000, 1, [])
    peer.send({ flags: 'S', seq: 1000, port: 2 })
    peer.took()
    c.close()
    const reset = peer.one()
    expect(letters(reset)).toBe('R.')
    expect(reset.destinationPort).toBe(1)
    expect(peer.tcp.table.size).toBe(0)
    expect(peer.tcp.connections.size).toBe(0)
    expect(peer.tcp.orphans).toBe(0)
    peer.send({ flags: '.', seq: 1001, ack: 5, port: 2 })
    expect(letters(peer.one())).toBe('R')
    peer.close()
  })

  test('after shutdown it refuses, and can listen again', () => {
    const peer = new Peer()
    const c = peer.listen()
    expect(c.shutdown(0)).toBe(0)
    peer.send({ flags: 'S', seq: 1000 })
    expect(letters(peer.one())).toBe('R.')
    expect(c.listen(5)).toBe(0)
    peer.handshake()
    expect(c.readiness()).toBe(POLLIN)
    peer.close()
  })

  test('of a SO_REUSEPORT group only those that listen get connections', () => {
    const peer = new Peer()
    const share = (socket: { options: { reusePort: boolean } }): void => {
      socket.options.reusePort = true
    }
    const sockets = [0, 1, 2].map(() => {
      const c = peer.tcp.createConnection(2)
      share(c)
      expect(c.bind(SocketAddress.parse(`10.0.0.1:${PORT}`))).toBe(0)
      return c
    })
    const [silent, ...listening] = sockets
    for (const c of listening) expect(c.listen(100)).toBe(0)
    for (let port = 1; port <= 40; port++) peer.handshake(1000, port, [])
    expect(silent?.state).toBe(CLOSED)
    const counts = listening.map((c) => c.listener?.waiting ?? 0)
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(40)
    for (const count of counts) expect(count).toBeGreaterThan(8)
    peer.close()
  })

  test('a connection that was reset before accept is given all the same', () => {
    const peer = new Peer()
    const c = peer.listen()
    peer.handshake(1000, 1, [])
    peer.send({ flags: 'R', seq: 1001, port: 1 })
    const child = peer.accept(c)
    expect(child.state).toBe(CLOSED)
    expect(read(child)).toBe(-ECONNRESET)
    child.close()
    expect(peer.tcp.connections.size).toBe(1)
    peer.close()
  })
})
