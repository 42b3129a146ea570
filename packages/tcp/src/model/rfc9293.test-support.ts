/*
 * RFC 9293 as a table: figure 5 (3.3.2) and section 3.10, event by event and state by state, with RFC 5961 and RFC 7323's
 * rules where 3.10 takes them in. Written from the text and not from the code. Where Linux departs from it on purpose the
 * row says so, and why, in `linux`.
 */

export type State =
  | 'CLOSED'
  | 'LISTEN'
  | 'SYN-SENT'
  // By a listener, and by a SYN that crossed ours: 3.10.7.4 treats them differently.
  | 'SYN-RECEIVED'
  | 'SYN-RECEIVED (crossed)'
  | 'ESTABLISHED'
  | 'FIN-WAIT-1'
  | 'FIN-WAIT-2'
  // The same after `close`, when nobody is there to read any more (RFC 1122 4.2.2.13); `shutdown` leaves a reader.
  | 'FIN-WAIT-1 (left)'
  | 'FIN-WAIT-2 (left)'
  | 'CLOSE-WAIT'
  | 'CLOSING'
  | 'LAST-ACK'
  | 'TIME-WAIT'

/** What leaves at once, besides what is sent again. `may ack`: the text leaves it open, or an acknowledgement rides along. */
export type Reply = 'none' | 'ack' | 'may ack' | 'rst' | 'syn' | 'syn-ack' | 'fin' | 'may fin' | 'data'

/** One cell of the table. */
export interface Outcome {
  /** The same state where it is left out. */
  readonly next?: State
  readonly reply: Reply
  /** What the user's next call hears; for a call of the user, what it returns. Names as in errno. */
  readonly error?: string
  /** Only while something is sent and not acknowledged, or only while nothing is. */
  readonly when?: 'outstanding' | 'all acknowledged'
  /** How and why Linux departs from the RFC here. */
  readonly linux?: string
}

export type Row = Partial<Record<State, Outcome>>

const none: Outcome = { reply: 'none' }
const ack: Outcome = { reply: 'ack' }
const rst: Outcome = { reply: 'rst' }

/** States with both sequence spaces agreed, but TIME-WAIT and FIN-WAIT-2 of nobody. */
const SYNCHRONIZED: readonly State[] = [
  'ESTABLISHED',
  'FIN-WAIT-1',
  'FIN-WAIT-2',
  'FIN-WAIT-1 (left)',
  'CLOSE-WAIT',
  'CLOSING',
  'LAST-ACK',
]

function inAll(states: readonly State[], outcome: Outcome, others: Row = {}): Row {
  return { ...Object.fromEntries(states.map((state) => [state, outcome])), ...others }
}

const synchronized = (outcome: Outcome, others: Row = {}): Row => inAll(SYNCHRONIZED, outcome, others)

/** 3.10.7.4, second: an acceptable reset. Nobody is left to hear of it in the last states. */
const resetTo = (error: string): Outcome => ({ next: 'CLOSED', reply: 'none', error })

const SMALL_STATES = 'TIME-WAIT, and FIN-WAIT-2 of nobody, are a small object that looks only at sequence numbers'

