import type { ServiceHost } from '../service-host.js'
import { serveStreams } from '../stream-service.js'
import { RefusedStream } from './accepting.js'
import { IPERF3_PORT } from './protocol.js'
import type { CpuUsage, Iperf3Result } from './results.js'
import { Iperf3Test } from './test.js'

/** How an iperf3 server runs. */
export interface Iperf3Options {
  /** Default 5201. */
  readonly port?: number
  /** Told of each test when it is over. */
  readonly onResult?: (result: Iperf3Result) => void
  /** Microseconds that the process was busy, to be told to clients: Node's `process.cpuUsage`. Default: none. */
  readonly cpuUsage?: () => CpuUsage
}

/**
 * Serves the tests of stock iperf3 clients, by TCP and UDP, one at a time: another client is told so.
 * @returns what ends it
 * @throws SocketError `EADDRINUSE` where the port is taken
 */
export function serveIperf3(host: ServiceHost, options: Iperf3Options = {}): () => void {
  const { port = IPERF3_PORT, onResult, cpuUsage = () => ({ user: 0, system: 0 }) } = options
  let current: Iperf3Test | null = null

  async function run(test: Iperf3Test): Promise<void> {
    const result = await test.run()
    if (current === test) current = null
    onResult?.(result)
  }

  const close = serveStreams(host.sockets, port, (fd, loop) => {
    if (current === null) {
      current = new Iperf3Test(host, port, fd, cpuUsage)
      void run(current)
    } else if (!current.offer(fd)) {
      return new RefusedStream(host, loop, fd)
    }
    return null
  })
  return () => {
    close()
    current?.abort('the server ends')
  }
}
