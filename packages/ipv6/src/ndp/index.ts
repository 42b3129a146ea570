export { NdpConfigurations } from './configuration.js'
export { createNdpCounters } from './counters.js'
export { Ndp } from './ndp.js'
export type { AdvertisedPrefix, AdvertiseOptions } from './router-advertiser.js'