/** Segments. Numbers are of the connection at that moment; the first word says what it carries. */
export const SEGMENTS = {
  // --- 3.10.7.2, 3.10.7.3, and RFC 5961 4 in synchronized states
  SYN: synchronized(ack, {
    CLOSED: rst,
    LISTEN: { next: 'SYN-RECEIVED', reply: 'syn-ack' },
    'SYN-SENT': { next: 'SYN-RECEIVED (crossed)', reply: 'syn-ack' },
    'SYN-RECEIVED': {
      next: 'LISTEN',
      reply: 'rst',
      linux: 'the RFC returns to LISTEN without a word; a reset lets a confused peer try again',
    },
    'SYN-RECEIVED (crossed)': ack,
    'FIN-WAIT-2 (left)': { next: 'CLOSED', reply: 'rst', linux: SMALL_STATES },
    'TIME-WAIT': ack,
  }),
  'SYN again': {
    'SYN-RECEIVED': {
      reply: 'syn-ack',
      linux: 'the RFC only acknowledges it; the SYN-ACK was lost, so it is sent again',
    },
    'SYN-RECEIVED (crossed)': ack,
  },
  'SYN outside of the window': synchronized(ack, {
    'SYN-RECEIVED': ack,
    'SYN-RECEIVED (crossed)': ack,
    'FIN-WAIT-2 (left)': ack,
    'TIME-WAIT': ack,
  }),
  'SYN,ACK': synchronized(ack, {
    CLOSED: rst,
    LISTEN: rst,
    'SYN-SENT': { next: 'ESTABLISHED', reply: 'ack' },
    // 3.5, figure 7: the peer's answer to the SYN that crossed.
    'SYN-RECEIVED (crossed)': { next: 'ESTABLISHED', reply: 'may ack' },
    'FIN-WAIT-2 (left)': ack,
    'TIME-WAIT': ack,
  }),
  'SYN,ACK of the future': { CLOSED: rst, LISTEN: rst, 'SYN-SENT': rst },

  // --- 3.10.7.4, fifth: ACK
  ACK: {
    CLOSED: rst,
    LISTEN: rst,
    // Acceptable, but neither RST nor SYN: dropped.
    'SYN-SENT': none,
    'SYN-RECEIVED': { next: 'ESTABLISHED', reply: 'none' },
    'SYN-RECEIVED (crossed)': { next: 'ESTABLISHED', reply: 'none' },
    ESTABLISHED: none,
    'FIN-WAIT-1': { next: 'FIN-WAIT-2', reply: 'none' },
    'FIN-WAIT-1 (left)': { next: 'FIN-WAIT-2 (left)', reply: 'none' },
    'FIN-WAIT-2': none,
    'FIN-WAIT-2 (left)': none,
    'CLOSE-WAIT': none,
    CLOSING: { next: 'TIME-WAIT', reply: 'none' },
    'LAST-ACK': { next: 'CLOSED', reply: 'none' },
    'TIME-WAIT': none,
  },
  'ACK again': synchronized(none, {
    'SYN-SENT': rst,
    'SYN-RECEIVED': rst,
    'SYN-RECEIVED (crossed)': rst,
    'FIN-WAIT-2 (left)': none,
    'TIME-WAIT': none,
  }),
  'ACK of the future': synchronized(ack, {
    'SYN-SENT': rst,
    'SYN-RECEIVED': rst,
    'SYN-RECEIVED (crossed)': rst,
    'FIN-WAIT-2 (left)': { reply: 'none', linux: SMALL_STATES },
    'TIME-WAIT': { reply: 'none', linux: SMALL_STATES },
  }),
  'ACK outside of the window': synchronized(ack, {
    'SYN-RECEIVED': ack,
    'SYN-RECEIVED (crossed)': ack,
    'FIN-WAIT-2 (left)': ack,
    'TIME-WAIT': ack,
  }),

  // --- seventh: text
  data: {
    CLOSED: rst,
    LISTEN: rst,
    ESTABLISHED: ack,
    'FIN-WAIT-1': ack,
    'FIN-WAIT-2': ack,
    'FIN-WAIT-1 (left)': { next: 'CLOSED', reply: 'rst', linux: 'RFC 1122 4.2.2.13: nobody will ever read it' },
    'FIN-WAIT-2 (left)': { next: 'CLOSED', reply: 'rst', linux: 'RFC 1122 4.2.2.13: nobody will ever read it' },
    // After a FIN there is no text: ignored.
    'CLOSE-WAIT': { reply: 'may ack' },
    CLOSING: { reply: 'may ack' },
    'LAST-ACK': { reply: 'may ack' },
    'TIME-WAIT': ack,
  },
  'data, ACK': {
    'SYN-RECEIVED': { next: 'ESTABLISHED', reply: 'ack' },
    'SYN-RECEIVED (crossed)': { next: 'ESTABLISHED', reply: 'ack' },
  },
  'data again': synchronized(ack, { 'FIN-WAIT-2 (left)': ack, 'TIME-WAIT': ack }),
  'data beyond the window': synchronized(ack, { 'FIN-WAIT-2 (left)': ack, 'TIME-WAIT': ack }),
  'data, ACK of the future': synchronized(ack, {
    'SYN-RECEIVED': rst,
    'SYN-RECEIVED (crossed)': rst,
  }),
  // Fifth: "if the ACK bit is off, drop the segment".
  'data without ACK': synchronized(none, {
    CLOSED: rst,
    LISTEN: none,
    'SYN-SENT': none,
    'SYN-RECEIVED': none,
    'SYN-RECEIVED (crossed)': none,
    'FIN-WAIT-2 (left)': none,
  }),

  // --- eighth: FIN
  FIN: {
    CLOSED: rst,
    LISTEN: rst,
    ESTABLISHED: { next: 'CLOSE-WAIT', reply: 'ack' },
    'FIN-WAIT-1': { next: 'CLOSING', reply: 'ack' },
    'FIN-WAIT-1 (left)': { next: 'CLOSING', reply: 'ack' },
    'FIN-WAIT-2': { next: 'TIME-WAIT', reply: 'ack' },
    'FIN-WAIT-2 (left)': { next: 'TIME-WAIT', reply: 'ack' },
  },
  'FIN, ACK': {
    'SYN-SENT': none,
    'SYN-RECEIVED': { next: 'CLOSE-WAIT', reply: 'ack' },
    'SYN-RECEIVED (crossed)': { next: 'CLOSE-WAIT', reply: 'ack' },
    ESTABLISHED: { next: 'CLOSE-WAIT', reply: 'ack' },
    'FIN-WAIT-1': { next: 'TIME-WAIT', reply: 'ack' },
    'FIN-WAIT-1 (left)': { next: 'TIME-WAIT', reply: 'ack' },
    'FIN-WAIT-2': { next: 'TIME-WAIT', reply: 'ack' },
    'FIN-WAIT-2 (left)': { next: 'TIME-WAIT', reply: 'ack' },
  },
  'FIN again': { 'CLOSE-WAIT': ack, CLOSING: ack, 'LAST-ACK': ack, 'TIME-WAIT': ack },

  // --- second: RST (RFC 5961 3)
  RST: {
    CLOSED: none,
    LISTEN: none,
    // No acknowledgement: dropped.
    'SYN-SENT': none,
    'SYN-RECEIVED': { next: 'LISTEN', reply: 'none' },
    'SYN-RECEIVED (crossed)': {
      ...resetTo('ECONNRESET'),
      linux: 'the RFC says "refused"; the connection was there for a moment',
    },
    ESTABLISHED: resetTo('ECONNRESET'),
    'FIN-WAIT-1': resetTo('ECONNRESET'),
    'FIN-WAIT-2': resetTo('ECONNRESET'),
    'FIN-WAIT-1 (left)': { next: 'CLOSED', reply: 'none' },
    'FIN-WAIT-2 (left)': { next: 'CLOSED', reply: 'none' },
    'CLOSE-WAIT': { ...resetTo('EPIPE'), linux: 'the RFC says "reset"; the reader has had all, the writer has lost' },
    CLOSING: resetTo('ECONNRESET'),
    'LAST-ACK': resetTo('ECONNRESET'),
    'TIME-WAIT': { next: 'CLOSED', reply: 'none' },
  },
  'RST in the window': synchronized(ack, {
    'SYN-RECEIVED': { next: 'LISTEN', reply: 'none', linux: 'nobody holds a request yet: it is not worth a challenge' },
    'SYN-RECEIVED (crossed)': ack,
    'FIN-WAIT-2 (left)': { next: 'CLOSED', reply: 'none', linux: SMALL_STATES },
    'TIME-WAIT': { reply: 'none', linux: SMALL_STATES },
  }),
  'RST outside of the window': synchronized(none, {
    'SYN-RECEIVED': none,
    'SYN-RECEIVED (crossed)': none,
    'FIN-WAIT-2 (left)': { reply: 'ack', linux: `${SMALL_STATES}: all that is outside of the window is acknowledged` },
    'TIME-WAIT': none,
  }),
  'RST,ACK': { 'SYN-SENT': resetTo('ECONNREFUSED'), CLOSED: none, LISTEN: none },
  'RST,ACK of the future': { 'SYN-SENT': none },
} satisfies Record<string, Row>

