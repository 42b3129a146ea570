import { SocketAddress } from '@jackfield/addr'
import { AF_INET, EINPROGRESS, Message, MSG_FASTOPEN, POLLIN, POLLOUT } from '@jackfield/interfaces'
import { describe, expect, test } from 'vitest'
import type { Connection } from '../connection.js'
import { CLOSED, ESTABLISHED, SYN_RECEIVED } from '../state.js'
import type { TcpOption } from '../wire/plain-options.js'
import { formatTcpSegment, type TcpSegment } from '../wire/plain-segment.js'
import { bytes, letters, option, Peer, read } from './peer.test-support.js'

const fastOpen = (cookie: Uint8Array): TcpOption => ({ name: 'fastOpen', cookie, experimental: false })
const NONE = new Uint8Array(0)

function serve(peer: Peer, queue = 5): Connection {
  return peer.listen(10, (c) => {
    c.fastOpenQueue = queue
  })
}

/** Asks for a cookie. */
function cookieOf(peer: Peer): Uint8Array {
  peer.send({ flags: 'S', seq: 1, port: 9, options: [fastOpen(NONE)] })
  const cookie = option(peer.one(), 'fastOpen')?.cookie ?? NONE
  peer.send({ flags: 'R', seq: 2, port: 9 })
  return cookie
}

describe('Fast Open as server', () => {
  test('gives a cookie, and with it takes the data of a SYN', () => {
    const peer = new Peer({ fastopen: 2 })
    const c = serve(peer)
    const cookie = cookieOf(peer)
    expect(cookie).toHaveLength(8)
    peer.send({ flags: 'S', seq: 1000, options: [fastOpen(cookie)], payload: bytes('hello') })
    const synAck = peer.one()
    expect(letters(synAck)).toBe('S.')
    expect(synAck.acknowledgment).toBe(1006)
    expect(option(synAck, 'fastOpen')).toBeUndefined()
    const child = peer.accept(c)
    expect(child.state).toBe(SYN_RECEIVED)
    expect(child.readiness()).toBe(POLLIN | POLLOUT)
    expect(read(child)).toEqual(bytes('hello'))
    // Before the handshake is done data may go.
    expect(child.send(new Message(bytes('world')))).toBe(5)
    peer.host.burstEnd()
    const data = peer.one()
    expect(data).toMatchObject({ sequence: synAck.sequence + 1, payload: bytes('world') })
    peer.send({ flags: '.', seq: 1006, ack: synAck.sequence + 6 })
    expect(child.state).toBe(ESTABLISHED)
    expect(child).toMatchObject({ passiveFastOpen: null, synDataAcked: true, packetsOut: 0 })
    expect(peer.tcp.counters).toMatchObject({ TcpExtTCPFastOpenPassive: 1, TcpExtTCPFastOpenCookieReqd: 1 })
    peer.close()
  })

  test('a bad cookie is answered with the good one, and the data is not taken', () => {
    const peer = new Peer({ fastopen: 2 })
    const c = serve(peer)
    const cookie = cookieOf(peer)
    peer.send({ flags: 'S', seq: 1000, options: [fastOpen(new Uint8Array(8))], payload: bytes('hello') })
    const synAck = peer.one()
    expect(synAck.acknowledgment).toBe(1001)
    expect(option(synAck, 'fastOpen')?.cookie).toEqual(cookie)
    expect(c.readiness()).toBe(0)
    expect(peer.tcp.counters.TcpExtTCPFastOpenPassiveFail).toBe(1)
    peer.close()
  })

  test('a cookie of the former key is good, and the new one is told', () => {
    const peer = new Peer({ fastopen: 2 })
    const c = serve(peer)
    const setting = peer.tcp.fastOpen.setting()
    setting.set('00000001-00000002-00000003-00000004')
    const old = cookieOf(peer)
    setting.set('a-b-c-d,1-2-3-4')
    expect(setting.get()).toBe('0000000a-0000000b-0000000c-0000000d,00000001-00000002-00000003-00000004')
    peer.send({ flags: 'S', seq: 1000, options: [fastOpen(old)], payload: bytes('x') })
    const told = option(peer.one(), 'fastOpen')?.cookie
    expect(told).toEqual(cookieOf(peer))
    expect(told).not.toEqual(old)
    expect(c.readiness()).toBe(POLLIN)
    expect(peer.tcp.counters.TcpExtTCPFastOpenPassiveAltKey).toBe(1)
    for (const wrong of ['', '1-2-3', 'x-1-2-3', '1-2-3-4,1-2-3-4,1-2-3-4', '123456789-1-1-1']) {
      expect(() => setting.set(wrong)).toThrow(RangeError)
    }
    peer.close()
  })

  test('a cookie is of one address', () => {
    const peer = new Peer({ fastopen: 2 })
    const c = serve(peer)
    const options = [fastOpen(cookieOf(peer))]
    peer.send({ flags: 'S', seq: 1000, options, payload: bytes('x'), source: '10.0.0.3' })
    expect(c.readiness()).toBe(0)
    peer.close()
  })

  test('without cookies where that is allowed', () => {
    const peer = new Peer({ fastopen: 0x202 })
    const c = serve(peer)
    peer.send({ flags: 'S', seq: 1000, payload: bytes('hello') })
    expect(peer.one().acknowledgment).toBe(1006)
    expect(read(peer.accept(c))).toEqual(bytes('hello'))
    peer.close()
  })

  test('is off without TCP_FASTOPEN, and on for all with 0x400', () => {
    for (const [fastopen, on] of [
      [0x202, false],
      [0x602, true],
    ] as const) {
      const peer = new Peer({ fastopen })
      const c = peer.listen()
      peer.send({ flags: 'S', seq: 1000, payload: bytes('hello') })
      expect(c.readiness()).toBe(on ? POLLIN : 0)
      peer.close()
    }
  })

  test('no more than the queue wait for their handshake; a reset counts for a minute', () => {
    const peer = new Peer({ fastopen: 0x202 })
    const c = serve(peer, 2)
    const open = (port: number): number => {
      peer.send({ flags: 'S', seq: 1000, payload: bytes('x'), port })
      return peer.one().acknowledgment - 1001
    }
    expect([open(1), open(2), open(3)]).toEqual([1, 1, 0])
    expect(peer.tcp.counters.TcpExtTCPFastOpenListenOverflow).toBe(1)
    const child = peer.accept(c)
    peer.send({ flags: 'R', seq: 1002, port: 1 })
    expect(child.state).toBe(CLOSED)
    expect(open(4)).toBe(0)
    peer.wait(60_000)
    peer.took()
    expect(open(5)).toBe(1)
    peer.close()
  })

  test('the SYN-ACK is sent again, and data only when the handshake is done', () => {
    const peer = new Peer({ fastopen: 0x202 })
    const c = serve(peer)
    peer.send({ flags: 'S', seq: 1000, payload: bytes('x') })
    const synAck = peer.one()
    const child = peer.accept(c)
    child.send(new Message(bytes('answer')))
    peer.host.burstEnd()
    expect(peer.took()).toHaveLength(1)
    peer.wait(1000)
    expect(peer.took().map((segment) => [letters(segment), segment.acknowledgment])).toEqual([['S.', 1002]])
    peer.wait(2000)
    expect(peer.took().map(letters)).toEqual(['S.'])
    peer.send({ flags: 'S', seq: 1000, payload: bytes('x') })
    expect(peer.took().map(letters)).toEqual(['S.'])
    peer.send({ flags: '.', seq: 1002, ack: synAck.sequence + 1 })
    expect(child.state).toBe(ESTABLISHED)
    peer.took()
    peer.wait(10_000)
    expect(peer.took().some((segment) => segment.payload.length === 6)).toBe(true)
    peer.close()
  })

  test('is given up in the end', () => {
    const peer = new Peer({ fastopen: 0x202 })
    const c = serve(peer)
    peer.send({ flags: 'S', seq: 1000, payload: bytes('x') })
    const child = peer.accept(c)
    peer.wait(200_000)
    expect(child.state).toBe(CLOSED)
    expect(peer.took().filter((segment) => letters(segment) === 'S.')).toHaveLength(7)
    expect(c.listener?.fastOpenPending).toBe(0)
    peer.close()
  })
})

