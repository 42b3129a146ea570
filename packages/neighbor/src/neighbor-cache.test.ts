import { IpAddress } from '@jackfield/addr'
import { ENOBUFS } from '@jackfield/interfaces'
import { describe, expect, it } from 'vitest'
import {
  UPDATE_CREATE,
  UPDATE_OVERRIDE,
  UPDATE_ROUTER,
  UPDATE_SET_ROUTER,
  UPDATE_SOLICITED,
  UPDATE_WEAK,
} from './index.js'
import { type Bench, createBench, host, mac } from './neighbor-cache.test-bench.js'
import { NUD_NOARP, stateName } from './state.js'
import { MAX_STRANGERS_PER_SOURCE } from './stranger-list.js'
import { MAX_QUEUED_BYTES } from './waiting-packets.js'

const SECOND = 1_000_000

function stateOf(bench: Bench, n: number): string | undefined {
  const neighbor = bench.cache.find(host(n), 1)
  return neighbor === null ? undefined : stateName(neighbor.state)
}

/** Sends as a link does: what resolves at once goes out. */
function send(bench: Bench, n: number, mark = 0): number {
  const packet = bench.packet(mark)
  const address = bench.cache.resolve(packet, host(n), 1)
  if (address === null) return bench.cache.error
  bench.sent.push(packet.mark)
  packet.release()
  return 0
}

describe('resolution', () => {
  it('asks at once and each second, three times, then gives the packets back', () => {
    const bench = createBench()
    expect(send(bench, 1, 7)).toBe(0)
    expect(stateOf(bench, 1)).toBe('INCOMPLETE')
    expect(send(bench, 1, 8)).toBe(0)
    bench.clock.runUntilIdle()
    expect(bench.questions.map((q) => q.time)).toEqual([0, SECOND, 2 * SECOND])
    expect(bench.questions.every((q) => !q.unicast && q.packet !== null && q.address === '10.0.0.1@1')).toBe(true)
    expect(bench.clock.now()).toBe(3 * SECOND)
    expect(bench.returned).toEqual([7, 8])
    expect(stateOf(bench, 1)).toBe('FAILED')
    expect(bench.cache.statistics.resFailed).toBe(1)
    expect(bench.cache.statistics.unreachable).toBe(2)
    expect(bench.pool.outstanding).toBe(0)
  })

  it('begins again when something is sent to a failed neighbour', () => {
    const bench = createBench()
    send(bench, 1)
    bench.clock.runUntilIdle()
    send(bench, 1)
    expect(bench.questions).toHaveLength(4)
    expect(stateOf(bench, 1)).toBe('INCOMPLETE')
    bench.cache.close()
    expect(bench.pool.outstanding).toBe(0)
  })

  it('sends what waited, in order, once the answer is there', () => {
    const bench = createBench()
    for (let i = 1; i <= 5; i++) send(bench, 1, i)
    expect(bench.cache.waitingBytes).toBeGreaterThan(0)
    expect(bench.cache.update(host(1), 1, mac(9), UPDATE_SOLICITED)).toBe(true)
    expect(bench.sent).toEqual([1, 2, 3, 4, 5])
    expect(bench.cache.waitingBytes).toBe(0)
    expect(stateOf(bench, 1)).toBe('REACHABLE')
    bench.clock.runUntilIdle()
    expect(bench.questions).toHaveLength(1)
  })

  it('keeps the newest packets within the limit of packets', () => {
    const bench = createBench()
    for (let i = 0; i < 150; i++) send(bench, 1, i)
    expect(bench.cache.statistics.unresolvedDiscards).toBe(49)
    bench.cache.update(host(1), 1, mac(1), UPDATE_SOLICITED)
    expect(bench.sent).toHaveLength(101)
    expect(bench.sent[0]).toBe(49)
    expect(bench.pool.outstanding).toBe(0)
  })

  it('keeps the newest packets within the limit of bytes', () => {
    const bench = createBench()
    for (let i = 0; i < 20; i++) bench.cache.resolve(bench.packet(i, 60_000), host(1), 1)
    expect(bench.cache.waitingBytes).toBeLessThanOrEqual(212_992)
    bench.cache.update(host(1), 1, mac(1), UPDATE_SOLICITED)
    expect(bench.sent).toEqual([17, 18, 19])
    expect(bench.pool.outstanding).toBe(0)
  })

  it('bounds what waits for all neighbours together', () => {
    const bench = createBench()
    for (let i = 0; i < 100; i++) bench.cache.resolve(bench.packet(i, 60_000), host(i), 1)
    expect(bench.cache.waitingBytes).toBeLessThanOrEqual(MAX_QUEUED_BYTES)
    expect(bench.cache.statistics.unresolvedDiscards).toBeGreaterThan(30)
    bench.cache.close()
    expect(bench.pool.outstanding).toBe(0)
    expect(bench.cache.waitingBytes).toBe(0)
  })

  it('never asks for one address twice within the retransmission time', () => {
    const bench = createBench()
    for (let i = 0; i < 8; i++) {
      send(bench, 1)
      bench.cache.update(host(1), 1, mac(i), UPDATE_OVERRIDE)
      bench.clock.advance(5 * SECOND + 400_000)
    }
    const times = bench.questions.map((q) => q.time)
    for (let i = 1; i < times.length; i++) {
      expect((times[i] as number) - (times[i - 1] as number)).toBeGreaterThanOrEqual(SECOND)
    }
    bench.cache.close()
    expect(bench.pool.outstanding).toBe(0)
  })

  it('keeps the interfaces apart', () => {
    const bench = createBench()
    bench.cache.update(host(1), 1, mac(1), UPDATE_CREATE)
    expect(bench.cache.find(host(1), 2)).toBeNull()
    bench.cache.update(host(1), 2, mac(2), UPDATE_CREATE)
    expect(bench.cache.find(host(1), 1)?.hardwareAddress?.equals(mac(1))).toBe(true)
    bench.cache.flush(1)
    expect(bench.cache.entries().map((entry) => entry.interfaceIndex)).toEqual([2])
  })

  it('holds IPv6 neighbours', () => {
    const bench = createBench()
    const address = IpAddress.v6(0xfe800000, 0, 0, 1)
    expect(bench.cache.resolve(bench.packet(3), address, 1)).toBeNull()
    bench.cache.update(address, 1, mac(4), UPDATE_SOLICITED | UPDATE_SET_ROUTER | UPDATE_ROUTER)
    expect(bench.sent).toEqual([3])
    expect(bench.cache.find(address, 1)?.isRouter).toBe(true)
    expect(bench.cache.entries()).toMatchObject([{ state: 'REACHABLE', interfaceIndex: 1 }])
  })
})

