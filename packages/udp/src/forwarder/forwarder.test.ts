import { SocketAddress } from '@jackfield/addr'
import {
  type ControlMessages,
  DELIVERED,
  ERROR_HOST_UNREACHABLE,
  ERROR_PORT_UNREACHABLE,
  type Forwarder,
  type ForwardRequest,
  POLLIN,
  SO_RCVBUF,
  SOL_SOCKET,
  UNREACHABLE,
} from '@jackfield/interfaces'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { at, bytesOf, message, PEER, receive, UdpTestHost } from '../udp.test-fixture.js'
import type { UdpSocket } from '../udp-socket.js'

const FAR = '203.0.113.7'

let net: UdpTestHost
let requests: ForwardRequest[]
let errors: unknown[]
let refusals: { kind: number; quoted: Uint8Array }[]
beforeEach(() => {
  net = new UdpTestHost()
  requests = []
  errors = []
  refusals = []
  const control: ControlMessages = {
    sendError: (_network, packet, _header, kind) => {
      refusals.push({ kind, quoted: packet.bytes.slice(packet.networkHeader, packet.end) })
      return true
    },
  }
  net.host.setControl(control)
})
afterEach(() => {
  net.host.close()
  expect(net.leaks()).toBe(0)
})

function forward(handler: (request: ForwardRequest) => void, limits: Partial<Forwarder> = {}): void {
  const provider = net.host.providers[0]
  provider?.setForwarder?.({
    handler: (request) => {
      requests.push(request)
      handler(request)
    },
    onError: (error) => errors.push(error),
    ...limits,
  })
}

const send = (text: string, port = 4000): number => net.arrive(53, bytesOf(text), { destination: FAR, port })
const accept = (request: ForwardRequest | undefined): UdpSocket => request?.accept() as UdpSocket

