import type { Host } from '../create-host.js'
import { IPERF3_PORT } from '../services/iperf3/protocol.js'
import { serveIperf3 } from '../services/iperf3/server.js'
import { type Service, type ServiceName, serve } from '../services/services.js'
import { HTTP_PORT, serveHttp } from './http/http-service.js'

/** A service as the command line names it. */
export type ServiceRequest =
  | { readonly name: ServiceName | 'iperf3' }
  | { readonly name: 'http'; readonly directory: string }

/** Starts a service. Throws `EADDRINUSE` where its port is taken. */
export function serveRequest(host: Host, request: ServiceRequest): Service {
  const { name } = request
  if (name === 'http') return { name, port: HTTP_PORT, transports: ['tcp'], close: serveHttp(host, request.directory) }
  if (name !== 'iperf3') return serve(host, name)
  const close = serveIperf3(host, { cpuUsage: () => process.cpuUsage() })
  return { name, port: IPERF3_PORT, transports: ['tcp', 'udp'], close }
}
