import type { ReportSettings } from '@jackfield/ip'

/** What can be set for one interface, or for those to come. */
export class IgmpConfiguration {
  /** `force_igmp_version`: 0 (by what queriers speak), 1, 2 or 3. */
  forceVersion = 0
  /** `igmpv2_unsolicited_report_interval`, milliseconds (RFC 2236 8.10). */
  v2Interval = 10_000
  /** `igmpv3_unsolicited_report_interval`, milliseconds (RFC 3376 8.11). */
  v3Interval = 1000

  constructor(from?: IgmpConfiguration) {
    if (from === undefined) return
    this.forceVersion = from.forceVersion
    this.v2Interval = from.v2Interval
    this.v3Interval = from.v3Interval
  }
}

/** What holds for all interfaces, and what each has of its own. */
export class IgmpConfigurations {
  readonly all: IgmpConfiguration = new IgmpConfiguration()
  readonly default: IgmpConfiguration = new IgmpConfiguration()
  private readonly own = new Map<number, IgmpConfiguration>()
  /** `net.ipv4.igmp_qrv`: the robustness variable while no querier tells one (RFC 3376 8.1). */
  robustness = 2
  /** `net.ipv4.igmp_link_local_mcast_reports`: whether 224.0.0.0/24 is reported. */
  linkLocalReports = 1

  of(interfaceIndex: number): IgmpConfiguration {
    let configuration = this.own.get(interfaceIndex)
    if (configuration === undefined) {
      configuration = new IgmpConfiguration(this.default)
      this.own.set(interfaceIndex, configuration)
    }
    return configuration
  }

  /** What the reports of an interface go by, as it is at each use. */
  reportSettings(interfaceIndex: number): ReportSettings {
    return new OwnReportSettings(this, this.of(interfaceIndex))
  }

  forget(interfaceIndex: number): void {
    this.own.delete(interfaceIndex)
  }
}

/** The settings of one interface together with those of all. */
class OwnReportSettings implements ReportSettings {
  private readonly configurations: IgmpConfigurations
  private readonly own: IgmpConfiguration

  constructor(configurations: IgmpConfigurations, own: IgmpConfiguration) {
    this.configurations = configurations
    this.own = own
  }

  get forcedVersion(): number {
    return this.configurations.all.forceVersion || this.own.forceVersion
  }

  get groupInterval(): number {
    return this.own.v2Interval
  }

  get filterInterval(): number {
    return this.own.v3Interval
  }

  get robustness(): number {
    return this.configurations.robustness
  }
}
