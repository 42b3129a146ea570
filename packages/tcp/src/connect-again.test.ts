import { SocketAddress } from '@jackfield/addr'
import { AF_INET, ECONNREFUSED, EINPROGRESS, SO_ERROR, SOL_SOCKET, SOL_TCP, TCP_INFO } from '@jackfield/interfaces'
import { describe, expect, test } from 'vitest'
import type { Connection } from './connection.js'
import { Victim } from './hostile/victim.test-support.js'
import { Peer } from './listener/peer.test-support.js'
import { CA_OPEN } from './state.js'
import type { TcpInfo } from './tcp-info.js'

const SERVER = SocketAddress.parse('10.0.0.2:81')

/** When the SYNs of an attempt leave, in milliseconds from its beginning. */
function synTimes(peer: Peer, count: number): number[] {
  const times: number[] = []
  for (let time = 0; times.length < count; time += 100) {
    if (peer.took().length > 0) times.push(time)
    peer.wait(100)
  }
  return times
}

function infoOf(c: Connection): Partial<TcpInfo> {
  const info = c.getOption(SOL_TCP, TCP_INFO) as unknown as TcpInfo
  // Times since something, from the clock's beginning where it never was.
  const { tcpi_last_data_sent, tcpi_last_data_recv, tcpi_last_ack_recv, ...rest } = info
  return rest
}

test('a new socket takes net.ipv4.tcp_reordering as it is now', () => {
  const peer = new Peer({ reordering: 7 })
  const c = peer.tcp.createConnection(AF_INET)
  expect(infoOf(c).tcpi_reordering).toBe(7)
  c.close()
  peer.close()
})

describe('a socket that connects again', () => {
  test('sends its SYNs at the times of a first attempt', () => {
    const peer = new Peer()
    const c = peer.tcp.createConnection(AF_INET)
    expect(c.connect(SERVER)).toBe(-EINPROGRESS)
    const first = synTimes(peer, 6)
    peer.send({ flags: 'R.', ack: c.sndNxt >>> 0, port: 81, toPort: c.localPort })
    expect(c.getOption(SOL_SOCKET, SO_ERROR)).toBe(ECONNREFUSED)
    expect(c.connect(SERVER)).toBe(-EINPROGRESS)
    expect(synTimes(peer, 6)).toEqual(first)
    c.close()
    peer.close()
  })

  test('knows nothing of the connection that it had', () => {
    const victim = new Victim({ timestamps: true, offload: true })
    const { c } = victim
    victim.write(30_000)
    victim.wait(50)
    victim.acknowledge()
    victim.write(30_000)
    victim.wait(1000)
    victim.acknowledge()
    victim.honestData(5000)
    victim.blind('P.', 3000, { payload: new Uint8Array(100) })
    victim.took()
    expect(c.connect(null)).toBe(0)
    victim.took()
    expect([c.caState, c.cwnd, c.srtt8]).toEqual([CA_OPEN, 10, 0])
    const fresh = victim.tcp.createConnection(AF_INET)
    expect(infoOf(c)).toEqual(infoOf(fresh))
    fresh.close()
    c.close()
    victim.close()
  })
})