const closing: Outcome = { reply: 'none', error: 'EPIPE' }

/** Calls of the user (3.9.1, 3.10.1 to 3.10.6), by their Berkeley names. `error`: what the call answers. */
export const CALLS = {
  connect: {
    CLOSED: { next: 'SYN-SENT', reply: 'syn', error: 'EINPROGRESS' },
    LISTEN: { reply: 'none', error: 'EISCONN', linux: 'a listening socket does not turn active' },
    'SYN-SENT': { reply: 'none', error: 'EALREADY' },
    'SYN-RECEIVED (crossed)': { reply: 'none', error: 'EALREADY' },
  },
  listen: {
    CLOSED: { next: 'LISTEN', reply: 'none' },
    'SYN-SENT': { reply: 'none', error: 'EINVAL' },
    ESTABLISHED: { reply: 'none', error: 'EINVAL' },
    'CLOSE-WAIT': { reply: 'none', error: 'EINVAL' },
  },
  send: {
    LISTEN: { reply: 'none', error: 'EPIPE', linux: 'a listening socket does not turn active' },
    'SYN-SENT': {
      reply: 'none',
      error: 'EAGAIN',
      linux: 'the RFC queues it; the caller keeps it until there is a connection',
    },
    'SYN-RECEIVED (crossed)': { reply: 'none', error: 'EAGAIN', linux: 'as in SYN-SENT' },
    ESTABLISHED: { reply: 'data', when: 'all acknowledged' },
    'CLOSE-WAIT': { reply: 'data', when: 'all acknowledged' },
    'FIN-WAIT-1': closing,
    'FIN-WAIT-2': closing,
    CLOSING: closing,
    'LAST-ACK': closing,
    'TIME-WAIT': closing,
  },
  // 3.10.4 CLOSE: no more to send, but still there to receive.
  shutdown: {
    LISTEN: { reply: 'none', linux: 'only `close` ends listening' },
    'SYN-SENT': { next: 'CLOSED', reply: 'none' },
    'SYN-RECEIVED (crossed)': { next: 'FIN-WAIT-1', reply: 'may fin' },
    ESTABLISHED: { next: 'FIN-WAIT-1', reply: 'fin' },
    'CLOSE-WAIT': { next: 'LAST-ACK', reply: 'fin' },
    'FIN-WAIT-1': none,
    'FIN-WAIT-2': none,
    CLOSING: none,
    'LAST-ACK': none,
    'TIME-WAIT': { reply: 'none', error: 'ENOTCONN' },
  },
  // The same, and nobody receives any more. With data unread it is an ABORT (RFC 2525 2.17), see `unread`.
  close: {
    LISTEN: { next: 'CLOSED', reply: 'none' },
    'SYN-SENT': { next: 'CLOSED', reply: 'none' },
    'SYN-RECEIVED (crossed)': { next: 'FIN-WAIT-1 (left)', reply: 'may fin' },
    ESTABLISHED: { next: 'FIN-WAIT-1 (left)', reply: 'fin' },
    'CLOSE-WAIT': { next: 'LAST-ACK', reply: 'fin' },
    'FIN-WAIT-1': { next: 'FIN-WAIT-1 (left)', reply: 'none' },
    'FIN-WAIT-2': { next: 'FIN-WAIT-2 (left)', reply: 'none' },
    CLOSING: none,
    'LAST-ACK': none,
    'TIME-WAIT': none,
  },
  // 3.10.5 ABORT.
  abort: {
    LISTEN: { next: 'CLOSED', reply: 'none' },
    'SYN-SENT': { next: 'CLOSED', reply: 'none' },
    'SYN-RECEIVED (crossed)': { next: 'CLOSED', reply: 'rst' },
    ESTABLISHED: { next: 'CLOSED', reply: 'rst' },
    'FIN-WAIT-1': { next: 'CLOSED', reply: 'rst' },
    'FIN-WAIT-2': { next: 'CLOSED', reply: 'rst' },
    'CLOSE-WAIT': { next: 'CLOSED', reply: 'rst' },
    CLOSING: { next: 'CLOSED', reply: 'none' },
    'LAST-ACK': { next: 'CLOSED', reply: 'none' },
    'TIME-WAIT': { reply: 'none', linux: 'TIME-WAIT is not the socket any more: it stays' },
  },
} satisfies Record<string, Row>

