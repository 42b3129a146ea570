export { type Cable, type CableOptions, createCable } from './cable.js'
export type { LaneStatistics } from './cable-lane.js'
export { type ImpairedDevice, type ImpairOptions, impair } from './impair.js'
export type { BurstLoss, ImpairmentStatistics, Impairments, Reorder } from './impairments.js'
export { createLoopback, type LoopbackOptions } from './loopback.js'
export {
  createSwitch,
  type Switch,
  type SwitchOptions,
  type SwitchPort,
  type SwitchStation,
  type SwitchStatistics,
} from './switch.js'
