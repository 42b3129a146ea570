import type { Connection } from '../connection.js'

/** Stands for a smallest round trip that is not known. */
const UNKNOWN = 0x7fff_ffff

/** The smallest round trip of the window, in microseconds; very large where none was measured. */
export function minRtt(c: Connection): number {
  return c.minRtt0 < 0 ? UNKNOWN : c.minRtt0
}

/**
 * A running minimum over a window of time, kept as the best, second best and third best of three stretches of it, so that an
 * old minimum that ends has an heir (Kathleen Nichols' filter, as Linux's `win_minmax`).
 */
export function updateMinRtt(c: Connection, window: number, rtt: number): void {
  const { now } = c.tcp
  if (c.minRtt0 < 0 || rtt <= c.minRtt0 || (now - c.minRttTime2) >>> 0 > window) {
    c.minRtt0 = rtt
    c.minRttTime0 = now
    setSecond(c, rtt, now)
    return
  }
  if (rtt <= c.minRtt1) setSecond(c, rtt, now)
  else if (rtt <= c.minRtt2) setThird(c, rtt, now)
  const elapsed = (now - c.minRttTime0) >>> 0
  if (elapsed > window) {
    shift(c, rtt, now)
    // The second best may be outside of the window too.
    if ((now - c.minRttTime0) >>> 0 > window) shift(c, rtt, now)
  } else if (c.minRttTime1 === c.minRttTime0 && elapsed > window / 4) {
    setSecond(c, rtt, now)
  } else if (c.minRttTime2 === c.minRttTime1 && elapsed > window / 2) {
    setThird(c, rtt, now)
  }
}

function shift(c: Connection, rtt: number, now: number): void {
  c.minRtt0 = c.minRtt1
  c.minRttTime0 = c.minRttTime1
  c.minRtt1 = c.minRtt2
  c.minRttTime1 = c.minRttTime2
  setThird(c, rtt, now)
}

function setSecond(c: Connection, rtt: number, now: number): void {
  c.minRtt1 = rtt
  c.minRttTime1 = now
  setThird(c, rtt, now)
}

function setThird(c: Connection, rtt: number, now: number): void {
  c.minRtt2 = rtt
  c.minRttTime2 = now
}
