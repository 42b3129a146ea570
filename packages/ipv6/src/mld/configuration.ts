import type { NetworkInterface, Setting } from '@jackfield/interfaces'
import { integerSetting, REPORT_FILTERS, REPORT_GROUPS, type ReportSettings } from '@jackfield/ip'

const MOST = 2_147_483_647

/** What can be set for one interface, or for those to come. */
class MldConfiguration {
  /** `force_mld_version`: 0 (by what queriers speak), 1 or 2. */
  forceVersion = 0
  /** `mldv1_unsolicited_report_interval`, milliseconds (RFC 2710 7.10). */
  v1Interval = 10_000
  /** `mldv2_unsolicited_report_interval`, milliseconds (RFC 3810 9.11). */
  v2Interval = 1000

  constructor(from?: MldConfiguration) {
    if (from === undefined) return
    this.forceVersion = from.forceVersion
    this.v1Interval = from.v1Interval
    this.v2Interval = from.v2Interval
  }
}

/** What holds for all interfaces, and what each has of its own. */
export class MldConfigurations {
  /** `net.ipv6.mld_qrv`: the robustness variable while no querier tells one (RFC 3810 9.1). */
  robustness = 2
  readonly all: MldConfiguration = new MldConfiguration()
  private readonly default = new MldConfiguration()
  private readonly own = new Map<number, MldConfiguration>()

  /** What the reports of an interface go by, as it is at each use. */
  reportSettings(interfaceIndex: number): ReportSettings {
    return new OwnReportSettings(this, this.of(interfaceIndex))
  }

  /** The settings of one interface, of all, or of those to come. The report intervals are each interface's own, as in Linux. */
  settings(networkInterface: NetworkInterface | 'all' | 'default'): readonly Setting[] {
    if (networkInterface === 'all') {
      return [field('net.ipv6.conf.all.force_mld_version', 2, this.all, 'forceVersion')]
    }
    const ofDefault = networkInterface === 'default'
    const own = ofDefault ? this.default : this.of(networkInterface.index)
    const prefix = `net.ipv6.conf.${ofDefault ? 'default' : networkInterface.name}`
    return [
      field(`${prefix}.force_mld_version`, 2, own, 'forceVersion'),
      field(`${prefix}.mldv1_unsolicited_report_interval`, MOST, own, 'v1Interval'),
      field(`${prefix}.mldv2_unsolicited_report_interval`, MOST, own, 'v2Interval'),
    ]
  }

  forget(interfaceIndex: number): void {
    this.own.delete(interfaceIndex)
  }

  private of(interfaceIndex: number): MldConfiguration {
    let configuration = this.own.get(interfaceIndex)
    if (configuration === undefined) {
      configuration = new MldConfiguration(this.default)
      this.own.set(interfaceIndex, configuration)
    }
    return configuration
  }
}

/** The settings of one interface together with those of all. */
class OwnReportSettings implements ReportSettings {
  private readonly configurations: MldConfigurations
  private readonly own: MldConfiguration

  constructor(configurations: MldConfigurations, own: MldConfiguration) {
    this.configurations = configurations
    this.own = own
  }

  get forcedVersion(): number {
    const forced = this.configurations.all.forceVersion || this.own.forceVersion
    return forced === 0 ? 0 : forced === 1 ? REPORT_GROUPS : REPORT_FILTERS
  }

  get groupInterval(): number {
    return this.own.v1Interval
  }

  get filterInterval(): number {
    return this.own.v2Interval
  }

  get robustness(): number {
    return this.configurations.robustness
  }
}

function field(
  name: string,
  maximum: number,
  object: MldConfiguration,
  key: 'forceVersion' | 'v1Interval' | 'v2Interval',
): Setting {
  return integerSetting(
    name,
    0,
    maximum,
    () => object[key],
    (value) => {
      object[key] = value
    },
  )
}
