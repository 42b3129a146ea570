import { expect, test } from 'vitest'
import { Peer } from './listener/peer.test-support.js'

test('a connection that closes with data unread is counted as an orphan and off again', () => {
  const peer = new Peer()
  const listener = peer.listen()
  const iss = peer.handshake(1000)
  const child = peer.accept(listener)
  peer.send({
    flags: 'P.',
    seq: 1001,
    ack: iss + 1,
    payload: new Uint8Array(10),
    options: [{ name: 'timestamp', value: 1002, echo: 0 }],
  })
  expect(child.inOrder.bytes).toBe(10)
  child.close()
  expect(peer.tcp.orphans).toBe(0)
  peer.close()
})
