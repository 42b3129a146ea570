import { SEGMENTS, type SegmentEvent, type State } from './rfc9293.test-support.js'

/** What the model knows: the sequence variables of RFC 9293 3.3.1, as the peer can tell them from the wire. */
export interface Model {
  state: State
  sndUna: number
  sndNxt: number
  rcvNxt: number
  irs: number
  /** Our FIN waits behind data that is not acknowledged, for the congestion window. */
  finWaits: boolean
  /** What the peer has sent of its stream, and the user has not read. */
  unread: number
  /** Whether the user holds a socket. */
  held: boolean
  /** The user's socket is done for: its connection is over. */
  over: boolean
}

export function createModel(): Model {
  return {
    state: 'CLOSED',
    sndUna: 0,
    sndNxt: 0,
    rcvNxt: 0,
    irs: 0,
    finWaits: false,
    unread: 0,
    held: false,
    over: false,
  }
}

/** The peer begins just before its numbers wrap. */
const PEER_ISS = 0xffff_fff0
const FAR = 3_000_000
export const BYTES = 10

export const add = (number: number, more: number): number => (number + more) >>> 0

/** Every segment kind: its flags, and its numbers from the model's. */
export function segmentOf(
  m: Model,
  event: SegmentEvent,
): { flags: string; seq: number; ack?: number; length?: number } {
  const { rcvNxt, sndUna, sndNxt, irs } = m
  const future = add(sndNxt, 1)
  switch (event) {
    case 'SYN':
      return { flags: 'S', seq: isOpening(m) ? PEER_ISS : add(rcvNxt, 7) }
    case 'SYN again':
      return { flags: 'S', seq: irs }
    case 'SYN outside of the window':
      return { flags: 'S', seq: add(rcvNxt, -FAR) }
    case 'SYN,ACK':
      return { flags: 'S.', seq: isOpening(m) ? PEER_ISS : irs, ack: sndNxt }
    case 'SYN,ACK of the future':
      return { flags: 'S.', seq: PEER_ISS, ack: future }
    case 'ACK':
      return { flags: '.', seq: rcvNxt, ack: sndNxt }
    case 'ACK again':
      return { flags: '.', seq: rcvNxt, ack: sndUna }
    case 'ACK of the future':
      return { flags: '.', seq: rcvNxt, ack: future }
    case 'ACK outside of the window':
      return { flags: '.', seq: add(rcvNxt, -FAR), ack: sndNxt }
    case 'data':
      return { flags: 'P.', seq: rcvNxt, ack: sndUna, length: BYTES }
    case 'data, ACK':
      return { flags: 'P.', seq: rcvNxt, ack: sndNxt, length: BYTES }
    case 'data again':
      return { flags: 'P.', seq: add(rcvNxt, -BYTES), ack: sndUna, length: BYTES }
    case 'data beyond the window':
      return { flags: 'P.', seq: add(rcvNxt, FAR), ack: sndUna, length: BYTES }
    case 'data, ACK of the future':
      return { flags: 'P.', seq: rcvNxt, ack: future, length: BYTES }
    case 'data without ACK':
      return { flags: 'P', seq: rcvNxt, length: BYTES }
    case 'FIN':
      return { flags: 'F.', seq: rcvNxt, ack: sndUna }
    case 'FIN, ACK':
      return { flags: 'F.', seq: rcvNxt, ack: sndNxt }
    case 'FIN again':
      return { flags: 'F.', seq: add(rcvNxt, -1), ack: sndUna }
    case 'RST':
      return { flags: 'R', seq: rcvNxt }
    case 'RST in the window':
      return { flags: 'R', seq: add(rcvNxt, 7) }
    case 'RST outside of the window':
      return { flags: 'R', seq: add(rcvNxt, -FAR) }
    case 'RST,ACK':
      return { flags: 'R.', seq: rcvNxt, ack: sndNxt }
    case 'RST,ACK of the future':
      return { flags: 'R.', seq: rcvNxt, ack: future }
  }
}

function isOpening({ state }: Model): boolean {
  return state === 'CLOSED' || state === 'LISTEN' || state === 'SYN-SENT'
}

/** What a segment that was taken means for the variables. */
export function take(m: Model, before: State, event: SegmentEvent, length: number, acked: number | undefined): void {
  if ((event === 'SYN' || event === 'SYN,ACK') && (before === 'LISTEN' || before === 'SYN-SENT')) {
    m.irs = PEER_ISS
    m.rcvNxt = add(PEER_ISS, 1)
    m.unread = 0
  }
  const isData = event === 'data' || event === 'data, ACK'
  const readers: readonly State[] = [
    'ESTABLISHED',
    'FIN-WAIT-1',
    'FIN-WAIT-2',
    'SYN-RECEIVED',
    'SYN-RECEIVED (crossed)',
  ]
  if (isData && readers.includes(before) && (event === 'data, ACK' || !before.startsWith('SYN'))) {
    m.rcvNxt = add(m.rcvNxt, length)
    m.unread += length
  }
  const finTaken = SEGMENTS[event as 'FIN'][before as 'ESTABLISHED']?.next
  if ((event === 'FIN' || event === 'FIN, ACK') && finTaken !== undefined) m.rcvNxt = add(m.rcvNxt, 1)
  const acks: readonly SegmentEvent[] = ['ACK', 'data, ACK', 'FIN, ACK']
  const answers = event === 'SYN,ACK' && (before === 'SYN-SENT' || before === 'SYN-RECEIVED (crossed)')
  const opening = before === 'CLOSED' || before === 'LISTEN' || before === 'SYN-SENT'
  if (acked !== undefined && (answers || (acks.includes(event) && !opening))) m.sndUna = acked
}
