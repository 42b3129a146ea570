import { describe, expect, it } from 'vitest'
import { CongestionRegistry } from './congestion/registry.js'
import { createTcpCounters } from './counters.js'
import { TcpSettings, tcpSysctls } from './settings.js'

function settingNamed(name: string, settings: TcpSettings) {
  const found = tcpSysctls(settings, new CongestionRegistry()).find((each) => each.name === name)
  if (found === undefined) throw new Error(`no setting ${name}`)
  return found
}

describe('the settings of TCP', () => {
  it('have sysctl names, each once, and take their own values', () => {
    const settings = new TcpSettings()
    const list = tcpSysctls(settings, new CongestionRegistry())
    expect(new Set(list.map(({ name }) => name)).size).toBe(list.length)
    for (const setting of list) {
      if (setting.name.endsWith('available_congestion_control')) continue
      const before = setting.get()
      setting.set(before)
      expect(setting.get()).toBe(before)
    }
    expect(settings).toEqual(new TcpSettings())
  })

  it('refuse what is out of range with what would be right', () => {
    const settings = new TcpSettings()
    expect(() => settingNamed('net.ipv4.tcp_sack', settings).set(2)).toThrow(/integer from 0 to 1/)
    expect(() => settingNamed('net.ipv4.tcp_rmem', settings).set('1 2')).toThrow(/three numbers of bytes/)
    expect(() => settingNamed('net.ipv4.tcp_mem', settings).set('3 2 1')).toThrow(/rising/)
    expect(() => settingNamed('net.ipv4.tcp_congestion_control', settings).set('x')).toThrow(/cubic/)
    expect(() => settingNamed('net.ipv4.tcp_rto_max_ms', settings).set(999)).toThrow(/1000/)
  })

  it('change the numbers in place', () => {
    const settings = new TcpSettings()
    const { rmem } = settings
    settingNamed('net.ipv4.tcp_rmem', settings).set('4096 131072 15728640')
    expect(rmem).toEqual([4096, 131_072, 15_728_640])
    settingNamed('net.ipv4.tcp_rto_max_ms', settings).set(5000)
    expect(settings.rtoMax).toBe(5_000_000)
    settingNamed('net.ipv4.tcp_congestion_control', settings).set('reno')
    expect(settings.congestion).toBe('reno')
  })
})

describe('the counters of TCP', () => {
  it('begin at nothing, each connection table with its own', () => {
    const counters = createTcpCounters()
    counters.TcpInSegs++
    expect(createTcpCounters().TcpInSegs).toBe(0)
    const { TcpRtoAlgorithm, TcpRtoMin, TcpRtoMax, TcpMaxConn, ...rest } = createTcpCounters()
    expect([TcpRtoAlgorithm, TcpRtoMin, TcpRtoMax, TcpMaxConn]).toEqual([1, 200, 120_000, -1])
    expect(Object.values(rest).every((each) => each === 0)).toBe(true)
  })
})
