export { icmp } from './icmp.js'
export type { IcmpOptions } from './settings.js'
