import type { Clock, RandomSource } from '@jackfield/clock'
import type { NetworkInterface } from '@jackfield/interfaces'
import { MembershipReporter } from './membership-reporter.js'
import type { MembershipProtocol } from './protocol.js'
import type { ReportConfigurations } from './report-configurations.js'

/** What the reporters of a host are made with. */
export interface MembershipReportersOptions {
  readonly clock: Clock
  readonly random: RandomSource
  readonly protocol: MembershipProtocol
  readonly configurations: ReportConfigurations
}

/** The reporters of a host's interfaces. Nobody on a loopback asks: it has none. */
export class MembershipReporters {
  private readonly options: MembershipReportersOptions
  private readonly byIndex = new Map<number, MembershipReporter>()

  constructor(options: MembershipReportersOptions) {
    this.options = options
  }

  /** Of an interface; undefined where it has none. */
  of(networkInterface: NetworkInterface): MembershipReporter | undefined {
    return this.byIndex.get(networkInterface.index)
  }

  /** An interface came. */
  add(networkInterface: NetworkInterface): void {
    const { clock, random, protocol, configurations } = this.options
    const { index, loopback } = networkInterface
    if (loopback || this.byIndex.has(index)) return
    const settings = configurations.reportSettings(index)
    this.byIndex.set(index, new MembershipReporter({ clock, random, protocol, settings, networkInterface }))
  }

  /** An interface is gone, and what was set for it. */
  remove({ index }: NetworkInterface): void {
    this.byIndex.get(index)?.close()
    this.byIndex.delete(index)
    this.options.configurations.forget(index)
  }

  /** Ends them all: no timer stays. */
  close(): void {
    for (const each of this.byIndex.values()) each.close()
    this.byIndex.clear()
  }
}
