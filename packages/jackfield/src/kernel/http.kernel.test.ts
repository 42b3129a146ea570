import { createHash } from 'node:crypto'
import { createReadStream, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bracketed, kernelSettled, place, run, upAtOnce } from './kernel.test-support.js'
import { dial, drain, hundredMegabytes, sha256 } from './tcp.test-support.js'

const folder = mkdtempSync(join(tmpdir(), 'jackfield-http-'))
const served = join(folder, 'served')
const large = join(served, 'large.bin')
const received = join(folder, 'received')
afterAll(() => rmSync(folder, { recursive: true }))

beforeAll(() => {
  mkdirSync(join(served, 'with index'), { recursive: true })
  mkdirSync(join(served, 'empty'))
  writeFileSync(large, hundredMegabytes())
  writeFileSync(join(served, 'digits.txt'), '0123456789')
  writeFileSync(join(served, 'with index', 'index.html'), '<p>index')
  writeFileSync(join(folder, 'secret'), 'not for you')
  symlinkSync(join(folder, 'secret'), join(served, 'way-out'))
})

async function fileDigest(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash.digest('hex')
}

/** `curl`, which must have got an answer: what it printed. */
function curl(...parameters: string[]): Promise<string> {
  return run('curl', '--globoff', '--silent', '--show-error', '--max-time', '100', ...parameters)
}

describe.each([
  ['over TUN and IPv4, with offloads', 'tun', 4, []],
  ['over TUN and IPv4, without offloads', 'tun', 4, ['--no-offload']],
  ['over TUN and IPv6, with offloads', 'tun', 6, []],
  ['over TUN and IPv6, without offloads', 'tun', 6, ['--no-offload']],
  ['over TAP and IPv6, with offloads', 'tap', 6, []],
] as const)('curl and the HTTP service of jackfield up, %s', (_title, kind, version, more) => {
  const { name, stack, parameters } = place(kind, version)
  const url = (path: string): string => `http://${bracketed(stack)}/${path}`
  beforeAll(async () => {
    await upAtOnce(...parameters, '--services', `http=${served}`, ...more)
    await kernelSettled(name)
  })

  test('100 MB are downloaded as they are', async () => {
    expect(await curl('-o', received, '-w', '%{http_code} %{size_download}', url('large.bin'))).toBe('200 100000000')
    expect(await fileDigest(received)).toBe(sha256(hundredMegabytes()))
  })

  test.each(['PUT', 'POST'])('100 MB that are uploaded by %s arrive as they were sent', async (method) => {
    const digest = Buffer.from(sha256(hundredMegabytes()), 'hex').toString('base64')
    const announced = ['-H', `Content-Digest: sha-256=:${digest}:`, '-H', 'Content-Type: application/octet-stream']
    const answer = await curl('-X', method, '-T', large, ...announced, '-w', '%{http_code}', url('anything'))
    expect(answer).toBe('received 100000000 bytes, as announced\n200')
  })

  test('an upload that is not what it says is told so; nothing that is uploaded is kept', async () => {
    const wrong = ['-H', `Content-Digest: sha-256=:${Buffer.alloc(32).toString('base64')}:`]
    const code = ['-w', '%{http_code}']
    expect(await curl('-T', join(served, 'digits.txt'), ...wrong, ...code, url('new.txt'))).toMatch(/not those.*\n400$/)
    expect(await curl('-T', join(served, 'digits.txt'), ...code, url('new.txt'))).toBe('received 10 bytes\n200')
    expect(await curl('-d', 'chunked', '-H', 'Transfer-Encoding: chunked', url('new.txt'))).toBe('received 7 bytes\n')
    expect(await curl('-o', '/dev/null', ...code, url('new.txt'))).toBe('404')
  })

  test('several requests go over one connection', async () => {
    const urls = Array.from({ length: 20 }, () => ['-o', '/dev/null', url('digits.txt')]).flat()
    expect(await curl('-w', '%{http_code} %{num_connects}\n', ...urls)).toBe(`200 1\n${'200 0\n'.repeat(19)}`)
  })

  test('many connections at once', async () => {
    const urls = Array.from({ length: 200 }, () => ['-o', '/dev/null', url('digits.txt')]).flat()
    const options = ['--parallel', '--parallel-max', '50', '-H', 'Connection: close', '-w', '%{http_code}\n']
    expect(await curl(...options, ...urls)).toBe('200\n'.repeat(200))
  })
})

