// UDP: a socket of Node's for each flow of the guest's, until nothing has come either way for a while.
import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { isOpen } from './is-open.js'
import { refusalOf } from './refusal.js'

const IDLE = 60_000
const MOST_FLOWS = 1000
const LONGEST = 65_535

export function datagramForwarder(sockets, reach, onError) {
  let flows = 0
  return {
    handler(request) {
      if (flows >= MOST_FLOWS) {
        request.reject('drop')
        return
      }
      const { address, port } = reach({ address: `${request.local.address}`, port: request.local.port })
      const real = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
      flows++
      real.once('close', () => flows--)
      real.once('error', (error) => {
        request.reject(refusalOf(error))
        real.close()
      })
      request.onCancel = () => real.close()
      request.defer()
      real.connect(port, address, () => {
        if (request.state !== 'deferred') return
        real.removeAllListeners('error')
        flow(sockets(), request.accept(), real).catch(onError)
      })
    },
  }
}

async function flow(sockets, guest, real) {
  const over = new AbortController()
  const end = () => over.abort()
  const idle = setTimeout(end, IDLE)
  // The port was refused: the flow ends, and the guest's next datagram begins another.
  real.on('error', end)
  real.on('message', (data) => {
    idle.refresh()
    try {
      sockets.send(guest, data)
    } catch {
      // As in any network, what does not fit is lost.
    }
  })
  const buffer = new Uint8Array(LONGEST)
  try {
    for (;;) {
      const length = await sockets.promises.recv(guest, buffer, 0, { signal: over.signal })
      idle.refresh()
      real.send(buffer.slice(0, length))
    }
  } catch (error) {
    if (!over.signal.aborted && isOpen(sockets, guest)) throw error
  } finally {
    clearTimeout(idle)
    real.close()
    if (isOpen(sockets, guest)) sockets.close(guest)
  }
}
