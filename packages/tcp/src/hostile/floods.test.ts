import { SocketAddress } from '@jackfield/addr'
import { AF_INET, EADDRNOTAVAIL, EINPROGRESS } from '@jackfield/interfaces'
import { describe, expect, test } from 'vitest'
import { letters, Peer, read, synOptions } from '../listener/peer.test-support.js'
import { ESTABLISHED, SYN_RECEIVED, SYN_SENT } from '../state.js'
import { open, Victim } from './victim.test-support.js'

describe('floods of SYNs', () => {
  test('the queue is as long as the backlog; new clients connect by cookies', () => {
    const victim = new Victim()
    expect(victim.server.listen(64)).toBe(0)
    for (let i = 0; i < 2000; i++) {
      victim.send({ flags: 'S', seq: i, port: 1000 + (i % 5000), source: `10.0.1.${i % 250}`, options: synOptions() })
      expect(victim.server.listener?.pending).toBeLessThanOrEqual(64)
    }
    victim.took()
    expect(victim.tcp.counters.TcpExtSyncookiesSent).toBe(2000 - 64)
    // Listener, connection and requests, and nothing of the others.
    expect(victim.tcp.table.size).toBe(2 + 64)
    for (let port = 1; port <= 20; port++) {
      victim.handshake(7000, port, [{ name: 'mss', value: 1460 }])
      expect(victim.accept(victim.server).state).toBe(ESTABLISHED)
    }
    expect(victim.tcp.counters.TcpExtSyncookiesRecv).toBe(20)
    victim.expectAlive()
    victim.end()
  })

  test('without cookies they are dropped, and the requests of nobody leave in time', () => {
    const victim = new Victim({ settings: { syncookies: 0 } })
    victim.server.listen(16)
    for (let i = 0; i < 500; i++) victim.send({ flags: 'S', seq: i, port: 1000 + i })
    expect(victim.tcp.counters).toMatchObject({ TcpExtTCPReqQFullDrop: 484, TcpExtListenDrops: 484 })
    // Where the queue is crowded old requests are given up earlier, so that half of it is for new ones.
    victim.wait(16_000)
    expect(victim.server.listener?.pending).toBeLessThanOrEqual(8)
    victim.wait(48_000)
    expect(victim.server.listener?.pending).toBe(0)
    victim.expectAlive()
    victim.end()
  })

  test('forged acknowledgements of cookies are counted and reset, and open nothing', () => {
    const victim = new Victim({ settings: { syncookies: 2 } })
    victim.send({ flags: 'S', seq: 1, port: 5 })
    victim.took()
    for (let i = 0; i < 1000; i++) victim.send({ flags: '.', seq: 2, ack: (i * 7_919_333) >>> 0, port: 6 + i })
    expect(victim.tcp.counters.TcpExtSyncookiesFailed).toBe(1000)
    expect(victim.tcp.connections.size).toBe(2)
    expect(victim.took().every((each) => letters(each) === 'R')).toBe(true)
    victim.expectAlive()
    victim.end()
  })

  test('handshakes that nobody accepts fill the accept queue and no more', () => {
    const victim = new Victim()
    victim.server.listen(5)
    for (let port = 1; port <= 50; port++) {
      victim.send({ flags: 'S', seq: 1, port })
      const [synAck] = victim.took()
      if (synAck !== undefined) victim.send({ flags: '.', seq: 2, ack: synAck.sequence + 1, port })
    }
    // As Linux: one more than the backlog.
    expect(victim.server.listener?.waiting).toBe(6)
    const { counters } = victim.tcp
    expect(counters.TcpExtListenOverflows).toBe(44)
    expect(counters.TcpExtListenDrops).toBe(counters.TcpExtListenOverflows)
    victim.expectAlive()
    victim.end()
  })

  test('with tcp_abort_on_overflow the last of a handshake that found no room is reset', () => {
    const victim = new Victim({ settings: { abortOnOverflow: 1 } })
    victim.server.listen(2)
    const waiting: { port: number; ack: number }[] = []
    for (let port = 1; port <= 4; port++) {
      victim.send({ flags: 'S', seq: 1, port })
      const [synAck] = victim.took()
      if (synAck !== undefined) waiting.push({ port, ack: synAck.sequence + 1 })
    }
    // The first two fill the SYN queue; what comes by cookie is not kept.
    for (const { port, ack } of waiting) victim.send({ flags: '.', seq: 2, ack, port })
    expect(victim.server.listener?.waiting).toBe(3)
    expect(victim.tcp.counters.TcpExtListenOverflows).toBe(1)
    victim.expectAlive()
    victim.end()
  })

  test('data on a SYN is not kept without Fast Open: the peer sends it again', () => {
    const victim = new Victim()
    const payload = new Uint8Array(1000).fill(7)
    for (let i = 0; i < 50; i++) victim.send({ flags: 'S', seq: 1, port: 100 + i, payload })
    const answers = victim.took()
    for (const { acknowledgment } of answers) expect(acknowledgment).toBe(2)
    expect(victim.tcp.memory).toBe(0)
    victim.send({ flags: 'P.', seq: 2, ack: (answers[0]?.sequence ?? 0) + 1, port: 100, payload })
    expect(read(victim.accept(victim.server))).toEqual(payload)
    victim.expectAlive()
    victim.end()
  })

  test('FINs and nonsense for a listener or for nobody leave nothing behind', () => {
    const victim = new Victim()
    for (let i = 0; i < 300; i++) {
      for (const flags of ['F', 'SF', 'SR', 'FPU', '', 'F.', 'SF.'])
        victim.send({ flags, seq: i, ack: i, port: 3000 + i })
    }
    for (const answer of victim.took()) expect(letters(answer)).toContain('R')
    expect(victim.tcp.connections.size).toBe(2)
    expect(victim.tcp.table.size).toBe(2)
    victim.expectAlive()
    victim.end()
  })
})

