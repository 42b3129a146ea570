import { describe, expect, test } from 'vitest'
import { ESTABLISHED } from '../state.js'
import { letters, Peer } from './peer.test-support.js'

describe('challenge acknowledgements', () => {
  test('a reset that is not at the edge of the window is challenged, at most twice a second', () => {
    const peer = new Peer()
    const c = peer.listen()
    const iss = peer.handshake(1000, 1, [])
    const child = peer.accept(c)
    peer.send({ flags: 'R', seq: 1100, port: 1 })
    const challenge = peer.one()
    expect(letters(challenge)).toBe('.')
    expect(challenge).toMatchObject({ sequence: (iss + 1) >>> 0, acknowledgment: 1001 })
    peer.send({ flags: 'R', seq: 1100, port: 1 })
    expect(peer.took()).toEqual([])
    peer.wait(500)
    peer.send({ flags: 'S', seq: 1001, port: 1 })
    expect(letters(peer.one())).toBe('.')
    expect(child.state).toBe(ESTABLISHED)
    expect(peer.tcp.counters).toMatchObject({
      TcpExtTCPChallengeACK: 2,
      TcpExtTCPSYNChallenge: 1,
      TcpExtTCPACKSkippedChallenge: 1,
    })
    peer.close()
  })

  test('the whole host sends about tcp_challenge_ack_limit of them in a second', () => {
    const peer = new Peer({ challengeAckLimit: 10, syncookies: 0 })
    peer.listen(100)
    for (let port = 1; port <= 50; port++) peer.handshake(1000, port, [])
    const counts: number[] = []
    for (let second = 0; second < 20; second++) {
      for (let port = 1; port <= 50; port++) peer.send({ flags: 'R', seq: 1100, port })
      counts.push(peer.took().length)
      peer.wait(1000)
    }
    for (const count of counts) {
      expect(count).toBeGreaterThanOrEqual(5)
      expect(count).toBeLessThanOrEqual(14)
    }
    expect(new Set(counts).size).toBeGreaterThan(2)
    peer.close()
  })
})
