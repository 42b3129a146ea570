import { createSocket } from 'node:dgram'

/**
 * Sends one datagram from a connected socket of the kernel and gives what comes back: the answer as latin1 text, or the
 * code of the error, as `ECONNREFUSED`.
 */
export function ask(address: string, port: number, request: string | Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    const client = createSocket(address.includes(':') ? 'udp6' : 'udp4')
    const done = (outcome: string): void => {
      client.close()
      resolve(outcome)
    }
    client.on('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message))
    client.on('message', (message) => done(message.toString('latin1')))
    client.connect(port, address, () => client.send(request))
  })
}
