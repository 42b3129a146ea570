import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ESTABLISHED } from '../state.js'
import type { TcpOption } from '../wire/plain-options.js'
import { letters, option, Peer, synOptions } from './peer.test-support.js'

/** A SYN and the acknowledgement of its cookie, `wait` milliseconds later. */
function exchange(peer: Peer, options: TcpOption[], wait: number, flip = 0): void {
  peer.send({ flags: 'S', seq: 1000, options })
  const synAck = peer.one()
  const stamp = option(synAck, 'timestamp')
  peer.wait(wait)
  peer.send({
    flags: '.',
    seq: 1001,
    ack: (synAck.sequence + 1) ^ flip,
    options: stamp === undefined ? [] : [{ name: 'timestamp', value: 1001, echo: stamp.value }],
  })
}

describe('SYN cookies', () => {
  test('bring the connection back with its options hidden in the timestamp', () => {
    const peer = new Peer({ syncookies: 2, ecn: 1 })
    const c = peer.listen()
    peer.send({ flags: 'SEC', seq: 1000, options: synOptions() })
    const synAck = peer.one()
    expect(letters(synAck)).toBe('S.E')
    expect(c.listener?.pending).toBe(0)
    expect(peer.tcp.table.size).toBe(1)
    const stamp = option(synAck, 'timestamp')?.value ?? 0
    peer.wait(20)
    peer.send({
      flags: '.',
      seq: 1001,
      ack: synAck.sequence + 1,
      options: [{ name: 'timestamp', value: 1001, echo: stamp }],
    })
    const child = peer.accept(c)
    expect(child).toMatchObject({
      state: ESTABLISHED,
      sackOk: true,
      timestampsOk: true,
      windowScaleOk: true,
      sndScale: 7,
      rcvScale: 10,
      mss: 1448,
      ecn: 1,
      irs: 1000,
      rcvNxt: 1001,
    })
    expect(peer.tcp.counters).toMatchObject({
      TcpExtSyncookiesSent: 1,
      TcpExtSyncookiesRecv: 1,
      TcpExtSyncookiesFailed: 0,
    })
    peer.close()
  })

  test.each([
    [100, 536],
    [536, 536],
    [1300, 1300],
    [1439, 1300],
    [1440, 1440],
    [1460, 1460],
    [8960, 1460],
  ])('without timestamps keep the segment size alone, rounded down: %d gives %d', (mss, kept) => {
    const peer = new Peer({ syncookies: 2 })
    const c = peer.listen()
    exchange(peer, [{ name: 'mss', value: mss }, { name: 'sackPermitted' }, { name: 'windowScale', shift: 7 }], 10)
    expect(peer.accept(c)).toMatchObject({ mssClamp: kept, sackOk: false, windowScaleOk: false, timestampsOk: false })
    peer.close()
  })

  test('are good for two minutes at most, and for one at least', () => {
    for (const [wait, good] of [
      [59_000, true],
      [121_000, false],
    ] as const) {
      const peer = new Peer({ syncookies: 2 })
      const c = peer.listen()
      exchange(peer, [], wait)
      expect(c.listener?.ready).toBe(good)
      expect(peer.took().map(letters)).toEqual(good ? [] : ['R'])
      peer.close()
    }
  })

  test('any acknowledgement but the one that belongs to it is refused', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0x7fff_ffff }), (flip) => {
        const peer = new Peer({ syncookies: 2 })
        const c = peer.listen()
        exchange(peer, [], 10, flip)
        expect(c.listener?.ready).toBe(false)
        expect(letters(peer.one())).toBe('R')
        expect(peer.tcp.counters.TcpExtSyncookiesFailed).toBe(1)
        peer.close()
      }),
      // One in 2^22 forged ones is good by chance.
      { numRuns: 100, seed: 1 },
    )
  })

  test('are not looked for where none was sent lately', () => {
    const peer = new Peer()
    peer.listen()
    peer.send({ flags: '.', seq: 1001, ack: 1 })
    expect(letters(peer.one())).toBe('R')
    expect(peer.tcp.counters.TcpExtSyncookiesFailed).toBe(0)
    peer.close()
  })

  test('new clients connect during a flood', () => {
    const peer = new Peer()
    const c = peer.listen(3)
    for (let port = 1; port <= 50; port++) peer.send({ flags: 'S', seq: port, port })
    peer.took()
    expect(peer.tcp.counters).toMatchObject({ TcpExtTCPReqQFullDoCookies: 47, TcpExtSyncookiesSent: 47 })
    exchange(peer, synOptions(), 10)
    expect(peer.accept(c).state).toBe(ESTABLISHED)
    peer.close()
  })
})
