import { SocketAddress } from '@jackfield/addr'
import {
  AF_INET,
  type ControlMessages,
  EAGAIN,
  ECONNABORTED,
  ENETUNREACH,
  ERROR_HOST_UNREACHABLE,
  ERROR_NET_UNREACHABLE,
  ERROR_PORT_UNREACHABLE,
  ERROR_PROHIBITED,
  ETIMEDOUT,
  type Forwarder,
  type ForwardRequest,
  type ForwardState,
  Message,
  POLLERR,
  POLLIN,
  POLLOUT,
  type Refusal,
  SO_RCVBUF,
  SO_REUSEADDR,
  SOL_SOCKET,
  SOL_TCP,
  TCP_MAXSEG,
} from '@jackfield/interfaces'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Connection } from '../connection.js'
import { letters, option, Peer, type PeerSegment, read, synOptions } from '../listener/peer.test-support.js'
import { ESTABLISHED, SYN_RECEIVED } from '../state.js'

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0))

interface Setup {
  peer: Peer
  requests: ForwardRequest[]
  errors: unknown[]
  refusals: { kind: number; quoted: Uint8Array }[]
}

/** A host whose forwarder is asked about everything; `decide` is its handler. */
function setup(decide: (request: ForwardRequest) => void, limits: Partial<Forwarder> = {}, version: 4 | 6 = 4): Setup {
  const peer = new Peer({}, version)
  const made: Setup = { peer, requests: [], errors: [], refusals: [] }
  const control: ControlMessages = {
    sendError: (_network, packet, _header, kind) => {
      made.refusals.push({ kind, quoted: packet.bytes.slice(packet.networkHeader, packet.end) })
      return true
    },
  }
  peer.host.setControl(control)
  peer.tcp.setForwarder({
    handler: (request) => {
      made.requests.push(request)
      decide(request)
    },
    onError: (error) => made.errors.push(error),
    ...limits,
  })
  return made
}

const SYN: PeerSegment = { flags: 'S', seq: 1000, options: synOptions(4711) }

function only(requests: ForwardRequest[]): ForwardRequest {
  expect(requests).toHaveLength(1)
  return requests[0] as ForwardRequest
}

/** The sequence number of a SYN-ACK that has just been sent. */
function synAck(peer: Peer): number {
  const segment = peer.one()
  expect(letters(segment)).toBe('S.')
  return segment.sequence
}

const accepted = (request: ForwardRequest): Connection => request.accept() as Connection

