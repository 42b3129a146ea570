export * from './wire/icmpv4.js'
export * from './wire/names.js'
