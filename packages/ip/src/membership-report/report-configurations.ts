import { fieldSetting, type NetworkInterface, type Setting } from '@jackfield/interfaces'
import type { ReportSettings } from './protocol.js'

const MOST = 2_147_483_647

/** How IGMP and MLD name what can be set, and which versions they have. */
export interface ReportSettingNames {
  /** `net.ipv4.conf` or `net.ipv6.conf`. */
  readonly prefix: string
  /** The version to speak, 0: by what queriers speak. */
  readonly forceVersion: string
  /** Milliseconds in which an unsolicited report of an older version, and of source filters, is repeated. */
  readonly groupInterval: string
  readonly filterInterval: string
  /** `REPORT_*` by version, from version 1 on. */
  readonly versions: readonly number[]
}

/** What can be set for one interface, or for those to come. */
class ReportConfiguration {
  forceVersion = 0
  /** RFC 2236 8.10, RFC 2710 7.10. */
  groupInterval = 10_000
  /** RFC 3376 8.11, RFC 3810 9.11. */
  filterInterval = 1000
}

/** What holds for the reports of all interfaces, and what each has of its own. */
export class ReportConfigurations {
  /** The robustness variable while no querier tells one (RFC 3376 8.1, RFC 3810 9.1). */
  robustness = 2
  private readonly names: ReportSettingNames
  private readonly all = new ReportConfiguration()
  private readonly default = new ReportConfiguration()
  private readonly own = new Map<number, ReportConfiguration>()

  constructor(names: ReportSettingNames) {
    this.names = names
  }

  /** What the reports of an interface go by, as it is at each use. */
  reportSettings(interfaceIndex: number): ReportSettings {
    return new OwnReportSettings(this, this.all, this.of(interfaceIndex), this.names.versions)
  }

  /** The settings of one interface, of all, or of those to come. The report intervals are each interface's own, as in Linux. */
  settings(networkInterface: NetworkInterface | 'all' | 'default'): readonly Setting[] {
    const { prefix, forceVersion, groupInterval, filterInterval, versions } = this.names
    const most = versions.length
    if (networkInterface === 'all') {
      return [fieldSetting(`${prefix}.all.${forceVersion}`, 0, most, this.all, 'forceVersion')]
    }
    const ofDefault = networkInterface === 'default'
    const own = ofDefault ? this.default : this.of(networkInterface.index)
    const place = `${prefix}.${ofDefault ? 'default' : networkInterface.name}`
    return [
      fieldSetting(`${place}.${forceVersion}`, 0, most, own, 'forceVersion'),
      fieldSetting(`${place}.${groupInterval}`, 0, MOST, own, 'groupInterval'),
      fieldSetting(`${place}.${filterInterval}`, 0, MOST, own, 'filterInterval'),
    ]
  }

  forget(interfaceIndex: number): void {
    this.own.delete(interfaceIndex)
  }

  private of(interfaceIndex: number): ReportConfiguration {
    let configuration = this.own.get(interfaceIndex)
    if (configuration === undefined) {
      configuration = Object.assign(new ReportConfiguration(), this.default)
      this.own.set(interfaceIndex, configuration)
    }
    return configuration
  }
}

/** The settings of one interface together with those of all. */
class OwnReportSettings implements ReportSettings {
  private readonly configurations: ReportConfigurations
  private readonly all: ReportConfiguration
  private readonly own: ReportConfiguration
  private readonly versions: readonly number[]

  constructor(
    configurations: ReportConfigurations,
    all: ReportConfiguration,
    own: ReportConfiguration,
    versions: readonly number[],
  ) {
    this.configurations = configurations
    this.all = all
    this.own = own
    this.versions = versions
  }

  get forcedVersion(): number {
    const forced = this.all.forceVersion || this.own.forceVersion
    return forced === 0 ? 0 : (this.versions[forced - 1] as number)
  }

  get groupInterval(): number {
    return this.own.groupInterval
  }

  get filterInterval(): number {
    return this.own.filterInterval
  }

  get robustness(): number {
    return this.configurations.robustness
  }
}
