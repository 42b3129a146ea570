import { realpathSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Host } from '../../create-host.js'
import { serveStreams } from '../../services/stream-service.js'
import { answerText } from './answer-text.js'
import { answerFile } from './file-answer.js'
import { SocketDuplex } from './socket-duplex.js'
import { takeUpload } from './upload.js'

/** IANA's port of HTTP. */
export const HTTP_PORT = 80

/** Bytes of a request's line and headers together; longer ones get 431. */
const MOST_HEADERS = 16 * 1024

/** Milliseconds: for the headers of a request, between requests, and without a byte moved. */
const HEADERS_TIMEOUT = 30_000
const KEEP_ALIVE_TIMEOUT = 15_000
const IDLE_TIMEOUT = 60_000

const METHODS = 'GET, HEAD, PUT, POST, OPTIONS'

/**
 * Serves a directory by HTTP/1.1 on port 80 of every address: Node's own HTTP server, over connections of the stack.
 * Nothing is ever written: what is uploaded is counted and thrown away.
 * @returns what ends it
 * @throws SocketError `EADDRINUSE` where the port is taken
 */
export function serveHttp(host: Host, directory: string): () => void {
  const root = realpathSync(directory)
  const settings = {
    maxHeaderSize: MOST_HEADERS,
    headersTimeout: HEADERS_TIMEOUT,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
    // A long upload is no fault, one that stands still is.
    requestTimeout: 0,
  }
  const server = createServer(settings, (request, response) => {
    answer(root, request, response).catch(() => response.destroy())
  })
  server.timeout = IDLE_TIMEOUT
  const close = serveStreams(host.sockets, HTTP_PORT, (fd, loop) => {
    const connection = new SocketDuplex(host.sockets, fd, loop)
    server.emit('connection', connection)
    return connection
  })
  // The server is told of its connections and never listens by itself; from now on it looks for slow ones.
  server.emit('listening')
  return () => {
    close()
    server.close()
  }
}

async function answer(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader('Server', 'jackfield')
  const { method } = request
  if (method === 'GET' || method === 'HEAD') await answerFile(root, request, response)
  else if (method === 'PUT' || method === 'POST') await takeUpload(request, response)
  else if (method === 'OPTIONS') response.writeHead(204, { Allow: METHODS }).end()
  else answerText(response, 405, 'this method is not served', { Allow: METHODS })
}