describe('reachability', () => {
  it('goes from REACHABLE to STALE after the random reachable time, asking nobody', () => {
    const bench = createBench()
    bench.cache.update(host(1), 1, mac(1), UPDATE_CREATE | UPDATE_SOLICITED)
    bench.clock.advance(15 * SECOND - 1)
    expect(stateOf(bench, 1)).toBe('REACHABLE')
    bench.clock.advance(30 * SECOND + 1)
    expect(stateOf(bench, 1)).toBe('STALE')
    expect(bench.questions).toHaveLength(0)
  })

  it('stays REACHABLE while upper layers confirm it', () => {
    const bench = createBench()
    bench.cache.update(host(1), 1, mac(1), UPDATE_CREATE | UPDATE_SOLICITED)
    for (let i = 0; i < 20; i++) {
      bench.clock.advance(10 * SECOND)
      bench.cache.confirm(host(1), 1)
      expect(stateOf(bench, 1)).toBe('REACHABLE')
    }
  })

  it('probes a stale neighbour in use after 5 s, three times at its own address, then gives up', () => {
    const bench = createBench()
    bench.cache.update(host(1), 1, mac(1), UPDATE_CREATE)
    expect(stateOf(bench, 1)).toBe('STALE')
    expect(send(bench, 1, 1)).toBe(0)
    expect(bench.sent).toEqual([1])
    expect(stateOf(bench, 1)).toBe('DELAY')
    bench.clock.advance(5 * SECOND)
    expect(stateOf(bench, 1)).toBe('PROBE')
    send(bench, 1, 2)
    expect(bench.sent).toEqual([1, 2])
    bench.clock.advance(3 * SECOND)
    expect(bench.questions.map((q) => [q.time / SECOND, q.unicast])).toEqual([
      [5, true],
      [6, true],
      [7, true],
    ])
    expect(stateOf(bench, 1)).toBe('FAILED')
    expect(bench.cache.find(host(1), 1)?.hardwareAddress).toBeNull()
    expect(bench.pool.outstanding).toBe(0)
  })

  it('asks the group again where mcast_resolicit says so', () => {
    const bench = createBench({ mcast_resolicit: 2 })
    bench.cache.update(host(1), 1, mac(1), UPDATE_CREATE)
    send(bench, 1)
    bench.clock.advance(20 * SECOND)
    expect(bench.questions.map((q) => q.unicast)).toEqual([true, true, true, false, false])
  })

  it.each(['DELAY', 'PROBE'])('goes back to REACHABLE when confirmed in %s', (state) => {
    const bench = createBench()
    bench.cache.update(host(1), 1, mac(1), UPDATE_CREATE)
    send(bench, 1)
    if (state === 'PROBE') bench.clock.advance(5 * SECOND)
    expect(stateOf(bench, 1)).toBe(state)
    const asked = bench.questions.length
    bench.cache.confirm(host(1), 1)
    expect(stateOf(bench, 1)).toBe('REACHABLE')
    bench.clock.advance(10 * SECOND)
    expect(bench.questions).toHaveLength(asked)
  })

  it('does not believe upper layers about a neighbour without link address', () => {
    const bench = createBench()
    send(bench, 1)
    bench.cache.confirm(host(1), 1)
    bench.cache.confirm(host(2), 1)
    expect(stateOf(bench, 1)).toBe('INCOMPLETE')
    expect(bench.cache.size).toBe(1)
    bench.cache.close()
    expect(bench.pool.outstanding).toBe(0)
  })
})

