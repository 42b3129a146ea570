import { REPORT_FILTERS, REPORT_GROUPS, REPORT_ONLY, ReportConfigurations } from '@jackfield/ip'

/** What can be set of IGMP, under Linux's names. */
export class IgmpConfigurations extends ReportConfigurations {
  /** `net.ipv4.igmp_link_local_mcast_reports`: whether 224.0.0.0/24 is reported. */
  linkLocalReports = 1

  constructor() {
    super({
      prefix: 'net.ipv4.conf',
      forceVersion: 'force_igmp_version',
      groupInterval: 'igmpv2_unsolicited_report_interval',
      filterInterval: 'igmpv3_unsolicited_report_interval',
      versions: [REPORT_ONLY, REPORT_GROUPS, REPORT_FILTERS],
    })
  }
}
