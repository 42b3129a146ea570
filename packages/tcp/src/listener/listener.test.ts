import { POLLIN } from '@jackfield/interfaces'
import { describe, expect, test } from 'vitest'
import { ESTABLISHED } from '../state.js'
import { bytes, letters, option, PEER_PORT, Peer, PORT, read, synOptions } from './peer.test-support.js'

describe('a listener', () => {
  test('answers a SYN with what both sides can do, as Linux does', () => {
    const peer = new Peer()
    peer.listen()
    peer.send({ flags: 'S', seq: 1000, options: synOptions(4711) })
    const synAck = peer.one()
    expect(letters(synAck)).toBe('S.')
    expect(synAck.acknowledgment).toBe(1001)
    expect(synAck.window).toBe(65_160)
    expect(synAck.options.map(({ name }) => name)).toEqual(['mss', 'sackPermitted', 'timestamp', 'nop', 'windowScale'])
    expect(option(synAck, 'mss')?.value).toBe(1460)
    expect(option(synAck, 'timestamp')?.echo).toBe(4711)
    expect(option(synAck, 'windowScale')?.shift).toBe(10)
    expect(synAck).toMatchObject({ sourcePort: PORT, destinationPort: PEER_PORT })
    peer.close()
  })

  test('agrees to nothing that the SYN does not offer', () => {
    const peer = new Peer()
    peer.listen()
    peer.send({ flags: 'S', seq: 1000 })
    const synAck = peer.one()
    expect(synAck.options.map(({ name }) => name)).toEqual(['mss'])
    expect(synAck.window).toBe(64_240)
    peer.close()
  })

  test('makes the connection when its SYN-ACK is acknowledged', () => {
    const peer = new Peer()
    const c = peer.listen()
    expect(c.readiness()).toBe(0)
    const iss = peer.handshake(1000)
    expect(peer.took()).toEqual([])
    expect(c.readiness()).toBe(POLLIN)
    const child = peer.accept(c)
    expect(child).toMatchObject({
      state: ESTABLISHED,
      iss: iss | 0,
      irs: 1000,
      rcvNxt: 1001,
      sndUna: (iss + 1) | 0,
      sackOk: true,
      timestampsOk: true,
      windowScaleOk: true,
      sndScale: 7,
      sndWnd: 64_240 << 7,
      mss: 1448,
      tsRecent: 1001,
      segsIn: 2,
      delivered: 1,
    })
    expect(peer.tcp.counters.TcpPassiveOpens).toBe(1)
    expect(peer.tcp.table.size).toBe(2)
    peer.close()
  })

  test('does the same over IPv6, with cookies too', () => {
    for (const syncookies of [1, 2]) {
      const peer = new Peer({ syncookies }, 6)
      const c = peer.listen()
      peer.send({ flags: 'S', seq: 1000, options: [{ name: 'mss', value: 1440 }] })
      const synAck = peer.one()
      expect(option(synAck, 'mss')?.value).toBe(1440)
      peer.send({ flags: '.', seq: 1001, ack: synAck.sequence + 1 })
      expect(peer.accept(c)).toMatchObject({ state: ESTABLISHED, mss: 1440 })
      peer.close()
    }
  })

  test('takes data with the acknowledgement', () => {
    const peer = new Peer()
    const c = peer.listen()
    peer.send({ flags: 'S', seq: 1000 })
    const { sequence } = peer.one()
    peer.send({ flags: 'P.', seq: 1001, ack: sequence + 1, payload: bytes('hello') })
    expect(peer.one().acknowledgment).toBe(1006)
    expect(read(peer.accept(c))).toEqual(bytes('hello'))
    peer.close()
  })

  test('measures the round trip of the SYN-ACK', () => {
    const peer = new Peer()
    const c = peer.listen()
    peer.send({ flags: 'S', seq: 1000 })
    const { sequence } = peer.one()
    peer.wait(30)
    peer.send({ flags: '.', seq: 1001, ack: sequence + 1 })
    expect(peer.accept(c).srtt8 >>> 3).toBe(30_000)
    peer.close()
  })

  test('resets what acknowledges what was never sent, and keeps silent to resets', () => {
    const peer = new Peer()
    peer.listen()
    peer.send({ flags: '.', seq: 5, ack: 77 })
    expect(peer.one()).toMatchObject({ sequence: 77 })
    peer.send({ flags: 'R', seq: 5 })
    peer.send({ flags: 'F', seq: 5 })
    peer.send({ flags: 'SF', seq: 5 })
    expect(peer.took()).toEqual([])
    peer.send({ flags: 'S.', seq: 5, ack: 99 })
    expect(peer.one()).toMatchObject({ sequence: 99 })
    peer.close()
  })

  test('sends the SYN-ACK again after 1, 2, 4, 8 and 16 seconds, then forgets the request', () => {
    const peer = new Peer()
    const c = peer.listen()
    peer.send({ flags: 'S', seq: 1000 })
    const { sequence } = peer.one()
    const times: number[] = []
    for (let second = 1; second <= 70; second++) {
      peer.wait(1000)
      for (const segment of peer.took()) {
        expect(segment).toMatchObject({ sequence, acknowledgment: 1001 })
        times.push(second)
      }
    }
    expect(times).toEqual([1, 3, 7, 15, 31])
    expect(c.listener?.pending).toBe(0)
    expect(peer.tcp.counters).toMatchObject({ TcpRetransSegs: 5, TcpExtTCPTimeouts: 6 })
    peer.close()
  })

  test('answers a SYN that comes again with the same SYN-ACK, at most twice a second', () => {
    const peer = new Peer()
    peer.listen()
    peer.send({ flags: 'S', seq: 1000 })
    const first = peer.one()
    peer.send({ flags: 'S', seq: 1000 })
    expect(peer.one().sequence).toBe(first.sequence)
    peer.send({ flags: 'S', seq: 1000 })
    expect(peer.took()).toEqual([])
    expect(peer.tcp.counters.TcpExtTCPACKSkippedSynRecv).toBe(1)
    peer.close()
  })

  test('a reset in the window ends a request, one outside does not', () => {
    const peer = new Peer()
    const c = peer.listen()
    peer.send({ flags: 'S', seq: 1000 })
    peer.took()
    peer.send({ flags: 'R', seq: 1_000_000 })
    expect(c.listener?.pending).toBe(1)
    peer.send({ flags: 'R', seq: 1001 })
    expect(c.listener?.pending).toBe(0)
    expect(peer.tcp.counters).toMatchObject({ TcpExtEmbryonicRsts: 1, TcpAttemptFails: 1 })
    expect(peer.took()).toEqual([])
    peer.close()
  })

  test('a segment outside of the window is answered with an acknowledgement, a wrong acknowledgement with a reset', () => {
    const peer = new Peer()
    const c = peer.listen()
    peer.send({ flags: 'S', seq: 1000 })
    const { sequence } = peer.one()
    peer.send({ flags: '.', seq: 999_999, ack: sequence + 1 })
    expect(peer.one()).toMatchObject({ sequence: (sequence + 1) >>> 0, acknowledgment: 1001 })
    peer.send({ flags: '.', seq: 1001, ack: sequence + 9 })
    expect(peer.one()).toMatchObject({ sequence: (sequence + 9) >>> 0 })
    expect(c.listener?.pending).toBe(1)
    peer.close()
  })

  test('an old timestamp does not open (PAWS)', () => {
    const peer = new Peer()
    const c = peer.listen()
    peer.send({ flags: 'S', seq: 1000, options: synOptions(5000) })
    const { sequence } = peer.one()
    peer.send({
      flags: '.',
      seq: 1001,
      ack: sequence + 1,
      options: [{ name: 'timestamp', value: 4000, echo: 0 }],
    })
    expect(c.readiness()).toBe(0)
    expect(peer.tcp.counters.TcpExtPAWSEstab).toBe(1)
    expect(letters(peer.one())).toBe('.')
    peer.close()
  })

  test('answers ECN in kind, but not to a SYN that is marked', () => {
    const peer = new Peer()
    const c = peer.listen()
    peer.send({ flags: 'SEC', seq: 1000, port: 1 })
    const synAck = peer.one()
    expect(letters(synAck)).toBe('S.E')
    peer.send({ flags: '.', seq: 1001, ack: synAck.sequence + 1, port: 1 })
    expect(peer.accept(c).ecn).toBe(1)
    peer.send({ flags: 'SEC', seq: 1000, port: 2, tos: 2 })
    expect(letters(peer.one())).toBe('S.')
    peer.close()
  })

  test('ICMP "host unreachable" about the SYN-ACK ends the request, "port unreachable" does not', () => {
    const peer = new Peer()
    const c = peer.listen()
    peer.send({ flags: 'S', seq: 1000 })
    peer.took()
    const request = peer.tcp.table.firstOnPort(PORT)
    const iss = (request as unknown as { iss: number }).iss
    const quote = new Uint8Array(8)
    const view = new DataView(quote.buffer)
    view.setUint16(0, PORT)
    view.setUint16(2, PEER_PORT)
    const report = (kind: number, seq: number): void => {
      view.setInt32(4, seq)
      peer.network.injectError({ kind, errno: 113, protocol: 6, destination: '10.0.0.2', quote })
    }
    report(2, iss + 1)
    report(4, iss)
    expect(c.listener?.pending).toBe(1)
    expect(peer.tcp.counters.TcpExtOutOfWindowIcmps).toBe(1)
    report(2, iss)
    expect(c.listener?.pending).toBe(0)
    peer.close()
  })

  test('a flood of SYNs leaves no more behind than the backlog', () => {
    const peer = new Peer()
    const c = peer.listen(5)
    const before = peer.tcp.table.size
    for (let port = 1; port <= 2000; port++) peer.send({ flags: 'S', seq: port, port })
    expect(c.listener?.pending).toBe(5)
    expect(peer.tcp.table.size).toBe(before + 5)
    expect(peer.took()).toHaveLength(2000)
    peer.close()
  })
})