describe('update', () => {
  it('makes no entry unless told to', () => {
    const bench = createBench()
    expect(bench.cache.update(host(1), 1, mac(1), UPDATE_SOLICITED | UPDATE_OVERRIDE)).toBe(false)
    expect(bench.cache.update(host(1), 1, null, UPDATE_CREATE)).toBe(false)
    expect(bench.cache.size).toBe(0)
  })

  it('replaces a known link address only with override', () => {
    const bench = createBench()
    bench.cache.update(host(1), 1, mac(1), UPDATE_CREATE | UPDATE_SOLICITED)
    expect(bench.cache.update(host(1), 1, mac(2), UPDATE_SOLICITED)).toBe(false)
    expect(bench.cache.find(host(1), 1)?.hardwareAddress?.equals(mac(1))).toBe(true)
    expect(stateOf(bench, 1)).toBe('REACHABLE')
    expect(bench.cache.update(host(1), 1, mac(2), UPDATE_OVERRIDE)).toBe(true)
    expect(bench.cache.find(host(1), 1)?.hardwareAddress?.equals(mac(2))).toBe(true)
    expect(stateOf(bench, 1)).toBe('STALE')
  })

  it('doubts a reachable neighbour that another claims to be, with the weak flag (RFC 4861 7.2.5)', () => {
    const bench = createBench()
    bench.cache.update(host(1), 1, mac(1), UPDATE_CREATE | UPDATE_SOLICITED)
    expect(bench.cache.update(host(1), 1, mac(2), UPDATE_WEAK | UPDATE_SOLICITED)).toBe(false)
    expect(bench.cache.find(host(1), 1)?.hardwareAddress?.equals(mac(1))).toBe(true)
    expect(stateOf(bench, 1)).toBe('STALE')
  })

  it('leaves the state alone on news of the same address that proves nothing', () => {
    const bench = createBench()
    bench.cache.update(host(1), 1, mac(1), UPDATE_CREATE | UPDATE_SOLICITED)
    expect(bench.cache.update(host(1), 1, mac(1), UPDATE_OVERRIDE)).toBe(true)
    expect(bench.cache.update(host(1), 1, null, 0)).toBe(true)
    expect(stateOf(bench, 1)).toBe('REACHABLE')
  })

  it('takes an answer without link address only for a neighbour that has one', () => {
    const bench = createBench()
    send(bench, 1)
    expect(bench.cache.update(host(1), 1, null, UPDATE_SOLICITED)).toBe(false)
    expect(stateOf(bench, 1)).toBe('INCOMPLETE')
    bench.cache.close()
  })

  it('probes a neighbour that waited and answered by a request of its own', () => {
    const bench = createBench()
    send(bench, 1, 5)
    bench.cache.update(host(1), 1, mac(1), UPDATE_CREATE | UPDATE_OVERRIDE)
    expect(bench.sent).toEqual([5])
    expect(stateOf(bench, 1)).toBe('DELAY')
    expect(bench.pool.outstanding).toBe(0)
  })
})

