import { describe, expect, it } from 'vitest'
import { LIMIT_BUFFER, LIMIT_BUSY, LIMIT_NONE, LIMIT_WINDOW, limitBegins, limitEnds, timeUnder } from './limit-times.js'
import { Receiver } from './receive/receiver.test-support.js'
import { tcpInfo } from './tcp-info.js'

describe('the time that something holds sending back', () => {
  it('counts under the most telling condition, all of it as busy', () => {
    const r = new Receiver()
    const { c } = r
    c.sendQueue.append(c.sendQueue.create(1, 2, 0))
    limitBegins(c, LIMIT_BUSY)
    r.wait(10)
    limitBegins(c, LIMIT_WINDOW)
    // Less telling: the window's time goes on.
    limitBegins(c, LIMIT_BUSY)
    r.wait(20)
    limitEnds(c, LIMIT_BUFFER)
    expect(c.limit).toBe(LIMIT_WINDOW)
    limitEnds(c, LIMIT_WINDOW)
    expect(c.limit).toBe(LIMIT_BUSY)
    r.wait(5)
    expect(timeUnder(c, LIMIT_BUSY)).toBe(15_000)
    expect(tcpInfo(c)).toMatchObject({ tcpi_busy_time: 35_000, tcpi_rwnd_limited: 20_000, tcpi_sndbuf_limited: 0 })
    c.sendQueue.clear()
    limitEnds(c, LIMIT_BUSY)
    expect(c.limit).toBe(LIMIT_NONE)
    r.wait(100)
    expect(tcpInfo(c).tcpi_busy_time).toBe(35_000)
  })
})