/** `close` with data that was not read: what an ABORT does, where that sends a reset. */
export const UNREAD: Row = CALLS.abort

const givenUp: Outcome = { next: 'CLOSED', reply: 'none', error: 'ETIMEDOUT' }
const lost: Outcome = { ...givenUp, when: 'outstanding' }

/** 3.10.8: nothing comes for an hour. Retransmission, user and TIME-WAIT timeouts have all had their time. */
export const SILENCE: Row = {
  CLOSED: none,
  LISTEN: none,
  'SYN-SENT': givenUp,
  'SYN-RECEIVED': { next: 'LISTEN', reply: 'none' },
  'SYN-RECEIVED (crossed)': givenUp,
  ESTABLISHED: lost,
  'CLOSE-WAIT': lost,
  'FIN-WAIT-1': givenUp,
  'FIN-WAIT-1 (left)': { next: 'CLOSED', reply: 'none' },
  'FIN-WAIT-2': none,
  'FIN-WAIT-2 (left)': {
    next: 'CLOSED',
    reply: 'none',
    linux: 'the RFC waits for ever; RFC 9293 3.6 allows a timeout',
  },
  CLOSING: givenUp,
  'LAST-ACK': givenUp,
  'TIME-WAIT': { next: 'CLOSED', reply: 'none' },
}

