import { SocketAddress } from '@jackfield/addr'
import { AF_INET, ECONNABORTED, type ForwardState, SO_REUSEADDR, SOL_SOCKET } from '@jackfield/interfaces'
import { describe, expect, test } from 'vitest'
import { letters, option, synOptions } from '../listener/peer.test-support.js'
import { ESTABLISHED } from '../state.js'
import { accepted, only, SYN, setup, synAck } from './forwarder.test-support.js'

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
