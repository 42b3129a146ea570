export * from './igmp/wire.js'
export * from './wire/header.js'
export * from './wire/option-list.js'
export * from './wire/options.js'
