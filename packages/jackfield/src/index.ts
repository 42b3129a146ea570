export { createSeededRandom, createSystemClock, createVirtualClock } from '@jackfield/clock'
export type {
  AddressEntry,
  AddressOptions,
  AdvertisedPrefix,
  AdvertiseOptions,
  LearnedDnsServer,
  LearnedPrefix,
  LearnedRouter,
} from '@jackfield/ipv6'
export { createCable, createLoopback, createSwitch, impair } from '@jackfield/link'
export * from '@jackfield/sockets'
export { createStack } from '@jackfield/stack'
export { createHost, type Host, type HostInterface, type HostModules, type HostOptions } from './create-host.js'
export type { HostNeighbor, HostNetwork, InterfaceName } from './host-network.js'
export type { CpuUsage, Iperf3Result } from './services/iperf3/results.js'
export { type Iperf3Options, serveIperf3 } from './services/iperf3/server.js'
export type { ServiceHost } from './services/service-host.js'
export { SERVICE_NAMES, type Service, type ServiceName, serve } from './services/services.js'
