// A gateway for a guest: what it opens to any address is opened by the real host, and the two are spliced.
import { createHost } from 'jackfield'
import { datagramForwarder } from './datagrams.js'
import { streamForwarder } from './streams.js'

/**
 * @param {import('./gateway.js').GatewayOptions} options
 * @returns {import('jackfield').Host}
 */
export function createGateway({ device, address, reach = (local) => local, onError = console.error, ...rest }) {
  const sockets = () => gateway.sockets
  const gateway = createHost({
    name: 'gateway',
    ...rest,
    interfaces: [{ device, addresses: [address], acceptAnyDestination: true }],
    tcpForwarder: { ...streamForwarder(sockets, reach), onError },
    udpForwarder: { ...datagramForwarder(sockets, reach, onError), onError },
  })
  return gateway
}
