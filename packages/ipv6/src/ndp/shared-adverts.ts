import type { IpAddress } from '@jackfield/addr'
import type { Timer } from '@jackfield/clock'
import type { NetworkInterface } from '@jackfield/interfaces'
import type { NdpContext } from './context.js'
import type { NdpTransmitter } from './transmitter.js'

/** RFC 4861 10: MAX_ANYCAST_DELAY_TIME, in microseconds. */
const MAX_DELAY = 1e6
/** Answers that may wait at one time; who is not answered asks again. */
const MAX_WAITING = 64

/**
 * Answers for addresses that others answer for too: after a random time, so that not all speak at once, and leaving the first who
 * was heard in his place (RFC 4861 7.2.7).
 */
export class SharedAdverts {
  private readonly context: NdpContext
  private readonly transmitter: NdpTransmitter
  private readonly waiting = new Set<Timer>()

  constructor(context: NdpContext, transmitter: NdpTransmitter) {
    this.context = context
    this.transmitter = transmitter
  }

  /** Answers, at once where `to` asked this host alone. Takes copies of what it keeps. */
  answer(networkInterface: NetworkInterface, target: IpAddress, to: IpAddress, alone: boolean): void {
    const { clock, random } = this.context
    if (alone) {
      this.transmitter.sharedAdvert(networkInterface, target, to)
      return
    }
    if (this.waiting.size >= MAX_WAITING) {
      this.context.counters.NdpInIgnored++
      return
    }
    const asked = target.copy()
    const asker = to.copy()
    const timer = clock.createTimer(() => {
      this.waiting.delete(timer)
      this.transmitter.sharedAdvert(networkInterface, asked, asker)
    })
    this.waiting.add(timer)
    timer.setAfter(random.fraction() * MAX_DELAY)
  }

  close(): void {
    for (const timer of this.waiting) timer.cancel()
    this.waiting.clear()
  }
}
