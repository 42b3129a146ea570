/** The numbers of the socket API alone: error numbers, protocols, families, options, flags. */
export * from './errno.js'
export * from './protocol-numbers.js'
export * from './socket-constants.js'
