import type { PassingRun, SubjectTime } from '@jackfield/packetdrill'
import { addressOf, systemCall } from './kernel-calls.js'
import type { Tun } from './tun.js'
import type { WaitingCalls } from './waiting-calls.js'

const POLLIN = 1
/** Turns given to calls that are done: more than the longest way from a result to a return. */
const TURNS = 24
/** How long a call that waits is given to get as far as it comes: microseconds. */
const CALL_TIME = 150
const NAP = 20

/** The time of the kernel: the real one. It passes in `ppoll`, so that nothing of it is spent in an event loop. */
export class KernelTime implements SubjectTime {
  readonly patience = 3e6
  private readonly tun: Tun
  private readonly calls: WaitingCalls
  private readonly descriptors = new DataView(new ArrayBuffer(16))
  private readonly timeout = new DataView(new ArrayBuffer(16))
  private readonly counter = new Uint8Array(8)

  constructor(tun: Tun, calls: WaitingCalls) {
    this.tun = tun
    this.calls = calls
    for (const [index, fd] of [tun.fd, calls.wake].entries()) {
      this.descriptors.setInt32(index * 8, fd, true)
      this.descriptors.setInt16(index * 8 + 4, POLLIN, true)
    }
  }

  wallTime(): number {
    return Date.now() * 1000
  }

  now(): number {
    return now()
  }

  /** The machine has other things to do, and the kernel's timers are up to an eighth late: its timer wheel is made so. */
  lateness(duration: number): number {
    return 14_000 + duration / 8
  }

  async settle(): Promise<void> {
    const begun = now()
    while (!this.calls.begun || (this.calls.calling && now() - begun < CALL_TIME)) {
      this.tun.drain()
      // Asleep, not spinning: the thread that calls may have no other processor.
      this.wait(NAP)
    }
    await this.collect()
  }

  async passTo(time: number, run: PassingRun): Promise<void> {
    await this.passUntil(() => false, time, run)
  }

  async passUntil(holds: () => boolean, time: number, run: PassingRun): Promise<boolean> {
    for (;;) {
      await this.collect()
      run.afterStep()
      if (holds()) return true
      const rest = time - now()
      if (rest <= 0) return false
      this.wait(rest)
    }
  }

  sleep(duration: number): void {
    for (const end = now() + duration; now() < end; ) {
      this.wait(end - now())
      this.tun.drain()
    }
  }

  private async collect(): Promise<void> {
    this.tun.drain()
    this.calls.collect()
    // Also for calls that do not wait: what they came to is known a few turns later.
    for (let i = 0; i < TURNS; i++) await null
  }

  /** Waits until the device or a call has something, or so many microseconds. */
  private wait(duration: number): void {
    const nanoseconds = Math.round(duration * 1000)
    this.timeout.setBigInt64(0, BigInt(Math.floor(nanoseconds / 1e9)), true)
    this.timeout.setBigInt64(8, BigInt(nanoseconds % 1e9), true)
    systemCall('ppoll', addressOf(this.descriptors), 2, addressOf(this.timeout), 0)
    systemCall('read', this.calls.wake, addressOf(this.counter), 8)
  }
}

/** Microseconds of a clock that only goes forward. */
export function now(): number {
  return performance.now() * 1000
}
