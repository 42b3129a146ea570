export * from './compliance/fake-host.js'
export * from './compliance/fake-interface.js'
export * from './compliance/fake-network.js'
export * from './compliance/fake-traffic.js'
