import {
  EINVAL,
  ENOENT,
  ENOPROTOOPT,
  EPERM,
  ETIMEDOUT,
  OptionFailure,
  SO_ERROR,
  SO_MAX_PACING_RATE,
  SO_RCVLOWAT,
  SOL_SOCKET,
  SOL_TCP,
  TCP_CONGESTION,
  TCP_CORK,
  TCP_DEFER_ACCEPT,
  TCP_FASTOPEN,
  TCP_FASTOPEN_CONNECT,
  TCP_INFO,
  TCP_INQ,
  TCP_KEEPCNT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
  TCP_LINGER2,
  TCP_MAXSEG,
  TCP_NODELAY,
  TCP_NOTSENT_LOWAT,
  TCP_QUICKACK,
  TCP_SAVE_SYN,
  TCP_SAVED_SYN,
  TCP_SYNCNT,
  TCP_THIN_LINEAR_TIMEOUTS,
  TCP_TIMESTAMP,
  TCP_USER_TIMEOUT,
  TCP_WINDOW_CLAMP,
} from '@jackfield/interfaces'
import { describe, expect, it } from 'vitest'
import { BbrState } from './congestion/bbr-state.js'
import { NAGLE_OFF } from './connection-state.js'
import { Receiver } from './receive/receiver.test-support.js'
import { getTcpOption, setTcpOption } from './socket-options.js'
import { CLOSED } from './state.js'
import type { TcpInfo } from './tcp-info.js'

describe('options of SOL_TCP', () => {
  it('have the defaults of Linux', () => {
    const { c } = new Receiver()
    const defaults: [number, unknown][] = [
      [TCP_NODELAY, 0],
      [TCP_CORK, 0],
      [TCP_KEEPIDLE, 7200],
      [TCP_KEEPINTVL, 75],
      [TCP_KEEPCNT, 9],
      [TCP_SYNCNT, 6],
      [TCP_LINGER2, 60],
      [TCP_DEFER_ACCEPT, 0],
      [TCP_QUICKACK, 1],
      [TCP_CONGESTION, 'reno'],
      [TCP_USER_TIMEOUT, 0],
      [TCP_FASTOPEN, 0],
      [TCP_SAVE_SYN, 0],
      [TCP_SAVED_SYN, new Uint8Array(0)],
    ]
    for (const [name, value] of defaults) expect(getTcpOption(c, SOL_TCP, name)).toEqual(value)
    expect(getTcpOption(c, SOL_TCP, 9999)).toEqual(new OptionFailure(ENOPROTOOPT))
    expect(setTcpOption(c, SOL_TCP, 9999, 1)).toBe(-ENOPROTOOPT)
  })

  it('take the values of Linux, and no others', () => {
    const good: [number, number][] = [
      [TCP_NODELAY, 1],
      [TCP_CORK, 1],
      [TCP_KEEPIDLE, 32_767],
      [TCP_KEEPINTVL, 1],
      [TCP_KEEPCNT, 127],
      [TCP_SYNCNT, 127],
      [TCP_LINGER2, -1],
      [TCP_USER_TIMEOUT, 5000],
      [TCP_NOTSENT_LOWAT, 16_384],
      [TCP_INQ, 1],
      [TCP_SAVE_SYN, 2],
      [TCP_THIN_LINEAR_TIMEOUTS, 1],
    ]
    const { c } = new Receiver()
    for (const [name, value] of good) {
      expect(setTcpOption(c, SOL_TCP, name, value)).toBe(0)
      expect(getTcpOption(c, SOL_TCP, name)).toBe(value)
    }
    const bad: [number, number][] = [
      [TCP_KEEPIDLE, 0],
      [TCP_KEEPIDLE, 32_768],
      [TCP_KEEPINTVL, 0],
      [TCP_KEEPCNT, 128],
      [TCP_SYNCNT, 0],
      [TCP_MAXSEG, 87],
      [TCP_MAXSEG, 32_768],
      [TCP_USER_TIMEOUT, -1],
      [TCP_INQ, 2],
      [TCP_SAVE_SYN, 3],
      [TCP_THIN_LINEAR_TIMEOUTS, 2],
      // Not while it is connected.
      [TCP_FASTOPEN, 5],
      [TCP_FASTOPEN_CONNECT, 1],
      [TCP_WINDOW_CLAMP, 0],
    ]
    for (const [name, value] of bad) expect(setTcpOption(c, SOL_TCP, name, value)).toBe(-EINVAL)
    expect(setTcpOption(c, SOL_TCP, TCP_TIMESTAMP, 1)).toBe(-EPERM)
    c.state = CLOSED
    expect(setTcpOption(c, SOL_TCP, TCP_MAXSEG, 1000)).toBe(0)
    expect(getTcpOption(c, SOL_TCP, TCP_MAXSEG)).toBe(1000)
    expect(setTcpOption(c, SOL_TCP, TCP_FASTOPEN, 5)).toBe(0)
  })

  it('TCP_DEFER_ACCEPT counts seconds as retransmissions, and gives those back', () => {
    const { c } = new Receiver()
    const seconds: [number, number][] = [
      [1, 1],
      [2, 3],
      [3, 3],
      [5, 7],
      [120, 127],
    ]
    for (const [asked, given] of seconds) {
      expect(setTcpOption(c, SOL_TCP, TCP_DEFER_ACCEPT, asked)).toBe(0)
      expect(getTcpOption(c, SOL_TCP, TCP_DEFER_ACCEPT)).toBe(given)
    }
  })

  it('TCP_CONGESTION takes what is registered', () => {
    const { c } = new Receiver()
    expect(setTcpOption(c, SOL_TCP, TCP_CONGESTION, 'vegas')).toBe(-ENOENT)
    expect(setTcpOption(c, SOL_TCP, TCP_CONGESTION, 'cubic')).toBe(0)
    expect(getTcpOption(c, SOL_TCP, TCP_CONGESTION)).toBe('cubic')
    expect(setTcpOption(c, SOL_TCP, TCP_CONGESTION, '')).toBe(-EINVAL)
  })

  it('TCP_CONGESTION begins the control at once, for the acknowledgement of the SYN asks it', () => {
    const { c } = new Receiver()
    c.state = CLOSED
    expect(setTcpOption(c, SOL_TCP, TCP_CONGESTION, 'bbr')).toBe(0)
    expect(c.congestionState).toBeInstanceOf(BbrState)
  })

  it('TCP_NODELAY ends Nagle, TCP_QUICKACK the waiting of acknowledgements', () => {
    const r = new Receiver()
    const { c } = r
    setTcpOption(c, SOL_TCP, TCP_NODELAY, 1)
    expect(c.nonagle & NAGLE_OFF).toBe(NAGLE_OFF)
    expect(setTcpOption(c, SOL_TCP, TCP_QUICKACK, 0)).toBe(0)
    expect(getTcpOption(c, SOL_TCP, TCP_QUICKACK)).toBe(0)
    r.arrive(0, 10)
    r.read(10)
    expect(r.acks()).toEqual([])
    expect(setTcpOption(c, SOL_TCP, TCP_QUICKACK, 1)).toBe(0)
    expect(r.acks()).toEqual([10])
    expect(r.leaks()).toBe(0)
  })
})