describe('what the HTTP service answers', () => {
  const { stack, parameters } = place('tun')
  beforeAll(async () => {
    await upAtOnce(...parameters, '--services', `http=${served}`)
  })

  /** Status and headers, their names in lower case, and body of one request, with its path as it is. */
  async function ask(path: string, ...more: string[]) {
    const output = await curl('-i', '--path-as-is', ...more, `http://${stack}${path}`)
    const end = output.indexOf('\r\n\r\n')
    const [first = '', ...lines] = output.slice(0, end).split('\r\n')
    const headers = lines.map((line): [string, string] => {
      const at = line.indexOf(':')
      return [line.slice(0, at).toLowerCase(), line.slice(at + 2)]
    })
    return { status: Number(first.split(' ')[1]), headers: Object.fromEntries(headers), body: output.slice(end + 4) }
  }

  test.each([
    ['bytes=0-3', 206, 'bytes 0-3/10', '0123'],
    ['bytes=7-', 206, 'bytes 7-9/10', '789'],
    ['bytes=-2', 206, 'bytes 8-9/10', '89'],
    ['bytes=5-100', 206, 'bytes 5-9/10', '56789'],
    ['bytes=10-', 416, 'bytes */10', 'the file has 10 bytes\n'],
    ['bytes=0-1,4-5', 200, undefined, '0123456789'],
    ['lines=1-2', 200, undefined, '0123456789'],
  ])('range %s', async (range, status, contentRange, body) => {
    const answer = await ask('/digits.txt', '-H', `Range: ${range}`)
    expect(answer).toMatchObject({ status, body })
    expect(answer.headers['content-range']).toBe(contentRange)
  })

  test('HEAD, types, and a file that the client has', async () => {
    const { status, headers, body } = await ask('/digits.txt', '--head')
    expect({ status, body }).toEqual({ status: 200, body: '' })
    expect(headers).toMatchObject({ 'content-type': 'text/plain; charset=utf-8', 'content-length': '10' })
    expect((await ask('/large.bin', '--head')).headers['content-type']).toBe('application/octet-stream')
    for (const known of [`If-None-Match: ${headers['etag']}`, `If-Modified-Since: ${headers['last-modified']}`]) {
      expect(await ask('/digits.txt', '-H', known)).toMatchObject({ status: 304, body: '' })
    }
  })

  test('directories: the index, the list of one without, the slash at the end', async () => {
    expect(await ask('/with%20index/')).toMatchObject({ status: 200, body: '<p>index' })
    expect(await ask('/with%20index')).toMatchObject({ status: 301, headers: { location: '/with%20index/' } })
    const { status, body } = await ask('/')
    expect(status).toBe(200)
    expect(body).toContain('<a href="./digits.txt">digits.txt</a>')
    expect(body).toContain('<a href="./with%20index/">with index/</a>')
    expect(await ask('/empty/')).toMatchObject({ status: 200 })
  })

  test.each([
    '/../secret',
    '/%2e%2e/secret',
    '/..%2fsecret',
    '/empty/../../secret',
    '/empty/%2e%2e%2f%2e%2e%2fsecret',
    '/way-out',
    '/nothing',
    '/%00',
    '/%ff',
    '//secret',
  ])('%s leads nowhere', async (path) => {
    const { status, body } = await ask(path)
    expect([400, 404]).toContain(status)
    expect(body).not.toContain('not for you')
  })

  test('other methods, and headers without end', async () => {
    expect(await ask('/', '-X', 'DELETE')).toMatchObject({ status: 405, headers: { allow: expect.any(String) } })
    expect(await ask('/', '-X', 'OPTIONS')).toMatchObject({ status: 204 })
    expect((await ask('/', '-H', `X: ${'x'.repeat(20_000)}`)).status).toBe(431)
  })

  test('what is no HTTP', async () => {
    const connection = await dial(80, stack)
    connection.end('hello?\r\n\r\n')
    expect((await drain(connection)).toString()).toMatch(/^HTTP\/1.1 400 /)
  })

  test('a client that goes in the middle leaves the service as it was', async () => {
    for (let i = 0; i < 20; i++) {
      const connection = await dial(80, stack)
      connection.write('GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n')
      await new Promise((resolve) => connection.once('data', resolve))
      if (i % 2 === 0) connection.resetAndDestroy()
      else connection.destroy()
    }
    expect(await ask('/digits.txt')).toMatchObject({ status: 200, body: '0123456789' })
  })
})
