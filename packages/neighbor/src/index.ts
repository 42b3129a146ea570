export { Neighbor } from './neighbor.js'
export {
  createNeighborCache,
  type NeighborCache,
  type NeighborCacheOptions,
  UPDATE_CREATE,
  UPDATE_OVERRIDE,
  UPDATE_ROUTER,
  UPDATE_SET_ROUTER,
  UPDATE_SOLICITED,
  UPDATE_WEAK,
} from './neighbor-cache.js'
export type { NeighborProtocol } from './protocol.js'
export { createNeighborSettings, type NeighborSettings, neighborSysctls } from './settings.js'
export {
  NUD_DELAY,
  NUD_FAILED,
  NUD_FIXED,
  NUD_INCOMPLETE,
  NUD_NOARP,
  NUD_PERMANENT,
  NUD_PROBE,
  NUD_REACHABLE,
  NUD_READY,
  NUD_STALE,
  NUD_VALID,
  stateName,
} from './state.js'
export { type NeighborStatistics, neighborCounters } from './statistics.js'
export { MAX_STRANGERS_PER_SOURCE } from './stranger-list.js'
export { MAX_QUEUED_BYTES } from './waiting-packets.js'