describe('the handler of a forwarder', () => {
  test('sees who asks for whom, and what the SYN offers', () => {
    const { peer, requests } = setup((request) => request.reject())
    peer.send({ ...SYN, to: '203.0.113.7' })
    const request = only(requests)
    expect(`${request.remote}`).toBe('10.0.0.2:40000')
    expect(`${request.local}`).toBe('203.0.113.7:80')
    expect(request.interfaceIndex).toBe(peer.network.interface.index)
    expect(request.syn).toEqual({ mss: 1460, windowScale: 7, sackPermitted: true, timestamps: true })
    expect(request.packet()).toHaveLength(20 + 40)
    expect(request.payload()).toEqual(new Uint8Array(0))
    peer.close()
  })

  test('is not asked about what a socket is there for, nor about anything but a SYN', () => {
    const { peer, requests } = setup((request) => request.reject())
    peer.listen()
    peer.handshake()
    peer.took()
    for (const flags of ['.', 'R', 'F', 'S.', 'SF', 'SR', 'P.']) peer.send({ flags, seq: 5, ack: 9, port: 41_000 })
    peer.send({ flags: 'S', port: 0 })
    expect(requests).toEqual([])
    peer.close()
  })

  test.each<[Refusal, number]>([
    ['net-unreachable', ERROR_NET_UNREACHABLE],
    ['host-unreachable', ERROR_HOST_UNREACHABLE],
    ['port-unreachable', ERROR_PORT_UNREACHABLE],
    ['prohibited', ERROR_PROHIBITED],
  ])('refuses with %s, at once or later', (how, kind) => {
    for (const later of [false, true]) {
      const { peer, requests, refusals } = setup((request) => (later ? request.defer() : request.reject(how)))
      peer.send({ ...SYN, to: '203.0.113.7' })
      const request = only(requests)
      if (later) request.reject(how)
      expect(refusals).toEqual([{ kind, quoted: request.packet() }])
      expect(request.state).toBe('refused')
      expect(peer.took()).toEqual([])
      expect(peer.tcp.forwards).toMatchObject({ ForwardRequests: 1, ForwardRejects: 1 })
      peer.close()
    }
  })

  test('refuses with a reset, or without a word', () => {
    const { peer } = setup((request) => request.reject(request.local.port === 80 ? 'reset' : 'drop'))
    peer.send(SYN)
    const reset = peer.one()
    expect([letters(reset), reset.sequence, reset.acknowledgment]).toEqual(['R.', 0, 1001])
    peer.tcp.setForwarder({ handler: (request) => request.reject('drop') })
    peer.send(SYN)
    expect(peer.took()).toEqual([])
    expect(peer.tcp.forwards).toMatchObject({ ForwardRequests: 2, ForwardRejects: 1, ForwardDrops: 1 })
    peer.close()
  })

  test('cannot send ICMP errors in a stack without ICMP, and is told what to do', () => {
    const { peer, errors } = setup((request) => request.reject('prohibited'))
    peer.host.control = null
    peer.send(SYN)
    expect(letters(peer.one())).toBe('R.')
    expect(String(errors[0])).toMatch("add icmp() to the stack, or reject with 'reset' or 'drop'")
    peer.close()
  })

  test.each<[string, () => void, string]>([
    ['throws', () => expect.fail('by intent'), 'by intent'],
    ['decides nothing', () => {}, 'without accept(), reject() or defer()'],
  ])('that %s refuses the connection, and the error is told', (_name, handler, text) => {
    const { peer, errors } = setup(handler)
    peer.send(SYN)
    expect(letters(peer.one())).toBe('R.')
    expect(String(errors[0])).toContain(text)
    expect(peer.tcp.forwards).toMatchObject({ ForwardRequests: 1, ForwardRejects: 1, ForwardErrors: 1 })
    peer.close()
  })

  test('and who is told of its errors may throw too: the packet path does not hear of it', () => {
    const { peer, requests } = setup(
      (request) => {
        request.defer()
        throw new Error('handler')
      },
      {
        onError: () => {
          throw new Error('onError')
        },
      },
    )
    peer.send(SYN)
    expect(letters(peer.one())).toBe('R.')
    expect(only(requests).state).toBe('refused')
    expect(peer.tcp.forwards.ForwardErrors).toBe(2)
    expect(peer.tcp.table.size).toBe(0)
    peer.close()
  })
})

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

