import * as errors from '@jackfield/interfaces'
import type fc from 'fast-check'
import { expect } from 'vitest'
import { letters } from '../listener/peer.test-support.js'
import type { TcpSegment } from '../wire/plain-segment.js'
import type { Endpoint } from './endpoint.test-support.js'
import {
  CALLS,
  type CallEvent,
  type Outcome,
  type Reply,
  type Row,
  SEGMENTS,
  type SegmentEvent,
  SILENCE,
  type State,
  UNREAD,
} from './rfc9293.test-support.js'
import { add, BYTES, type Model, segmentOf, take } from './variables.test-support.js'

export type Command = fc.Command<Model, Endpoint>

/** Whether a cell's condition holds. */
function applies(m: Model, outcome: Outcome): boolean {
  if (outcome.when === undefined) return true
  return (outcome.when === 'outstanding') === (m.sndUna !== m.sndNxt)
}

function outcomeOf(m: Model, row: Row): Outcome | null {
  const outcome = row[m.state]
  return outcome !== undefined && applies(m, outcome) ? outcome : null
}

/** As the state of the connection is called by STATUS. */
function statusOf(state: State): string {
  return state.replace(/ \(.*\)$/, '')
}

/** The user left: these states are reached without a reader. */
function isLeft(m: Model): boolean {
  return !m.held && m.state !== 'CLOSED'
}

/** Moves the model, and compares it with the endpoint. */
function compare(m: Model, real: Endpoint, name: string, before: State, outcome: Outcome): void {
  const sent = real.replies()
  const at = `${name} in ${before}`
  m.state = outcome.next ?? before
  if (real.acceptIfAny()) m.held = true
  checkReply(m, real, at, outcome.reply, sent)
  expect(real.state, at).toBe(statusOf(m.state))
  if (m.state === 'CLOSED' && before !== 'CLOSED') m.over = true
  expect(real.unread, `unread after ${at}`).toBe(m.held ? m.unread : 0)
  expect(real.lateTimers(), `timers after ${at}`).toBe(0)
}

/** What was not sent before. Follows `SND.NXT` on the wire. */
function fresh(m: Model, sent: readonly TcpSegment[]): TcpSegment[] {
  return sent.filter((segment) => {
    const isReset = letters(segment).includes('R')
    const end = endOf(segment)
    if (isReset || end === segment.sequence) return true
    if (((end - m.sndNxt) | 0) <= 0) return false
    m.sndNxt = end
    if (letters(segment).includes('F')) m.finWaits = false
    return true
  })
}

function endOf({ sequence, flags, payload }: TcpSegment): number {
  return add(sequence, payload.length + (flags & 1) + ((flags >> 1) & 1))
}

function checkReply(m: Model, real: Endpoint, at: string, reply: Reply, sent: readonly TcpSegment[]): void {
  if (reply === 'syn' || reply === 'syn-ack') {
    const again = reply === 'syn-ack' && m.sndNxt === add(sent[0]?.sequence ?? 0, 1)
    expect(sent.map(letters), at).toEqual([reply === 'syn' ? 'S' : 'S.'])
    const [segment] = sent
    if (segment === undefined) return
    if (reply === 'syn-ack') expect(segment.acknowledgment, at).toBe(m.rcvNxt)
    if (again) return
    m.sndUna = segment.sequence
    m.sndNxt = add(segment.sequence, 1)
    return
  }
  const outstanding = m.sndUna !== m.sndNxt
  if (reply === 'fin' || reply === 'may fin') m.finWaits = true
  const news = fresh(m, sent)
  // An acknowledgement may be held back for what could ride with it (RFC 9293 3.8.6.3).
  if (reply === 'ack' && news.length === 0) {
    real.wait(210)
    news.push(...fresh(m, real.replies()))
  }
  const told = news.map(letters)
  const what = `${at}: ${told.join(' ')}`
  const resets = told.filter((each) => each.includes('R')).length
  expect(resets, what).toBe(reply === 'rst' ? 1 : 0)
  switch (reply) {
    case 'none':
      expect(told, what).toEqual([])
      return
    case 'ack': {
      const last = news.at(-1)
      expect(told.at(-1), what).toMatch(/\./)
      expect(last?.acknowledgment, what).toBe(m.rcvNxt)
      expect(endOf(last as TcpSegment), what).toBe(m.sndNxt)
      return
    }
    case 'fin':
      expect(m.finWaits && !outstanding, what).toBe(false)
      return
    case 'data':
      expect(
        news.reduce((sum, { payload }) => sum + payload.length, 0),
        what,
      ).toBe(BYTES)
      return
    case 'rst':
    case 'may ack':
    case 'may fin':
  }
}

