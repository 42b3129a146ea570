import {
  EAGAIN,
  ECONNRESET,
  EINVAL,
  ENOTCONN,
  Message,
  MSG_OOB,
  MSG_PEEK,
  MSG_TRUNC,
  TCP_CM_INQ,
} from '@jackfield/interfaces'
import { describe, expect, it } from 'vitest'
import { CLOSED, LISTEN } from '../state.js'
import { FLAG_FIN, FLAG_PSH, FLAG_URG } from '../wire/segment.js'
import { isReadable, readData } from './read.js'
import { byteAt, MSS, Receiver } from './receiver.test-support.js'
import { atMark, readableBytes } from './urgent.js'

describe('recv', () => {
  it('gives EAGAIN when nothing is there, and what is there when something is', () => {
    const r = new Receiver()
    expect(r.read(10).result).toBe(-EAGAIN)
    expect(r.read(0).result).toBe(-EAGAIN)
    r.arrive(0, 30)
    expect(r.read(0).result).toBe(0)
    expect([...r.read(10).bytes]).toEqual(Array.from({ length: 10 }, (_, i) => byteAt(i)))
    expect(r.read(100).result).toBe(20)
    expect(r.leaks()).toBe(0)
  })

  it('peeks without taking, over several packets', () => {
    const r = new Receiver()
    r.arrive(0, MSS)
    r.arrive(MSS, 2 * MSS)
    const peeked = r.read(2000, MSG_PEEK)
    expect(peeked.result).toBe(2000)
    expect(r.read(2000).bytes).toEqual(peeked.bytes)
    expect(r.c.inOrder.bytes).toBe(2 * MSS - 2000)
    expect(r.leaks()).toBe(0)
  })

  it('throws away what MSG_TRUNC says', () => {
    const r = new Receiver()
    r.arrive(0, 100)
    const { result, bytes } = r.read(60, MSG_TRUNC)
    expect(result).toBe(60)
    expect(bytes.every((each) => each === 0)).toBe(true)
    expect(r.read(100).bytes[0]).toBe(byteAt(60))
    expect(r.leaks()).toBe(0)
  })

  it('gives the data before the error, the error once, then the end', () => {
    const r = new Receiver()
    r.arrive(0, 10)
    r.c.options.error = ECONNRESET
    r.c.state = CLOSED
    r.c.shut = 3
    expect(r.read(100).result).toBe(10)
    expect(r.read(100).result).toBe(-ECONNRESET)
    expect(r.read(100).result).toBe(0)
    expect(r.leaks()).toBe(0)
  })

  it('gives the end of the stream before an error that came after it', () => {
    const r = new Receiver()
    r.arrive(0, 0, { flags: FLAG_FIN })
    r.c.options.error = ECONNRESET
    expect(r.read(100).result).toBe(0)
    expect(r.leaks()).toBe(0)
  })

  it('fails on what was never connected', () => {
    const r = new Receiver()
    r.c.state = CLOSED
    expect(r.read(10).result).toBe(-ENOTCONN)
    r.c.state = LISTEN
    expect(r.read(10).result).toBe(-ENOTCONN)
    expect(r.leaks()).toBe(0)
  })

  it('tells what is left where TCP_INQ wants it', () => {
    const r = new Receiver()
    r.c.wantsInq = true
    r.arrive(0, 100, { flags: FLAG_FIN })
    const message = new Message(new Uint8Array(40))
    message.control = []
    expect(readData(r.c, message)).toBe(40)
    expect(message.control).toEqual([{ level: 6, type: TCP_CM_INQ, data: 60 }])
    message.control = []
    message.length = 40
    readData(r.c, message)
    readData(r.c, message)
    expect(message.control.at(-1)?.data).toBe(1)
    expect(r.leaks()).toBe(0)
  })

  it('acknowledges a short segment when the reader has taken it all and nothing goes back', () => {
    const r = new Receiver()
    r.arrive(0, MSS)
    r.sent()
    r.c.ackQuick = 0
    r.arrive(MSS, MSS + 10, { flags: FLAG_PSH, quiet: true })
    r.c.ackQuick = 0
    r.read(100_000)
    expect(r.acks()).toEqual([MSS + 10])
    expect(r.leaks()).toBe(0)
  })

  it('is worth it from SO_RCVLOWAT on, or when the window is nearly closed', () => {
    const r = new Receiver()
    r.arrive(0, 100)
    expect(isReadable(r.c)).toBe(true)
    r.c.options.receiveLowWater = 200
    expect(isReadable(r.c)).toBe(false)
    r.c.rcvWnd = 150
    expect(isReadable(r.c)).toBe(true)
    expect(r.leaks()).toBe(0)
  })
})

describe('urgent data', () => {
  it('is left out of the stream, which stops before it once', () => {
    const r = new Receiver()
    // BSD's pointer: one past the urgent byte, which is number 10.
    r.arrive(0, 20, { flags: FLAG_URG, urgent: 11 })
    expect(readableBytes(r.c)).toBe(10)
    expect(r.read(100).result).toBe(10)
    expect(atMark(r.c)).toBe(true)
    const urgent = r.read(5, MSG_OOB)
    expect([urgent.result, urgent.bytes[0], urgent.flags]).toEqual([1, byteAt(10), MSG_OOB])
    expect(r.read(5, MSG_OOB).result).toBe(-EINVAL)
    const rest = r.read(100)
    expect([rest.result, rest.bytes[0]]).toEqual([9, byteAt(11)])
    expect(r.c.urgentState).toBe(0)
    expect(r.leaks()).toBe(0)
  })

  it('stays in the stream with SO_OOBINLINE', () => {
    const r = new Receiver()
    r.c.options.oobInline = true
    r.arrive(0, 20, { flags: FLAG_URG, urgent: 11 })
    expect(r.read(1, MSG_OOB).result).toBe(-EINVAL)
    expect(r.read(100).result).toBe(10)
    expect(atMark(r.c)).toBe(true)
    expect(r.read(100).result).toBe(10)
    expect(r.leaks()).toBe(0)
  })

  it('is waited for without waiting when only pointed at, and taken when it comes', () => {
    const r = new Receiver()
    expect(r.read(1, MSG_OOB).result).toBe(-EINVAL)
    r.arrive(0, 10, { flags: FLAG_URG, urgent: 16 })
    expect(r.read(1, MSG_OOB).result).toBe(-EAGAIN)
    r.arrive(10, 20)
    expect(r.read(1, MSG_OOB).bytes[0]).toBe(byteAt(15))
    expect(r.leaks()).toBe(0)
  })

  it('points at the byte itself where tcp_stdurg says so', () => {
    const r = new Receiver({ settings: { stdurg: 1 } })
    r.arrive(0, 20, { flags: FLAG_URG, urgent: 10 })
    expect(r.read(1, MSG_OOB).bytes[0]).toBe(byteAt(10))
    expect(r.leaks()).toBe(0)
  })

  it('can be peeked at, with the stream read past it by peeking', () => {
    const r = new Receiver()
    r.arrive(0, 20, { flags: FLAG_URG, urgent: 1 })
    expect(r.read(1, MSG_OOB | MSG_PEEK).result).toBe(1)
    expect(r.read(1, MSG_OOB).result).toBe(1)
    expect(r.read(100, MSG_PEEK).result).toBe(19)
    expect(r.read(1).bytes[0]).toBe(byteAt(1))
    expect(r.leaks()).toBe(0)
  })
})
