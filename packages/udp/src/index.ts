export { type UdpOptions, udp } from './module.js'
