import { execFileSync } from 'node:child_process'
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Sockets } from '@jackfield/sockets'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStack } from './in-process.test-support.js'
import { bracketed, Running, until } from './kernel.test-support.js'
import { connectStack, drainStack } from './stack-stream.test-support.js'
import { dial, hundredMegabytes, outcome, sha256 } from './tcp.test-support.js'

const folder = mkdtempSync(join(tmpdir(), 'jackfield-nginx-'))
const PORT = 8080

/** nginx as one process that stays in front, with nothing outside of the folder. */
const SETTINGS = `
  daemon off; master_process off; pid ${folder}/pid; error_log stderr;
  events { worker_connections 256; }
  http {
    access_log off; sendfile on; root ${folder}/files; default_type application/octet-stream;
    ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join('\n')}
    client_max_body_size 200m; client_body_buffer_size 1m; keepalive_timeout 60s;
    server {
      listen 0.0.0.0:${PORT};
      listen [::]:${PORT};
      location = /upload { return 200 "taken"; }
    }
  }
`

let nginx: Running

beforeAll(async () => {
  mkdirSync(join(folder, 'files'))
  writeFileSync(join(folder, 'files', 'large.bin'), hundredMegabytes())
  writeFileSync(join(folder, 'files', 'small.txt'), 'small')
  writeFileSync(join(folder, 'nginx.conf'), SETTINGS)
  nginx = new Running(program(), ['-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')])
  await until(async () => (await outcome(dial(PORT, '127.0.0.1'))) === '', 'nginx')
})

afterAll(async () => {
  expect(await nginx.stop('SIGQUIT')).toMatchObject({ code: 0 })
  rmSync(folder, { recursive: true })
})

/** Where servers are is not in everybody's path. */
function program(): string {
  try {
    accessSync('/usr/sbin/nginx', constants.X_OK)
    return '/usr/sbin/nginx'
  } catch {
    return execFileSync('sh', ['-c', 'command -v nginx || echo nginx'], { encoding: 'utf8' }).trim()
  }
}

/** Asks over a connection of its own, which nginx closes: the status line and the body. */
async function get(sockets: Sockets, address: string, path: string): Promise<{ status: string; body: Buffer }> {
  const fd = await connectStack(sockets, PORT, address)
  await sockets.promises.send(fd, `GET ${path} HTTP/1.1\r\nHost: ${bracketed(address)}\r\nConnection: close\r\n\r\n`)
  const answer = await drainStack(sockets, fd)
  sockets.close(fd)
  const end = answer.indexOf('\r\n\r\n')
  return { status: answer.subarray(0, answer.indexOf('\r\n')).toString(), body: answer.subarray(end + 4) }
}

describe.each([
  ['over IPv4, with offloads', {}],
  ['over IPv4, without offloads', { offload: false }],
  ['over IPv4, at MTU 9000', { mtu: 9000 }],
  ['over IPv6, with offloads', { version: 6 }],
] as const)('a client on the stack and nginx, %s', (_title, settings) => {
  test('100 MB come as they are', async () => {
    const { kernel, sockets } = openStack('tun', settings)
    const { status, body } = await get(sockets, kernel, '/large.bin')
    expect(status).toBe('HTTP/1.1 200 OK')
    expect(body.length).toBe(100_000_000)
    expect(sha256(body)).toBe(sha256(hundredMegabytes()))
  })

  test('several requests over one connection', async () => {
    const { kernel, sockets } = openStack('tun', settings)
    const fd = await connectStack(sockets, PORT, kernel)
    const buffer = new Uint8Array(10_000)
    for (let i = 0; i < 50; i++) {
      await sockets.promises.send(fd, `GET /small.txt HTTP/1.1\r\nHost: ${bracketed(kernel)}\r\n\r\n`)
      let answer = ''
      while (!answer.endsWith('\r\n\r\nsmall')) {
        const length = await sockets.promises.recv(fd, buffer, 0, { signal: AbortSignal.timeout(60_000) })
        expect(length).toBeGreaterThan(0)
        answer += Buffer.from(buffer.subarray(0, length)).toString()
      }
      expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/)
    }
    sockets.close(fd)
  })

  test('fifty clients at once', async () => {
    const { kernel, sockets } = openStack('tun', settings)
    const answers = await Promise.all(Array.from({ length: 50 }, () => get(sockets, kernel, '/small.txt')))
    expect(new Set(answers.map(({ status, body }) => `${status} ${body}`))).toEqual(new Set(['HTTP/1.1 200 OK small']))
  })

  test('an upload of 20 MB that is answered', async () => {
    const { kernel, sockets } = openStack('tun', settings)
    const fd = await connectStack(sockets, PORT, kernel)
    const body = hundredMegabytes().subarray(0, 20_000_000)
    const head = `POST /upload HTTP/1.1\r\nHost: ${bracketed(kernel)}\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`
    const answer = drainStack(sockets, fd)
    await sockets.promises.send(fd, head)
    await sockets.promises.send(fd, body)
    expect((await answer).toString()).toMatch(/^HTTP\/1.1 200 OK\r\n.*taken$/s)
    sockets.close(fd)
  })
})
