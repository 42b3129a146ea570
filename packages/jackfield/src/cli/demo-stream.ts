import type { Network, SimHost } from '@jackfield/sim'
import { AF_INET, SHUT_WR, SOCK_STREAM } from '@jackfield/sockets'

/** Bytes of the transfer. */
const TOTAL = 2_000_000

/** Characters of the bar. */
const BAR = 30

/**
 * A TCP transfer over the path that loses: a line that is written over and over on a terminal, a line for each quarter
 * elsewhere, and what was sent again in the end.
 */
export async function showStream(
  net: Network,
  near: SimHost,
  far: SimHost,
  print: (text: string) => void,
): Promise<void> {
  const count = (name: string): number => near.stack.counters()[name] ?? 0
  const listening = far.sockets.socket(AF_INET, SOCK_STREAM)
  far.sockets.bind(listening, `${far.address}:5002`)
  far.sockets.listen(listening)
  const client = near.sockets.socket(AF_INET, SOCK_STREAM)
  const accepting = far.sockets.promises.accept(listening)
  await net.settle(near.sockets.promises.connect(client, `${far.address}:5002`))
  const server = await net.settle(accepting)
  const began = net.now
  const progress = progressLine(print, () => {
    return `${((net.now - began) / 1e6).toFixed(2)} s of virtual time, ${count('TcpRetransSegs')} segments sent again`
  })

  const sending = near.sockets.promises
    .send(client, pattern(0, TOTAL))
    .then(() => near.sockets.shutdown(client, SHUT_WR))
  const buffer = new Uint8Array(65_536)
  let received = 0
  const receiving = (async () => {
    for (;;) {
      const length = await far.sockets.promises.recv(server, buffer)
      if (length === 0) return
      const expected = pattern(received, length)
      for (let i = 0; i < length; i++) {
        if (buffer[i] !== expected[i]) throw new Error(`byte ${received + i} is not the one that was sent`)
      }
      received += length
      progress(received / TOTAL)
    }
  })()
  await net.settle(Promise.all([sending, receiving]))

  const seconds = (net.now - began) / 1e6
  for (const fd of [listening, server]) far.sockets.close(fd)
  near.sockets.close(client)
  print(`${received} bytes in ${seconds.toFixed(2)} s, every one in its place`)
  print(
    `${count('TcpRetransSegs')} segments sent again, ${count('TcpExtTCPFastRetrans')} of them in fast recovery; ` +
      `${count('TcpExtTCPLossProbes')} tail loss probes, ${count('TcpExtTCPTimeouts')} timeouts`,
  )
}

/** A stretch of bytes that are different at every place for a long way. */
function pattern(from: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = Math.imul(from + i, 2_654_435_761) >>> 24
  return bytes
}

/** Tells how far it is: on a terminal in one line, elsewhere at each quarter. */
function progressLine(print: (text: string) => void, more: () => string): (part: number) => void {
  let shown = -1
  if (!process.stdout.isTTY) {
    return (part) => {
      const quarter = Math.floor(part * 4)
      if (quarter > Math.max(shown, 0)) print(`${String(quarter * 25).padStart(3)} % after ${more()}`)
      shown = Math.max(shown, quarter)
    }
  }
  return (part) => {
    const percent = Math.floor(part * 100)
    if (percent === shown) return
    shown = percent
    const done = Math.round(part * BAR)
    const bar = '#'.repeat(done) + '.'.repeat(BAR - done)
    process.stdout.write(
      `\r[${bar}] ${String(percent).padStart(3)} % after ${more()}\u001b[K${percent === 100 ? '\n' : ''}`,
    )
  }
}