describe('a forwarder of datagrams', () => {
  test('gives a connected socket whose first receive is the datagram that asked', () => {
    let socket: UdpSocket | undefined
    forward((request) => {
      expect(`${request.remote} ${request.local}`).toBe(`${PEER}:4000 ${FAR}:53`)
      expect([request.syn, request.payload()]).toEqual([null, bytesOf('one')])
      expect(request.packet()).toHaveLength(20 + 8 + 3)
      socket = accept(request)
    })
    expect(send('one')).toBe(DELIVERED)
    expect(send('two')).toBe(DELIVERED)
    expect(requests).toHaveLength(1)
    if (socket === undefined) expect.fail('nothing accepted')
    expect([receive(socket), receive(socket)]).toEqual([bytesOf('one'), bytesOf('two')])
    const name = new SocketAddress()
    expect([socket.getName(name), `${name}`]).toEqual([0, `${FAR}:53`])
    expect([socket.getPeer(name), `${name}`]).toEqual([0, `${PEER}:4000`])
    expect(socket.send(message(bytesOf('answer')))).toBe(6)
    expect(net.network.sent.map(({ source, destination }) => `${source} ${destination}`)).toEqual([`${FAR} ${PEER}`])
    socket.close()
    expect(send('one')).toBe(DELIVERED)
    expect(requests).toHaveLength(2)
    expect(net.counter('UdpForwardAccepts')).toBe(2)
  })

  test('keeps what comes while a request is deferred, in order and bounded', () => {
    forward((request) => request.defer())
    for (let i = 0; i < 100; i++) send(`datagram ${i}`)
    expect(requests).toHaveLength(1)
    const [request] = requests
    expect(request?.payload()).toEqual(bytesOf('datagram 0'))
    const socket = accept(request)
    expect(socket.readiness() & POLLIN).toBe(POLLIN)
    for (let i = 0; i < 5; i++) expect(receive(socket)).toEqual(bytesOf(`datagram ${i}`))
    expect(net.counter('UdpRcvbufErrors')).toBeGreaterThan(20)
    for (let left = receive(socket); typeof left !== 'number'; left = receive(socket));
    expect(socket.getOption(SOL_SOCKET, SO_RCVBUF)).toBe(212_992)
    socket.close()
  })

  test('refuses as if nobody were there, without a word, or with the error that it names', () => {
    forward((request) => request.reject())
    expect(send('one')).toBe(UNREACHABLE)
    expect(net.counter('UdpNoPorts')).toBe(1)
    forward((request) => request.reject('drop'))
    expect(send('two')).toBe(DELIVERED)
    forward((request) => request.reject('host-unreachable'))
    expect(send('three')).toBe(DELIVERED)
    expect(refusals.map(({ kind }) => kind)).toEqual([ERROR_PORT_UNREACHABLE, ERROR_HOST_UNREACHABLE])
    forward((request) => request.defer())
    expect(send('four')).toBe(DELIVERED)
    const packet = requests[3]?.packet()
    requests[3]?.reject()
    expect(refusals[2]).toEqual({ kind: ERROR_PORT_UNREACHABLE, quoted: packet })
    expect(net.counter('UdpForwardRejects')).toBe(3)
    expect(net.counter('UdpForwardDrops')).toBe(1)
  })

  test('forgets what is not decided in time, and says so', () => {
    const ended: string[] = []
    forward((request) => {
      request.defer(1000)
      request.onCancel = (state) => ended.push(state)
    })
    send('one')
    net.host.clock.advance(1_100_000)
    expect(ended).toEqual(['expired'])
    expect(() => requests[0]?.accept()).toThrow('ECONNABORTED')
    expect(requests[0]?.packet()).toEqual(new Uint8Array(0))
    send('two')
    expect(requests).toHaveLength(2)
  })

  test('has no more in flight than it is told', () => {
    forward((request) => request.defer(), { maxInFlight: 3 })
    for (let port = 1; port <= 10; port++) send('x', port)
    expect(requests).toHaveLength(3)
    expect(net.counter('UdpForwardOverflows')).toBe(7)
    accept(requests[0]).close()
    send('x', 20)
    expect(requests).toHaveLength(4)
  })

  test('contains a handler that throws or does nothing', () => {
    forward(() => expect.fail('by intent'))
    expect(send('one')).toBe(UNREACHABLE)
    forward(() => {})
    expect(send('two')).toBe(UNREACHABLE)
    expect(errors.map(String)).toEqual([
      expect.stringContaining('by intent'),
      expect.stringContaining('without accept(), reject() or defer()'),
    ])
    expect(net.counter('UdpForwardErrors')).toBe(2)
  })

  test('gives options to the socket, or says which does not fit', () => {
    const options = (value: number) => ({ socketOptions: [[SOL_SOCKET, SO_RCVBUF, value]] as const })
    forward((request) => {
      const socket = request.accept(options(8192))
      expect(socket.getOption(SOL_SOCKET, SO_RCVBUF)).toBe(16_384)
      socket.close()
    })
    send('one')
    forward((request) => request.accept({ socketOptions: [[SOL_SOCKET, 9999, 1]] }))
    send('two')
    expect(errors.map(String)).toEqual([expect.stringContaining('option 9999 of level 1, given to accept()')])
  })

  test('is not asked about groups, about a source that cannot be answered, nor where a socket is', () => {
    forward((request) => request.reject('drop'))
    const bound = net.bound(53, '0.0.0.0')
    send('for the socket')
    bound.close()
    net.arrive(53, bytesOf('x'), { destination: '239.1.1.1', cast: 2 })
    expect(net.arrive(53, bytesOf('x'), { destination: FAR, port: 0 })).toBe(UNREACHABLE)
    expect(requests).toEqual([])
  })

  test('two flows to one address and port are two sockets', () => {
    forward((request) => request.defer())
    send('a', 1)
    send('b', 2)
    const sockets = requests.map(accept)
    expect(sockets.map((socket) => receive(socket))).toEqual([bytesOf('a'), bytesOf('b')])
    expect(net.socket().bind(at('0.0.0.0', 53))).toBeLessThan(0)
    for (const socket of sockets) socket.close()
  })

  test('every request ends, whatever comes and is done; nothing is left', () => {
    const step = fc.record({
      what: fc.constantFrom('send', 'decide', 'wait', 'close'),
      port: fc.integer({ min: 1, max: 5 }),
      how: fc.constantFrom('accept', 'reset', 'drop', 'prohibited', 'defer', 'throw', 'nothing'),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const host = new UdpTestHost()
        const asked: ForwardRequest[] = []
        const made: UdpSocket[] = []
        let next = 'drop'
        const decide = (request: ForwardRequest, how: string): void => {
          if (how === 'accept') made.push(accept(request))
          else if (how === 'defer') request.defer(500)
          else if (how === 'throw') throw new Error('handler')
          else if (how === 'reset' || how === 'drop') request.reject(how)
          else if (how === 'prohibited') expect(() => request.reject(how)).toThrow('add icmp()')
        }
        host.host.providers[0]?.setForwarder?.({
          maxInFlight: 3,
          handler: (request) => {
            asked.push(request)
            decide(request, next)
          },
        })
        for (const { what, port, how } of steps) {
          next = how
          const waiting = asked.find(({ state }) => state === 'deferred')
          if (what === 'send') host.arrive(53, bytesOf('x'), { destination: FAR, port })
          else if (what === 'wait') host.host.clock.advance(300_000)
          else if (what === 'close') made.shift()?.close()
          else if (waiting !== undefined && how !== 'throw' && how !== 'nothing') decide(waiting, how)
          expect(asked.some(({ state }) => state === 'new')).toBe(false)
        }
        host.host.clock.advance(1_000_000)
        const ends = ['Accepts', 'Rejects', 'Drops', 'Expired', 'Cancels'].map((name) =>
          host.counter(`UdpForward${name}`),
        )
        expect(ends.reduce<number>((sum, each) => sum + (each ?? Number.NaN), 0)).toBe(asked.length)
        host.host.close()
        expect(host.leaks()).toBe(0)
      }),
      { numRuns: 200 },
    )
  })
})
