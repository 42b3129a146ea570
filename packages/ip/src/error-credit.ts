import type { Clock, RandomSource } from '@jackfield/clock'
import { fieldSetting, type Host } from '@jackfield/interfaces'

const MOST = 2_147_483_647

/** How many ICMP messages leave from the whole host, of both IP versions together (Linux's `icmp_global_allow`). */
export class ErrorCredit {
  /** Messages a second (`net.ipv4.icmp_msgs_per_sec`). Default 1000. */
  msgsPerSec = 1000
  /** Messages at once (`net.ipv4.icmp_msgs_burst`). Default 50. */
  msgsBurst = 50
  private readonly clock: Clock
  private readonly random: RandomSource
  /** Filled at the first message, as Linux's: by what is set then. */
  private left = 0
  private stamp: number

  constructor(clock: Clock, random: RandomSource) {
    this.clock = clock
    this.random = random
    this.stamp = clock.now() - 1e6
  }

  /** Whether there is some left for a message. */
  available(): boolean {
    if (this.left > 0) return true
    const now = this.clock.now()
    const elapsed = Math.min(now - this.stamp, 1e6)
    // As Linux: refilled at most 50 times a second.
    if (elapsed < 20_000) return false
    const more = Math.floor((this.msgsPerSec * elapsed) / 1e6)
    if (more === 0) return false
    this.stamp = now
    this.left = Math.min(this.left + more, this.msgsBurst)
    return this.left > 0
  }

  /** A message leaves. It costs 0 to 2, so that nobody can count what this host sends to others (CVE-2020-25705, RFC 6056's ports). */
  spend(): void {
    this.left = Math.max(0, this.left - this.random.below(3))
  }
}

const credits = new WeakMap<Host, ErrorCredit>()

/** The credit that the network layers of a stack share: made, and its settings registered with the host, at the first call. */
export function errorCredit(host: Host): ErrorCredit {
  const known = credits.get(host)
  if (known !== undefined) return known
  const credit = new ErrorCredit(host.clock, host.random)
  credits.set(host, credit)
  host.addSettings([
    fieldSetting('net.ipv4.icmp_msgs_per_sec', 0, MOST, credit, 'msgsPerSec'),
    fieldSetting('net.ipv4.icmp_msgs_burst', 0, MOST, credit, 'msgsBurst'),
  ])
  return credit
}
