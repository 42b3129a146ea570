/** Bits of `UdpSocket.shut`. */
export const SHUT_RECEIVE = 1
export const SHUT_SEND = 2
