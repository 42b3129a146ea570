export { type AddressOptions, type AddressOrigin, type AddressState, Ipv6Address } from './address.js'
export type { AddressEntry } from './address-entry.js'
export { inet6Family } from './address-family.js'
export { type DestinationSource, orderDestinations, routedSources } from './destination-order.js'
export { Ipv6Layer } from './layer.js'
export { type Ipv6Module, type Ipv6ModuleOptions, ipv6 } from './module.js'
export type {
  AdvertisedPrefix,
  AdvertisedRoute,
  AdvertiseOptions,
  LearnedDnsServer,
  LearnedPrefix,
  LearnedRouter,
} from './ndp/index.js'
export { defaultPolicies, type Policy, PolicyTable } from './policy-table.js'
export type { Ipv6Options } from './routes.js'