/** A segment of the peer. */
class Arrival implements Command {
  private readonly event: SegmentEvent

  constructor(event: SegmentEvent) {
    this.event = event
  }

  check(m: Readonly<Model>): boolean {
    return this.outcome(m) !== null
  }

  private outcome(m: Readonly<Model>): Outcome | null {
    const outcome = outcomeOf(m, SEGMENTS[this.event])
    if (outcome === null || !m.finWaits || m.state === 'CLOSED') return outcome
    // What acknowledges all that was sent lets the FIN go, and does not acknowledge it.
    if (this.event === 'ACK') return { reply: 'fin' }
    return this.event === 'FIN, ACK' || this.event === 'SYN,ACK' ? null : outcome
  }

  run(m: Model, real: Endpoint): void {
    const outcome = this.outcome(m) as Outcome
    const before = m.state
    const { flags, seq, ack, length = 0 } = segmentOf(m, this.event)
    real.took()
    real.arrive({ flags, seq, ...(ack === undefined ? {} : { ack }), payload: new Uint8Array(length) })
    take(m, before, this.event, length, ack)
    compare(m, real, this.event, before, outcome)
    if (outcome.error !== undefined && m.held) expect(real.error, `${this} in ${before}`).toBe(errnoOf(outcome.error))
  }

  toString(): string {
    return `<${this.event}>`
  }
}

function errnoOf(name: string): number {
  const value: unknown = (errors as Readonly<Record<string, unknown>>)[name]
  if (typeof value !== 'number') throw new Error(`no error is called ${name}`)
  return value
}

/** A call of the user. */
class Call implements Command {
  private readonly event: CallEvent

  constructor(event: CallEvent) {
    this.event = event
  }

  private outcome(m: Readonly<Model>): Outcome | null {
    const opens = this.event === 'connect' || this.event === 'listen'
    if (opens && m.state === 'CLOSED') return m.held ? null : outcomeOf(m, CALLS[this.event])
    if (!m.held || isOverHere(m)) return m.held && (this.event === 'close' || this.event === 'abort') ? DONE : null
    const row: Row = this.event === 'close' && m.unread > 0 ? UNREAD : CALLS[this.event]
    return outcomeOf(m, row)
  }

  check(m: Readonly<Model>): boolean {
    return this.outcome(m) !== null
  }

  run(m: Model, real: Endpoint): void {
    const outcome = this.outcome(m) as Outcome
    const before = m.state
    real.took()
    const result = real.call(this.event)
    const expected = outcome.error === undefined ? (this.event === 'send' ? BYTES : 0) : -errnoOf(outcome.error)
    expect(result, `${this} in ${before}`).toBe(expected)
    if (this.event === 'close' || this.event === 'abort') {
      m.held = false
      m.unread = 0
      m.over = false
    } else if (before === 'CLOSED' && m.state === 'CLOSED') {
      m.held = true
      m.over = false
      m.unread = m.rcvNxt = m.sndUna = m.sndNxt = 0
      m.finWaits = false
    }
    compare(m, real, this.event, before, outcome)
    if (!m.held) m.over = false
  }

