import {
  ERROR_HOST_UNREACHABLE,
  ERROR_NET_UNREACHABLE,
  ERROR_PORT_UNREACHABLE,
  ERROR_PROHIBITED,
  type ForwardRequest,
  type Refusal,
} from '@jackfield/interfaces'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Connection } from '../connection.js'
import { letters, Peer, type PeerSegment } from '../listener/peer.test-support.js'
import { accepted, only, SYN, setup, synAck } from './forwarder.test-support.js'

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