describe('options of SOL_SOCKET on a stream', () => {
  it('SO_RCVLOWAT makes the buffer hold it, and is half of the largest at most', () => {
    const { c } = new Receiver()
    expect(setTcpOption(c, SOL_SOCKET, SO_RCVLOWAT, 1_000_000)).toBe(0)
    expect(c.options.receiveLowWater).toBe(1_000_000)
    expect(c.rcvBuf).toBe(2_000_000)
    setTcpOption(c, SOL_SOCKET, SO_RCVLOWAT, -1)
    expect(c.options.receiveLowWater).toBe(33_554_432 / 2)
  })

  it('SO_MAX_PACING_RATE bounds the rate until it is lifted', () => {
    const { c } = new Receiver()
    expect(getTcpOption(c, SOL_SOCKET, SO_MAX_PACING_RATE)).toBe(0xffff_ffff)
    expect(setTcpOption(c, SOL_SOCKET, SO_MAX_PACING_RATE, 1_000_000)).toBe(0)
    expect([c.maxPacingRate, c.pacingRate]).toEqual([1_000_000, 1_000_000])
    setTcpOption(c, SOL_SOCKET, SO_MAX_PACING_RATE, -1)
    expect(c.maxPacingRate).toBe(Number.POSITIVE_INFINITY)
  })

  it('SO_ERROR gives what was only noted, once', () => {
    const { c } = new Receiver()
    c.softError = ETIMEDOUT
    expect(getTcpOption(c, SOL_SOCKET, SO_ERROR)).toBe(ETIMEDOUT)
    expect(getTcpOption(c, SOL_SOCKET, SO_ERROR)).toBe(0)
  })
})

describe('tcp_info', () => {
  it('tells what the connection is, in the units of Linux', () => {
    const r = new Receiver({ timestamps: true })
    const { c } = r
    c.srtt8 = 8 * 25_000
    c.mdev4 = 4 * 12_500
    r.arrive(0, 1000)
    r.arrive(3000, 4000)
    r.wait(5)
    c.tcp.refreshTime()
    const info = getTcpOption(c, SOL_TCP, TCP_INFO) as TcpInfo
    expect(info).toMatchObject({
      tcpi_state: 1,
      tcpi_ca_state: 0,
      tcpi_options: 1 | 2 | 4,
      tcpi_rcv_wscale: 10,
      tcpi_rtt: 25_000,
      tcpi_rttvar: 12_500,
      tcpi_snd_cwnd: 10,
      tcpi_snd_ssthresh: 0x7fff_ffff,
      tcpi_advmss: 1448,
      tcpi_rcv_mss: 1000,
      tcpi_bytes_received: 1000,
      tcpi_rcv_ooopack: 1,
      tcpi_last_data_recv: 5,
      tcpi_min_rtt: 0xffff_ffff,
      tcpi_delivery_rate: 0,
      tcpi_reordering: 3,
    })
    expect(r.leaks()).toBe(0)
  })
})