describe('a deferred request', () => {
  test('absorbs the SYN when it comes again, and is accepted with its newest timestamp', () => {
    const { peer, requests } = setup((request) => request.defer())
    peer.send(SYN)
    for (const tsval of [5711, 6711, 7711]) peer.send({ ...SYN, options: synOptions(tsval) })
    expect(peer.took()).toEqual([])
    expect(peer.tcp.forwards).toMatchObject({ ForwardRequests: 1, ForwardRetransmits: 3 })
    const c = accepted(only(requests))
    peer.host.burstEnd()
    const segment = peer.one()
    expect([letters(segment), segment.acknowledgment, option(segment, 'timestamp')?.echo]).toEqual(['S.', 1001, 7711])
    peer.send({
      flags: '.',
      seq: 1001,
      ack: segment.sequence + 1,
      options: [{ name: 'timestamp', value: 7712, echo: 0 }],
    })
    expect(c.state).toBe(ESTABLISHED)
    peer.close()
  })

  test('is forgotten when its time is over: the next SYN asks anew', () => {
    const ended: ForwardState[] = []
    const { peer, requests } = setup(
      (request) => {
        request.defer(requests.length === 1 ? undefined : 5000)
        request.onCancel = (state) => ended.push(state)
      },
      { timeout: 2000 },
    )
    peer.send(SYN)
    peer.wait(1999)
    expect(ended).toEqual([])
    peer.wait(2)
    expect(ended).toEqual(['expired'])
    expect(peer.tcp.table.size).toBe(0)
    peer.send(SYN)
    peer.wait(4000)
    requests[1]?.defer(3000)
    peer.wait(2000)
    expect(requests.map(({ state }) => state)).toEqual(['expired', 'deferred'])
    expect(() => requests[0]?.accept()).toThrow('the request is expired already')
    expect(peer.took()).toEqual([])
    expect(peer.tcp.forwards).toMatchObject({ ForwardRequests: 2, ForwardExpired: 1 })
    peer.close()
    expect(ended).toEqual(['expired', 'cancelled'])
  })

  test('is cancelled by the reset of who knows its sequence number, and by a new SYN', () => {
    const ended: string[] = []
    const { peer, requests } = setup((request) => {
      request.defer()
      request.onCancel = (state) => ended.push(state)
    })
    peer.send(SYN)
    peer.send({ flags: 'R', seq: 2000 })
    expect(ended).toEqual([])
    peer.send({ flags: 'R', seq: 1001 })
    expect(ended).toEqual(['cancelled'])
    peer.send(SYN)
    peer.send({ ...SYN, seq: 70_000 })
    expect(requests.map(({ state }) => state)).toEqual(['cancelled', 'cancelled', 'deferred'])
    peer.took()
    requests[2]?.reject()
    expect(peer.one().acknowledgment).toBe(70_001)
    peer.close()
  })

  test('answers an acknowledgement with a reset, as a listener does, and stays', () => {
    const { peer, requests } = setup((request) => request.defer())
    peer.send(SYN)
    peer.send({ flags: '.', seq: 1001, ack: 77 })
    expect(letters(peer.one())).toBe('R')
    peer.send({ flags: 'F', seq: 1001 })
    expect(peer.took()).toEqual([])
    expect(only(requests).state).toBe('deferred')
    peer.close()
  })

  test('whose onCancel throws does no harm', () => {
    const { peer, errors } = setup((request) => {
      request.defer(1000)
      request.onCancel = () => expect.fail('in onCancel')
    })
    peer.send(SYN)
    peer.wait(1100)
    expect(String(errors[0])).toContain('in onCancel')
    peer.close()
  })

  test('does not keep others from its port', () => {
    const { peer } = setup((request) => request.defer())
    peer.send(SYN)
    const c = peer.tcp.createConnection(AF_INET)
    c.setOption(SOL_SOCKET, SO_REUSEADDR, 1)
    expect(c.bind(SocketAddress.parse('0.0.0.0:80'))).toBe(0)
    expect(c.listen(1)).toBe(0)
    peer.send({ ...SYN, port: 40_001 })
    synAck(peer)
    peer.close()
  })

  test('goes with the forwarder', () => {
    const { peer, requests } = setup((request) => request.defer())
    peer.send(SYN)
    peer.tcp.setForwarder(null)
    expect(only(requests).state).toBe('cancelled')
    peer.send(SYN)
    expect(letters(peer.one())).toBe('R.')
    expect(() => only(requests).accept()).toThrow(expect.objectContaining({ errno: ECONNABORTED }))
    peer.close()
  })
})

