export { copyFragment } from './copy-fragment.js'
export { Cutter, type CutterOptions, segmentLength } from './cutter.js'
export { DestinationCache, type DestinationCacheOptions } from './destination-cache.js'
export { ErrorCredit, errorCredit } from './error-credit.js'
export { ErrorRateLimit, type ErrorRateLimitOptions } from './error-rate-limit.js'
export { ErrorsIn, type ErrorsInParts } from './errors-in.js'
export { FlowRouter } from './flow-router.js'
export { followedKey, followRoutes } from './followed-routes.js'
export {
  ALLOW_NEW_SOURCES,
  BLOCK_OLD_SOURCES,
  CHANGE_TO_EXCLUDE_MODE,
  CHANGE_TO_INCLUDE_MODE,
  type FilterMode,
  filterAccepts,
  filtersEqual,
  type GroupFilter,
  hasSource,
  MODE_IS_EXCLUDE,
  MODE_IS_INCLUDE,
  mergeFilters,
  NO_MEMBERSHIP,
} from './group-filter.js'
export { GroupMembership, type GroupMembershipOptions } from './group-membership.js'
export { LoopQueue, type LoopQueueOptions } from './loop-queue.js'
export { MembershipReporter, type MembershipReporterOptions } from './membership-report/membership-reporter.js'
export { MembershipReporters, type MembershipReportersOptions } from './membership-report/membership-reporters.js'
export {
  type MembershipProtocol,
  MembershipQuery,
  REPORT_FILTERS,
  REPORT_GROUPS,
  REPORT_ONLY,
  type ReportSettings,
} from './membership-report/protocol.js'
export { ReportConfigurations, type ReportSettingNames } from './membership-report/report-configurations.js'
export { pathHash } from './path-hash.js'
export { PACKET_REFUSED, PACKET_TAKEN, PACKET_UNKNOWN, ProtocolTable } from './protocol-table.js'
export { Reassembler, type ReassemblerOptions, type ReassemblyCounters } from './reassembler.js'
export { RouteTable, type RouteTableOptions } from './route-table.js'
export { TableRoute } from './table-route.js'
export { Taps } from './taps.js'
export { TypeMask } from './type-mask.js'
