export { ALL_SYSTEMS, Igmp, type IgmpOptions } from './igmp.js'
export * from './wire.js'