  toString(): string {
    return `${this.event}()`
  }
}

/** Nothing is left to be done but to let go. */
const DONE: Outcome = { reply: 'none' }

/** The user's socket has outlived its connection. */
function isOverHere(m: Readonly<Model>): boolean {
  return m.over && m.state === 'CLOSED'
}

/** RECEIVE (3.9.1.3), in every state. */
class Receive implements Command {
  check(m: Readonly<Model>): boolean {
    return m.held && m.unread > 0
  }

  run(m: Model, real: Endpoint): void {
    expect(real.read(), 'bytes read').toBe(m.unread)
    m.unread = 0
    // A window that opens may be told.
    for (const segment of real.replies()) expect(letters(segment)).toMatch(/\./)
  }

  toString(): string {
    return 'receive()'
  }
}

/** RECEIVE where there is nothing: it would wait, or the stream has ended, or there never was a connection. */
class ReceiveNothing implements Command {
  private static readonly ANSWERS: Partial<Record<State, number>> = {
    LISTEN: -errors.ENOTCONN,
    'SYN-SENT': -errors.EAGAIN,
    'SYN-RECEIVED (crossed)': -errors.EAGAIN,
    ESTABLISHED: -errors.EAGAIN,
    'FIN-WAIT-1': -errors.EAGAIN,
    'FIN-WAIT-2': -errors.EAGAIN,
    'CLOSE-WAIT': 0,
    CLOSING: 0,
    'LAST-ACK': 0,
    'TIME-WAIT': 0,
  }

  check(m: Readonly<Model>): boolean {
    return m.held && m.unread === 0 && ReceiveNothing.ANSWERS[m.state] !== undefined
  }

  run(m: Model, real: Endpoint): void {
    expect(real.read(), `${this} in ${m.state}`).toBe(ReceiveNothing.ANSWERS[m.state])
    expect(fresh(m, real.replies()).filter((each) => endOf(each) !== each.sequence)).toEqual([])
  }

  toString(): string {
    return 'receive()'
  }
}

/** Nothing happens for long. */
class Silence implements Command {
  check(m: Readonly<Model>): boolean {
    return SILENCE[m.state] !== undefined
  }

  run(m: Model, real: Endpoint): void {
    const before = m.state
    const row = SILENCE[before] as Outcome
    const outcome = applies(m, row) ? row : DONE
    real.took()
    real.wait(3_600_000)
    real.took()
    compare(m, real, 'silence', before, outcome)
    if (outcome.error !== undefined && m.held) expect(real.error, `silence in ${before}`).toBe(errnoOf(outcome.error))
  }

  toString(): string {
    return 'silence'
  }
}

/** A while, in which acknowledgements that were held back leave and nothing else is due. */
class Pause implements Command {
  check(m: Readonly<Model>): boolean {
    return m.sndUna === m.sndNxt || isLeft(m)
  }

  run(m: Model, real: Endpoint): void {
    real.wait(50)
    expect(fresh(m, real.replies()).every((each) => letters(each) === '.')).toBe(true)
    expect(real.state).toBe(statusOf(m.state))
  }

  toString(): string {
    return 'pause'
  }
}

/** The events of the table. */
const EVENTS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ...(Object.keys(SEGMENTS) as SegmentEvent[]).map((event) => [event, new Arrival(event)] as const),
  ...(Object.keys(CALLS) as CallEvent[]).map((event) => [event, new Call(event)] as const),
  ['silence', new Silence()],
])

/** Every command. */
export const COMMANDS: readonly Command[] = [...EVENTS.values(), new Receive(), new ReceiveNothing(), new Pause()]

/** Lets an event happen. False: it cannot now, and nothing did. */
export function step(model: Model, real: Endpoint, event: string): boolean {
  const command = EVENTS.get(event)
  if (command === undefined) throw new Error(`the table has no event ${event}`)
  if (!command.check(model)) return false
  command.run(model, real)
  return true
}
