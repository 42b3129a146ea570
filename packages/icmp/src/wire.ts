export * from './wire/icmpv4.js'
export * from './wire/icmpv6.js'
export * from './wire/icmpv6-names.js'
export * from './wire/names.js'
