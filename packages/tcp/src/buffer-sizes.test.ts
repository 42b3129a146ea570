import { describe, expect, it } from 'vitest'
import { expandSendBuffer, initBuffers, sendSpaceFreed } from './buffer-sizes.js'
import { Receiver } from './receive/receiver.test-support.js'

describe('buffer sizes', () => {
  it('begin as tcp_rmem and tcp_wmem say', () => {
    const { c } = new Receiver()
    initBuffers(c)
    expect([c.rcvBuf, c.sndBuf]).toEqual([131_072, 16_384])
  })

  it('of sending grow with the congestion window, up to tcp_wmem', () => {
    const { c } = new Receiver()
    initBuffers(c)
    c.mssClamp = 1460
    expandSendBuffer(c)
    expect(c.sndBuf).toBe(87_040)
    c.cwnd = 100
    sendSpaceFreed(c)
    expect(c.sndBuf).toBe(2 * 100 * 4352)
    // The congestion window is the limit: more room would only make a queue.
    c.cwnd = c.packetsOut = 1000
    sendSpaceFreed(c)
    expect(c.sndBuf).toBe(2 * 100 * 4352)
    c.packetsOut = 0
    sendSpaceFreed(c)
    expect(c.sndBuf).toBe(4_194_304)
  })

  it('of sending stay as the user set them', () => {
    const { c } = new Receiver()
    c.sndBuf = 10_000
    c.sndBufLocked = true
    sendSpaceFreed(c)
    expect(c.sndBuf).toBe(10_000)
  })
})
