export { parseUdp, UDP_BAD_LENGTH, UDP_HEADER_LENGTH, UDP_OK, UDP_TRUNCATED, UdpHeader, writeUdp } from './wire/udp.js'
export { parseUdpLite, UdpLiteHeader, writeUdpLite } from './wire/udp-lite.js'