describe('entries of people', () => {
  it('never change, expire or count', () => {
    const bench = createBench({ gc_thresh1: 0, gc_thresh2: 0, gc_thresh3: 1 })
    bench.cache.set(host(1), 1, mac(1))
    bench.cache.set(host(2), 1, mac(2), NUD_NOARP)
    expect(bench.cache.update(host(1), 1, mac(3), UPDATE_OVERRIDE | UPDATE_SOLICITED)).toBe(false)
    expect(send(bench, 3)).toBe(0)
    expect(send(bench, 4)).toBe(ENOBUFS)
    bench.clock.advance(3600 * SECOND)
    send(bench, 1, 1)
    send(bench, 2, 2)
    expect(bench.sent).toEqual([1, 2])
    expect(stateOf(bench, 1)).toBe('PERMANENT')
    expect(stateOf(bench, 2)).toBe('NOARP')
    bench.cache.flush(1, true)
    expect(bench.cache.size).toBe(2)
    bench.cache.flush(1)
    expect(bench.cache.size).toBe(0)
    expect(bench.pool.outstanding).toBe(0)
  })

  it('let what waited go out', () => {
    const bench = createBench()
    send(bench, 1, 4)
    bench.cache.set(host(1), 1, mac(1))
    expect(bench.sent).toEqual([4])
    bench.clock.runUntilIdle()
    expect(bench.questions).toHaveLength(1)
  })

  it('can be deleted, and what waits is dropped', () => {
    const bench = createBench()
    send(bench, 1)
    expect(bench.cache.delete(host(1), 1)).toBe(true)
    expect(bench.cache.delete(host(1), 1)).toBe(false)
    expect(bench.cache.statistics.unresolvedDiscards).toBe(1)
    expect(bench.pool.outstanding).toBe(0)
  })
})

describe('limits', () => {
  it('gives strangers a part of the table, and never the part in use', () => {
    const bench = createBench()
    for (let i = 0; i < 100; i++) {
      bench.cache.update(host(i), 1, mac(i), UPDATE_CREATE)
      send(bench, i)
    }
    for (let i = 1000; i < 6000; i++) bench.cache.update(host(i), 1, mac(i), UPDATE_CREATE | UPDATE_OVERRIDE)
    expect(bench.cache.size).toBe(100 + bench.settings.gc_thresh1)
    for (let i = 0; i < 100; i++) expect(bench.cache.find(host(i), 1)).not.toBeNull()
    expect(bench.cache.find(host(5999), 1)).not.toBeNull()
    expect(bench.cache.find(host(1000), 1)).toBeNull()
  })

  it('gives one source a few entries', () => {
    const bench = createBench()
    for (let i = 0; i < 5; i++) bench.cache.update(host(i), 1, mac(i), UPDATE_CREATE)
    for (let i = 100; i < 200; i++) bench.cache.update(host(i), 1, mac(77), UPDATE_CREATE)
    expect(bench.cache.size).toBe(5 + MAX_STRANGERS_PER_SOURCE)
    expect(bench.cache.statistics.strangersEvicted).toBe(100 - MAX_STRANGERS_PER_SOURCE)
  })

  it('evicts STALE entries, least recently used first, when the table is full', () => {
    const bench = createBench({ gc_thresh1: 8, gc_thresh2: 8, gc_thresh3: 12 })
    bench.cache.set(host(100), 1, mac(100))
    for (let i = 0; i < 12; i++) {
      send(bench, i)
      bench.cache.update(host(i), 1, mac(i), UPDATE_SOLICITED)
      bench.clock.advance(1000)
      // Confirmed at different times, so that they become stale in another order.
      if (i % 2 === 0) bench.cache.confirm(host(i), 1)
    }
    expect(bench.cache.size).toBe(13)
    bench.clock.advance(46 * SECOND)
    expect(stateOf(bench, 3)).toBe('STALE')
    expect(send(bench, 50)).toBe(0)
    expect(bench.cache.size).toBeLessThanOrEqual(13)
    expect(bench.cache.find(host(0), 1)).toBeNull()
    expect(bench.cache.find(host(11), 1)).not.toBeNull()
    expect(bench.cache.find(host(100), 1)).not.toBeNull()
    bench.cache.close()
    expect(bench.pool.outstanding).toBe(0)
  })

  it('refuses more when all are in use, and says so', () => {
    const bench = createBench()
    let refused = 0
    for (let i = 0; i < 3000; i++) if (send(bench, i) === ENOBUFS) refused++
    expect(bench.cache.size).toBe(1024)
    expect(refused).toBe(3000 - 1024)
    expect(bench.cache.statistics.tableFulls).toBe(refused)
    expect(bench.cache.update(host(9999), 1, mac(1), UPDATE_CREATE)).toBe(false)
    bench.clock.runUntilIdle()
    expect(bench.pool.outstanding).toBe(0)
    expect(send(bench, 5000)).toBe(0)
    bench.cache.close()
    expect(bench.pool.outstanding).toBe(0)
  })

  it('collects what nobody uses only above the first threshold', () => {
    const bench = createBench({ gc_thresh1: 10 })
    for (let i = 0; i < 9; i++) send(bench, i)
    bench.clock.advance(600 * SECOND)
    expect(bench.cache.size).toBe(9)
    for (let i = 9; i < 40; i++) send(bench, i)
    bench.clock.advance(600 * SECOND)
    expect(bench.cache.size).toBe(0)
    expect(bench.pool.outstanding).toBe(0)
    expect(bench.clock.nextDeadline()).toBe(Number.POSITIVE_INFINITY)
  })
})
