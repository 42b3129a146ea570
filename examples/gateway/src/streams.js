// TCP: a connection of Node's for each of the guest's.
import { once } from 'node:events'
import { connect } from 'node:net'
import { SHUT_WR, SO_LINGER, SOL_SOCKET } from 'jackfield'
import { isOpen } from './is-open.js'
import { refusalOf } from './refusal.js'

const BUFFER = 65_536

/** Answers a guest's SYN when the real host has answered ours. */
export function streamForwarder(sockets, reach) {
  return {
    async handler(request) {
      const { address, port } = reach({ address: `${request.local.address}`, port: request.local.port })
      const real = connect({ host: address, port, allowHalfOpen: true, noDelay: true })
      request.onCancel = () => real.destroy(new Error('the guest gave up'))
      try {
        await once(real, 'connect')
      } catch (error) {
        request.reject(refusalOf(error))
        return
      }
      // Whatever breaks it from here on, its reader hears of.
      real.on('error', () => {})
      let guest
      try {
        guest = request.accept()
      } catch (error) {
        real.resetAndDestroy()
        throw error
      }
      await splice(sockets(), guest, real)
    },
  }
}

/** Copies both ways until both have ended. Where one side breaks, the other is reset. */
async function splice(sockets, guest, real) {
  try {
    await Promise.all([fromGuest(sockets, guest, real), toGuest(sockets, guest, real)])
    real.destroy()
  } catch {
    real.resetAndDestroy()
    // Closed with this option a connection ends by a reset.
    if (isOpen(sockets, guest)) sockets.setsockopt(guest, SOL_SOCKET, SO_LINGER, { onoff: true, linger: 0 })
  } finally {
    if (isOpen(sockets, guest)) sockets.close(guest)
  }
}

/** Reads no more of the guest than the real host takes: the window that the guest sees closes. */
async function fromGuest(sockets, guest, real) {
  const buffer = new Uint8Array(BUFFER)
  const broken = new Promise((_resolve, reject) =>
    real.once('close', () => reject(real.errored ?? new Error('closed'))),
  )
  broken.catch(() => {})
  for (;;) {
    const length = await Promise.race([sockets.promises.recv(guest, buffer), broken])
    if (length === 0) break
    // `write` keeps what it is given.
    if (!real.write(buffer.slice(0, length))) await Promise.race([once(real, 'drain'), broken])
  }
  real.end()
}

/** Reads no more of the real host than the guest takes. */
async function toGuest(sockets, guest, real) {
  for await (const chunk of real.iterator({ destroyOnReturn: false })) await sockets.promises.send(guest, chunk)
  sockets.shutdown(guest, SHUT_WR)
}
