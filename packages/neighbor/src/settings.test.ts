import { describe, expect, it } from 'vitest'
import { createNeighborSettings, neighborSysctls } from './settings.js'
import { NeighborStatistics, neighborCounters } from './statistics.js'

describe('settings', () => {
  it("are Linux's by default", () => {
    expect(createNeighborSettings()).toMatchObject({
      gc_thresh3: 1024,
      unres_qlen_bytes: 212_992,
      retrans_time_ms: 1000,
    })
  })

  it('refuse values out of range and names that do not exist', () => {
    expect(() => createNeighborSettings({ gc_thresh3: 0 })).toThrow('gc_thresh3 is an integer from 1 to')
    expect(() => createNeighborSettings({ mcast_solicit: 1.5 })).toThrow(RangeError)
    expect(() => createNeighborSettings(JSON.parse('{"toString": 1}'))).toThrow('toString is no neighbour setting')
  })

  it('are sysctls that hold at once', () => {
    const settings = createNeighborSettings()
    const sysctls = neighborSysctls(settings, 'net.ipv4.neigh.default')
    const one = sysctls.find((sysctl) => sysctl.name === 'net.ipv4.neigh.default.gc_stale_time')
    expect(one?.get()).toBe(60)
    one?.set(5)
    expect(settings.gc_stale_time).toBe(5)
    expect(() => one?.set('5')).toThrow(RangeError)
    expect(() => one?.set(-1)).toThrow(RangeError)
  })
})

describe('counters', () => {
  it('read through under the names of the protocol', () => {
    const statistics = new NeighborStatistics()
    const counters = neighborCounters(statistics, 'ArpCache')
    statistics.unresolvedDiscards = 3
    expect(counters['ArpCacheUnresolvedDiscards']).toBe(3)
    expect(Object.keys(counters)).toHaveLength(Object.keys(statistics).length)
  })
})
