/** Where a thread that makes calls is. */
export const IDLE = 0
export const ASKED = 1
export const CALLING = 2
export const DONE = 3
/** Until it has loaded what it needs. */
export const STARTING = 4

/** Memory that a calling thread shares with the thread that asks: its state, then the call, its result and its arguments. */
export const SHARED_BYTES = 80

/** What a calling thread is given. */
export interface CallThreadData {
  readonly shared: SharedArrayBuffer
  /** An eventfd, written when a call is done. */
  readonly wake: number
}

/** The state of a thread, for `Atomics`. */
export function stateOf(shared: SharedArrayBuffer): Int32Array {
  return new Int32Array(shared, 0, 1)
}

/** `[call, result, argument, ...]`. */
export function valuesOf(shared: SharedArrayBuffer): Float64Array {
  return new Float64Array(shared, 8, 9)
}