describe('Fast Open as client', () => {
  const SERVER = SocketAddress.parse('10.0.0.2:443')
  const COOKIE = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)

  function write(text: string): Message {
    const message = new Message(bytes(text))
    message.name = SERVER
    message.flags = MSG_FASTOPEN
    return message
  }

  /** The server's answer to a SYN. */
  function answer(peer: Peer, syn: TcpSegment, acked: number, cookie?: Uint8Array, mss = 1460): void {
    const options: TcpOption[] = [{ name: 'mss', value: mss }]
    if (cookie !== undefined) options.push(fastOpen(cookie))
    peer.network.inject({
      source: '10.0.0.2',
      destination: '10.0.0.1',
      protocol: 6,
      checksum: 2,
      payload: segmentBytes(syn, acked, options),
    })
    peer.host.burstEnd()
  }

  function socket(peer: Peer): Connection {
    return peer.tcp.createConnection(AF_INET)
  }

  /** A connection that gets a cookie. */
  function learn(peer: Peer): void {
    const c = socket(peer)
    expect(c.send(write('hello'))).toBe(-EINPROGRESS)
    const syn = peer.one()
    expect(option(syn, 'fastOpen')?.cookie).toEqual(NONE)
    expect(syn.payload).toHaveLength(0)
    answer(peer, syn, 0, COOKIE)
    c.options.lingerOn = true
    c.close()
    peer.took()
  }

  test('asks for a cookie; then sends it with data', () => {
    const peer = new Peer()
    learn(peer)
    const c = socket(peer)
    expect(c.send(write('hello'))).toBe(5)
    const syn = peer.one()
    expect(letters(syn)).toBe('S')
    expect(option(syn, 'fastOpen')?.cookie).toEqual(COOKIE)
    expect(syn.payload).toEqual(bytes('hello'))
    answer(peer, syn, 5)
    expect(c.state).toBe(ESTABLISHED)
    expect(c).toMatchObject({ synDataAcked: true, packetsOut: 0, sndUna: (syn.sequence + 6) | 0 })
    expect(letters(peer.one())).toBe('.')
    expect(peer.tcp.counters).toMatchObject({ TcpExtTCPFastOpenActive: 1, TcpExtTCPFastOpenActiveFail: 0 })
    c.close()
    peer.close()
  })

  test('data that the SYN-ACK does not acknowledge is sent again at once', () => {
    const peer = new Peer()
    learn(peer)
    const c = socket(peer)
    c.send(write('hello'))
    const syn = peer.one()
    answer(peer, syn, 0)
    const again = peer.one()
    expect(again).toMatchObject({ sequence: (syn.sequence + 1) >>> 0, payload: bytes('hello') })
    expect(peer.tcp.counters.TcpExtTCPFastOpenActiveFail).toBe(1)
    c.close()
    peer.close()
  })

  test('a SYN that is sent again is plain', () => {
    const peer = new Peer()
    learn(peer)
    const c = socket(peer)
    c.send(write('hello'))
    peer.took()
    peer.wait(1000)
    const syn = peer.one()
    expect(letters(syn)).toBe('S')
    expect(syn.payload).toHaveLength(0)
    expect(option(syn, 'fastOpen')).toBeUndefined()
    answer(peer, syn, 0)
    expect(peer.one().payload).toEqual(bytes('hello'))
    c.close()
    peer.close()
  })

  test('a SYN takes what fits beside the largest options', () => {
    const peer = new Peer()
    learn(peer)
    const c = socket(peer)
    const message = write('')
    message.buffer = new Uint8Array(5000)
    message.length = 5000
    expect(c.send(message)).toBe(1420)
    expect(peer.one().payload).toHaveLength(1420)
    c.close()
    peer.close()
  })

  test('TCP_FASTOPEN_CONNECT waits for data where there is a cookie', () => {
    const peer = new Peer()
    learn(peer)
    const c = socket(peer)
    c.fastOpenConnect = true
    expect(c.connect(SERVER)).toBe(0)
    expect(peer.took()).toEqual([])
    expect(c.readiness() & POLLOUT).toBe(POLLOUT)
    expect(c.send(new Message(bytes('hello')))).toBe(5)
    const syn = peer.one()
    expect(syn.payload).toEqual(bytes('hello'))
    answer(peer, syn, 5)
    expect(c.state).toBe(ESTABLISHED)
    c.close()
    peer.close()
  })

  test('TCP_FASTOPEN_CONNECT asks for a cookie where there is none', () => {
    const peer = new Peer()
    const c = socket(peer)
    c.fastOpenConnect = true
    expect(c.connect(SERVER)).toBe(-EINPROGRESS)
    expect(option(peer.one(), 'fastOpen')?.cookie).toEqual(NONE)
    c.close()
    peer.close()
  })

  test('is off without the setting, and needs no cookie with 4', () => {
    const off = new Peer({ fastopen: 0 })
    expect(socket(off).send(write('x'))).toBe(-95)
    off.close()
    const peer = new Peer({ fastopen: 5 })
    const c = socket(peer)
    expect(c.send(write('hello'))).toBe(5)
    const syn = peer.one()
    expect(syn.payload).toEqual(bytes('hello'))
    expect(option(syn, 'fastOpen')).toBeUndefined()
    c.close()
    peer.close()
  })

  test('a path that swallows it turns it off for a while, twice as long the next time', () => {
    const peer = new Peer({ fastopenBlackholeTimeout: 100 })
    learn(peer)
    const cache = peer.tcp.fastOpenCache
    cache.disable()
    expect(cache.disabled).toBe(true)
    peer.wait(100_000)
    expect(cache.disabled).toBe(false)
    cache.disable()
    peer.wait(150_000)
    const c = socket(peer)
    expect(c.send(write('x'))).toBe(-EINPROGRESS)
    expect(peer.one().payload).toHaveLength(0)
    c.close()
    peer.wait(50_000)
    expect(cache.disabled).toBe(false)
    peer.close()
  })

  test('remembers a bounded number of servers, the latest', () => {
    const peer = new Peer()
    const cache = peer.tcp.fastOpenCache
    const address = (n: number) => SocketAddress.parse(`10.1.${n >> 8}.${n & 255}:1`).address
    const local = address(60_000 & 0xffff)
    for (let n = 0; n < 2000; n++) cache.obtain(local, address(n)).cookieLength = 8
    expect(cache.size).toBe(1024)
    expect(cache.find(local, address(100))).toBeNull()
    expect(cache.find(local, address(1999))?.cookieLength).toBe(8)
    peer.close()
  })

  function segmentBytes(syn: TcpSegment, acked: number, options: TcpOption[]): Uint8Array {
    return formatTcpSegment({
      sourcePort: syn.destinationPort,
      destinationPort: syn.sourcePort,
      sequence: 7000,
      acknowledgment: (syn.sequence + 1 + acked) >>> 0,
      flags: 0x12,
      window: 60_000,
      options,
    })
  }
})
