import type { IpAddress } from '@jackfield/addr'
import type { NetworkInterface } from '@jackfield/interfaces'
import type { Packet, PacketPool } from '@jackfield/packet'

/** Reports name source filters: IGMPv3, MLDv2. */
export const REPORT_FILTERS = 3
/** Reports name one group each, and there are leaves: IGMPv2, MLDv1. */
export const REPORT_GROUPS = 2
/** As before, without leaves: IGMPv1. */
export const REPORT_ONLY = 1

/** What the host's sides of IGMP and MLD differ in: their messages. */
export interface MembershipProtocol {
  readonly pool: PacketPool
  /** Bytes of an address: 4 or 16. */
  readonly addressLength: number
  /** Bytes of network header and its options before a report. */
  readonly headerLength: number
  /** The least MTU that the network layer works with, in bytes. */
  readonly leastMtu: number
  /** The first byte of a report with filters. */
  readonly filterReportType: number
  /** Whether a group is reported at all; some never leave the host or the link. */
  reports(group: IpAddress): boolean
  /** Sends a report with filters, its window at the message, its checksum still 0. Takes it. */
  sendFilterReport(packet: Packet, networkInterface: NetworkInterface): void
  /** Sends the report of one group in `REPORT_GROUPS` or `REPORT_ONLY`. */
  sendGroupReport(group: IpAddress, version: number, networkInterface: NetworkInterface): void
  /** Sends a leave (MLD: done). */
  sendLeave(group: IpAddress, networkInterface: NetworkInterface): void
}

/** What can be set; read at each use. */
export interface ReportSettings {
  /** 0: by what queriers speak; else the `REPORT_*` to speak. */
  readonly forcedVersion: number
  /** Milliseconds in which an unsolicited report of an older version, and of source filters, is repeated. */
  readonly groupInterval: number
  readonly filterInterval: number
  /** The robustness variable while no querier tells one (RFC 3376 8.1, RFC 3810 9.1). */
  readonly robustness: number
}

/** A query, its codes decoded. One reused object. */
export class MembershipQuery {
  /** `REPORT_*`: what its sender speaks. */
  version: number = REPORT_FILTERS
  /** The time in which an answer is due, in microseconds. */
  longest = 0
  /** Null in a general query. */
  group: IpAddress | null = null
  /** Those asked for; none: the whole group. */
  sources: readonly IpAddress[] = []
  /** Of a query that knows filters; 0: not told. */
  robustness = 0
  /** Seconds between its general queries, of a query that knows filters; 0: not told. */
  interval = 0
}
