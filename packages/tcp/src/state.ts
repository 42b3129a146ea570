// The states of RFC 9293 3.3.2, with the numbers of Linux's `TCP_ESTABLISHED` and so on, as `tcp_info` shows them.
export const ESTABLISHED = 1
export const SYN_SENT = 2
export const SYN_RECEIVED = 3
export const FIN_WAIT_1 = 4
export const FIN_WAIT_2 = 5
export const TIME_WAIT = 6
export const CLOSED = 7
export const CLOSE_WAIT = 8
export const LAST_ACK = 9
export const LISTEN = 10
export const CLOSING = 11

const NAMES = [
  '',
  'ESTABLISHED',
  'SYN-SENT',
  'SYN-RECEIVED',
  'FIN-WAIT-1',
  'FIN-WAIT-2',
  'TIME-WAIT',
  'CLOSED',
  'CLOSE-WAIT',
  'LAST-ACK',
  'LISTEN',
  'CLOSING',
]

/** The name of a state as RFC 9293 writes it. */
export function stateName(state: number): string {
  return NAMES[state] ?? `state ${state}`
}

/** A set of states as bits, to be asked with `stateIn`. */
export function stateSet(...states: readonly number[]): number {
  let set = 0
  for (const state of states) set |= 1 << state
  return set
}

/** Whether a state is in a set. */
export function stateIn(state: number, set: number): boolean {
  return ((1 << state) & set) !== 0
}

// What loss recovery is doing (Linux's `tcpi_ca_state`).
export const CA_OPEN = 0
export const CA_DISORDER = 1
export const CA_CWR = 2
export const CA_RECOVERY = 3
export const CA_LOSS = 4