export type SegmentEvent = keyof typeof SEGMENTS
export type CallEvent = keyof typeof CALLS

/** Figure 5: a way to each state. */
export const WAYS: Readonly<Record<State, readonly (SegmentEvent | CallEvent)[]>> = {
  CLOSED: [],
  LISTEN: ['listen'],
  'SYN-SENT': ['connect'],
  'SYN-RECEIVED': ['listen', 'SYN'],
  'SYN-RECEIVED (crossed)': ['connect', 'SYN'],
  ESTABLISHED: ['connect', 'SYN,ACK'],
  'FIN-WAIT-1': ['connect', 'SYN,ACK', 'shutdown'],
  'FIN-WAIT-2': ['connect', 'SYN,ACK', 'shutdown', 'ACK'],
  'FIN-WAIT-1 (left)': ['listen', 'SYN', 'ACK', 'close'],
  'FIN-WAIT-2 (left)': ['connect', 'SYN,ACK', 'close', 'ACK'],
  'CLOSE-WAIT': ['connect', 'SYN,ACK', 'FIN'],
  CLOSING: ['connect', 'SYN,ACK', 'shutdown', 'FIN'],
  'LAST-ACK': ['listen', 'SYN', 'FIN, ACK', 'shutdown'],
  'TIME-WAIT': ['connect', 'SYN,ACK', 'shutdown', 'FIN, ACK'],
}
