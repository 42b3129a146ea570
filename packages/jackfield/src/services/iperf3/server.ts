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
  /** Those that are not over; of them only the last may still have something to be served. */
  const tests: Iperf3Test[] = []

  async function run(test: Iperf3Test): Promise<void> {
    tests.push(test)
    const result = await test.run()
    tests.splice(tests.indexOf(test), 1)
    onResult?.(result)
  }

  const close = serveStreams(host.sockets, port, (fd, loop) => {
    const last = tests.at(-1)
    if (last === undefined || last.served) void run(new Iperf3Test(host, port, fd, cpuUsage))
    else if (!last.offer(fd)) return new RefusedStream(host, loop, fd)
    return null
  })
  return () => {
    close()
    for (const test of [...tests]) test.abort('the server ends')
  }
}