describe('a forwarder', () => {
  test('has no more in flight than it is told', () => {
    const { peer, requests } = setup(
      (request) => {
        if (request.remote.port % 2 === 0) request.defer()
        else request.accept()
      },
      { maxInFlight: 4 },
    )
    for (let port = 1000; port < 1100; port++) peer.send({ ...SYN, port })
    expect(requests).toHaveLength(4)
    expect(peer.tcp.forwards.ForwardOverflows).toBe(96)
    expect(peer.tcp.counters).toMatchObject({ TcpExtTCPReqQFullDrop: 96, TcpExtListenDrops: 96 })
    expect(peer.tcp.table.size).toBe(4)
    peer.took()
    // What is decided, and handshakes that are done, make room.
    requests[0]?.reject('drop')
    peer.send({ flags: 'R', seq: 1001, port: 1001 })
    for (let port = 2000; port < 2010; port += 2) peer.send({ ...SYN, port })
    expect(requests).toHaveLength(6)
    peer.close()
  })

  test('says what limits it takes', () => {
    const peer = new Peer()
    const handler = (): void => {}
    expect(() => peer.tcp.setForwarder({ handler, maxInFlight: 0 })).toThrow('an integer from 1 to 1000000')
    expect(() => peer.tcp.setForwarder({ handler, timeout: 0 })).toThrow('1 to 3600000 milliseconds')
    peer.close()
  })

  test('has what a peer opens anew out of TIME-WAIT', () => {
    let last: Connection | undefined
    const { peer, requests } = setup((request) => {
      last = accepted(request)
    })
    const plain: PeerSegment = { flags: 'S', seq: 1000 }
    peer.send(plain)
    const iss = synAck(peer)
    peer.send({ flags: '.', seq: 1001, ack: iss + 1 })
    last?.close()
    peer.host.burstEnd()
    peer.send({ flags: 'F.', seq: 1001, ack: iss + 2 })
    peer.took()
    expect(peer.tcp.timeWaits.size).toBe(1)
    peer.send({ flags: 'S', seq: 90_000 })
    const again = peer.one()
    expect([letters(again), again.acknowledgment]).toEqual(['S.', 90_001])
    expect(requests).toHaveLength(2)
    peer.close()
  })

  test('every SYN is accepted, refused, dropped, expired or cancelled, whatever is sent and done; nothing is left', () => {
    const decision = fc.constantFrom('accept', 'reset', 'drop', 'prohibited', 'defer', 'throw', 'nothing')
    const step = fc.record({
      what: fc.constantFrom('syn', 'syn again', 'reset', 'ack', 'wait', 'decide'),
      port: fc.integer({ min: 1, max: 6 }),
      decision,
      wait: fc.nat(4000),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 4 }), (steps, maxInFlight) => {
        let next: string = 'drop'
        const decide = (request: ForwardRequest, how: string): void => {
          if (how === 'accept') request.accept()
          else if (how === 'defer') request.defer()
          else if (how === 'throw') throw new Error('handler')
          else if (how !== 'nothing') request.reject(how as Refusal)
        }
        const { peer, requests } = setup((request) => decide(request, next), { maxInFlight, timeout: 3000 })
        let seq = 0
        for (const { what, port, decision: how, wait } of steps) {
          next = how
          if (what === 'syn') seq += 100_000
          if (what === 'syn') peer.send({ flags: 'S', seq, port })
          else if (what === 'syn again') peer.send({ flags: 'S', seq, port })
          else if (what === 'reset') peer.send({ flags: 'R', seq: seq + 1, port })
          else if (what === 'ack') peer.send({ flags: '.', seq: seq + 1, ack: wait, port })
          else if (what === 'wait') peer.wait(wait)
          else {
            const waiting = requests.find(({ state }) => state === 'deferred')
            if (waiting !== undefined && how !== 'throw' && how !== 'nothing') decide(waiting, how)
          }
          expect(peer.tcp.forwards.ForwardRequests).toBe(requests.length)
          expect(requests.filter(({ state }) => state === 'deferred').length).toBeLessThanOrEqual(maxInFlight)
          expect(requests.some(({ state }) => state === 'new')).toBe(false)
        }
        for (let minute = 0; minute < 4; minute++) peer.wait(60_000)
        const counts = peer.tcp.forwards
        const ends = counts.ForwardAccepts + counts.ForwardRejects + counts.ForwardDrops
        expect(ends + counts.ForwardExpired + counts.ForwardCancels).toBe(requests.length)
        expect(peer.tcp.table.size).toBe(0)
        peer.network.clear()
        peer.close()
      }),
      { numRuns: 200 },
    )
  })
})
