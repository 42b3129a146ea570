import { createFakeHost, type TestEndpoint } from './fake-family.test-support.js'
import { createSockets, SocketError, type Sockets } from './index.js'

/** A host of the test's family, with a table of its sockets. */
export interface Setup extends ReturnType<typeof createFakeHost> {
  sockets: Sockets
}

export function setup(): Setup {
  const fake = createFakeHost()
  return { ...fake, sockets: createSockets(fake.host) }
}

/** The endpoint behind the socket made last. */
export function last({ made }: Setup): TestEndpoint {
  const endpoint = made.at(-1)
  if (endpoint === undefined) throw new Error('no socket was made')
  return endpoint
}

/** The code of the `SocketError` that a call throws. */
export function code(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    if (error instanceof SocketError) return error.code
    throw error
  }
  return 'no error'
}

/** The first bytes, as text. */
export function text(bytes: Uint8Array, length: number): string {
  return String.fromCharCode(...bytes.subarray(0, length))
}