describe('somebody who opens in the name of the server', () => {
  test('a crossed SYN makes no connection of its own: the acknowledgement has to know our number', () => {
    const peer = new Peer()
    const { c, syn } = open(peer, 40_000)
    const port = syn.sourcePort
    expect(port).toBeGreaterThan(0)
    // Blind: no acknowledgement, any number.
    const forged = { seq: 777, port: 40_000, toPort: port }
    peer.send({ flags: 'S', ...forged, options: [{ name: 'mss', value: 1460 }] })
    expect(c.state).toBe(SYN_RECEIVED)
    expect(letters(peer.one())).toBe('S.')
    for (const off of [0, 2, -1, 100_000, 0x7000_0000]) {
      peer.send({ flags: '.', ...forged, seq: 778, ack: (syn.sequence + off) >>> 0 })
      expect(letters(peer.one())).toBe('R')
    }
    expect(c.state).toBe(SYN_RECEIVED)
    // The server's own SYN-ACK is answered with an acknowledgement that it resets: then the attempt has failed, in time.
    peer.send({ flags: 'S.', seq: 123_456_789, ack: syn.sequence + 1, port: 40_000, toPort: port })
    expect(c.state).toBe(SYN_RECEIVED)
    peer.wait(200_000)
    expect(c.state).not.toBe(SYN_RECEIVED)
    peer.close()
  })

  test('wrong answers in SYN-SENT are reset, and the right one is still taken', () => {
    const peer = new Peer()
    const { c, syn } = open(peer, 40_000)
    for (const off of [0, 2, -5, 0x4000_0000]) {
      peer.send({ flags: 'S.', seq: 5, ack: (syn.sequence + off) >>> 0, toPort: syn.sourcePort })
      expect(letters(peer.one())).toBe('R')
      peer.send({ flags: 'R.', seq: 5, ack: (syn.sequence + off) >>> 0, toPort: syn.sourcePort })
    }
    for (const flags of ['R', 'F', '', 'P']) peer.send({ flags, seq: 5, toPort: syn.sourcePort })
    expect(c.state).toBe(SYN_SENT)
    peer.send({ flags: 'S.', seq: 5, ack: syn.sequence + 1, toPort: syn.sourcePort, options: synOptions() })
    expect(c.state).toBe(ESTABLISHED)
    peer.close()
  })
})

describe('ports', () => {
  test('that are all in use to one peer are an error, and free again when connections end', () => {
    const peer = new Peer()
    peer.host.settings.get('net.ipv4.ip_local_port_range')?.set('5000 5009')
    const opened = Array.from({ length: 10 }, () => open(peer, 40_000).c)
    const more = peer.tcp.createConnection(AF_INET)
    expect(more.connect(SocketAddress.parse('10.0.0.2:40000'))).toBe(-EADDRNOTAVAIL)
    // Another peer is another matter.
    expect(more.connect(SocketAddress.parse('10.0.0.3:40000'))).toBe(-EINPROGRESS)
    opened[0]?.close()
    peer.took()
    open(peer, 40_000)
    peer.close()
  })
})
