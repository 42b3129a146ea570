import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { growReceiveBuffer, measureTimestampRtt } from './autotune.js'
import { fill, MSS, Receiver } from './receiver.test-support.js'
import { InitialWindow, receiveWindow, requestWindow, selectWindow, windowToOffer } from './window.js'

describe('the first window', () => {
  it('is 64,240 in a SYN and 65,160 in a SYN-ACK with timestamps, scaled by 10 (Linux, tcp_rmem of 32 MiB)', () => {
    const r = new Receiver()
    expect([r.c.rcvWnd, r.c.rcvScale]).toEqual([64_240, 10])
    const into = new InitialWindow()
    r.c.windowClamp = 0
    requestWindow(r.c, 1448, true, into)
    expect([into.window, into.scale]).toEqual([65_160, 10])
    r.settings.rmem[2] = 15_728_640
    requestWindow(r.c, 1448, true, into)
    expect(into.scale).toBe(8)
    requestWindow(r.c, 1460, false, into)
    expect([into.window, into.scale, into.clamp]).toEqual([64_240, 0, 65_535])
    expect(r.leaks()).toBe(0)
  })

  it('is what SO_RCVBUF has room for', () => {
    const r = new Receiver({ buffer: 20_000 })
    expect(r.c.rcvWnd).toBe(10_000 - (10_000 % MSS))
    expect(r.c.windowClamp).toBeLessThanOrEqual(10_000)
    expect(r.leaks()).toBe(0)
  })

  it('does not pass 32,767 where peers may take it as signed', () => {
    const r = new Receiver({ settings: { workaroundSignedWindows: 1 } })
    expect(r.c.rcvWnd).toBe(32_767)
    expect(r.leaks()).toBe(0)
  })
})

describe('the window', () => {
  it('is never taken back, whatever comes and is read (RFC 9293 3.8.6.2.1)', () => {
    const step = fc.record({ length: fc.integer({ min: 1, max: 3 * MSS }), read: fc.nat(8000), skip: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, scaling) => {
        const r = new Receiver({ buffer: 30_000, scaling })
        let edge = r.c.rcvWnd
        let at = 0
        for (const { length, read, skip } of steps) {
          const from = skip ? at + 500 : at
          r.arrive(from, from + length)
          at = (r.c.rcvNxt - r.first) | 0
          r.read(read)
          for (const { ack, window } of r.sent()) {
            expect(ack + window).toBeGreaterThanOrEqual(edge)
            edge = ack + window
          }
          r.wait(1)
        }
        expect(r.leaks()).toBe(0)
      }),
      { numRuns: 60 },
    )
  })

  it('closes rather than becoming silly, and opens when the reader makes room for two segments', () => {
    const r = new Receiver({ buffer: 16_384, scaling: false })
    const at = fill(r)
    r.read(100)
    expect(r.sent()).toEqual([])
    r.read(100_000)
    const [update] = r.sent()
    expect(update?.ack).toBe(at)
    expect(update?.window).toBeGreaterThanOrEqual(2 * MSS)
    expect(r.counters.TcpExtTCPFromZeroWindowAdv).toBe(1)
    expect(r.leaks()).toBe(0)
  })

  it('without scaling is a multiple of the segment size', () => {
    const r = new Receiver({ scaling: false })
    for (let i = 0; i < 20; i++) r.arrive(i * MSS, (i + 1) * MSS)
    r.read(7000)
    expect(windowToOffer(r.c) % MSS).toBe(0)
    expect(r.leaks()).toBe(0)
  })

  it('is told as closed when data had to be dropped for want of memory', () => {
    const r = new Receiver({ settings: { mem: [0, 0, 1], rmem: [0, 131_072, 33_554_432] } })
    r.arrive(0, MSS)
    r.arrive(MSS, 2 * MSS)
    expect(r.counters.TcpExtTCPRcvQDrop).toBe(1)
    expect(r.sent().at(-1)?.window).toBe(0)
    expect(r.leaks()).toBe(0)
  })

  it('grows with the data that comes, as slow start does', () => {
    const r = new Receiver()
    const before = r.c.rcvSsthresh
    r.c.windowClamp = 1 << 24
    r.c.rcvBuf = 1 << 22
    for (let i = 0; i < 10; i++) {
      r.arrive(i * MSS, (i + 1) * MSS)
      r.read(100_000)
    }
    expect(r.c.rcvSsthresh).toBeGreaterThanOrEqual(before + 9 * 2 * MSS)
    expect(r.leaks()).toBe(0)
  })

  it('may shrink where tcp_shrink_window says so', () => {
    const r = new Receiver({ settings: { shrinkWindow: 1 }, buffer: 40_000 })
    r.arrive(0, 1000)
    const before = receiveWindow(r.c)
    r.c.rcvBuf = 8000
    r.c.rcvScale = 4
    expect(selectWindow(r.c) << r.c.rcvScale).toBeLessThan(before)
    expect(r.leaks()).toBe(0)
  })
})

describe('autotuning of the receive buffer', () => {
  it('makes room for twice what is read in a round trip, up to tcp_rmem', () => {
    const r = new Receiver()
    const before = r.c.rcvBuf
    let at = 0
    // 40 ms round trips by the window's own measure; read at once.
    r.c.rcvRtt8 = 8 * 40_000
    for (let trip = 0; trip < 5; trip++) {
      const window = receiveWindow(r.c)
      for (let end = at + window - MSS; at < end; at += MSS) {
        r.arrive(at, at + MSS)
        r.read(1 << 20)
      }
      r.wait(41)
    }
    expect(r.c.rcvBuf).toBeGreaterThan(before * 2)
    expect(r.c.windowClamp).toBeGreaterThan(before)
    growReceiveBuffer(r.c, 1 << 29)
    expect(r.c.rcvBuf).toBe(33_554_432)
    expect(r.leaks()).toBe(0)
  })

  it('leaves a buffer alone that the user set', () => {
    const r = new Receiver({ buffer: 100_000 })
    growReceiveBuffer(r.c, 1 << 20)
    expect(r.c.rcvBuf).toBe(100_000)
    expect(r.leaks()).toBe(0)
  })

  it('measures the round trip by timestamps where the segment is full', () => {
    const r = new Receiver({ timestamps: true })
    r.c.sawTimestamp = true
    r.c.rcvTsecr = Math.floor(r.ms) - 30
    r.c.ackRcvMss = 1000
    const s = { seq: 0, endSeq: 1448 } as Parameters<typeof measureTimestampRtt>[1]
    measureTimestampRtt(r.c, s)
    expect(r.c.rcvRtt8).toBe(8 * 30_000)
    // The same echo says nothing new.
    r.wait(100)
    measureTimestampRtt(r.c, s)
    expect(r.c.rcvRtt8).toBe(8 * 30_000)
    expect(r.leaks()).toBe(0)
  })
})
