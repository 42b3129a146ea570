import { constants } from 'node:fs'
import { type FileHandle, open, opendir, realpath } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { answerText } from './answer-text.js'
import { parseRange } from './byte-range.js'
import { mediaType } from './media-types.js'

/** Bytes read from a file at a time. */
const CHUNK = 1024 * 1024

/** Names that the list of a directory shows. */
const MOST_NAMES = 10_000

/** Answers GET and HEAD for what is under a directory: a file, a part of one, or the list of a directory. */
export async function answerFile(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const names = pathNames(request.url ?? '/')
  if (names === null) return answerText(response, 400, 'this is no path')
  const path = await within(root, join(root, ...names))
  const file = path === null ? null : await openFile(path)
  if (path === null || file === null) return answerText(response, 404, 'there is no such file')
  try {
    const status = await file.stat()
    if (status.isFile()) await sendFile(file, path, request, response)
    else if (status.isDirectory()) await answerDirectory(root, path, names, request, response)
    else answerText(response, 403, 'this is no file')
  } finally {
    await file.close()
  }
}

/** The names that a request's target comes to, decoded; null for one that cannot be a path or that leads upwards. */
function pathNames(target: string): string[] | null {
  try {
    // As it stands in most requests, or with the host in front (RFC 9112, 3.2.2).
    const { pathname } = new URL(target.startsWith('/') ? `http://localhost${target}` : target)
    const names = decodeURIComponent(pathname).split('/')
    return names.some((name) => name === '..' || name.includes('\0')) ? null : names
  } catch {
    return null
  }
}

/** A path with its links followed; null where there is nothing, or where it leads out of the root. */
async function within(root: string, path: string): Promise<string | null> {
  const real = await realpath(path).catch(() => null)
  if (real === null) return null
  return real === root || real.startsWith(root.endsWith(sep) ? root : root + sep) ? real : null
}

/** Null for one that may not be read. A FIFO that nobody writes to does not make this wait. */
function openFile(path: string): Promise<FileHandle | null> {
  return open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => null)
}

async function sendFile(
  file: FileHandle,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { size, mtimeMs } = await file.stat()
  const seconds = Math.floor(mtimeMs / 1000)
  const tag = `"${size.toString(16)}-${Math.floor(mtimeMs).toString(16)}"`
  const { headers } = request
  response.setHeader('ETag', tag)
  response.setHeader('Last-Modified', new Date(seconds * 1000).toUTCString())
  response.setHeader('Accept-Ranges', 'bytes')
  if (isKnown(headers, tag, seconds)) {
    response.writeHead(304).end()
    return
  }
  // If-Range: the part is of use only if the file is still the same.
  const same = headers['if-range'] === undefined || headers['if-range'] === tag
  const range = parseRange(same && request.method === 'GET' ? headers.range : undefined, size)
  if (range === 'outside') {
    answerText(response, 416, `the file has ${size} bytes`, { 'Content-Range': `bytes */${size}` })
    return
  }
  const { first, last } = range === 'whole' ? { first: 0, last: size - 1 } : range
  if (range !== 'whole') response.setHeader('Content-Range', `bytes ${first}-${last}/${size}`)
  const length = last - first + 1
  response.writeHead(range === 'whole' ? 200 : 206, { 'Content-Type': mediaType(path), 'Content-Length': length })
  if (request.method === 'HEAD' || length === 0) {
    response.end()
    return
  }
  const reading = file.createReadStream({ start: first, end: last, highWaterMark: CHUNK, autoClose: false })
  await pipeline(reading, response)
  // A file that became shorter: no more of the promised bytes will come.
  if (reading.bytesRead < length) response.socket?.destroy()
}

/** Whether the client has the file as it is (RFC 9110, 13.1.2 and 13.1.3). */
function isKnown(headers: IncomingMessage['headers'], tag: string, seconds: number): boolean {
  const tags = headers['if-none-match']
  if (tags !== undefined) {
    return tags.trim() === '*' || tags.split(',').some((known) => known.trim().replace(/^W\//, '') === tag)
  }
  const since = Date.parse(headers['if-modified-since'] ?? '')
  return seconds * 1000 <= since
}

async function answerDirectory(
  root: string,
  path: string,
  names: readonly string[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (names.at(-1) !== '') {
    const location = `${names.map(encodeURIComponent).join('/')}/`
    // Two slashes at the front would name another host.
    answerText(response, 301, 'this is a directory', { Location: location.replace(/^\/{2,}/, '/') })
    return
  }
  const index = await within(root, join(path, 'index.html'))
  const file = index === null ? null : await openFile(index)
  if (index !== null && file !== null) {
    try {
      if ((await file.stat()).isFile()) return await sendFile(file, index, request, response)
    } finally {
      await file.close()
    }
  }
  const body = Buffer.from(await listing(path))
  response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Length': body.length })
  response.end(body)
}

async function listing(path: string): Promise<string> {
  const names: string[] = []
  for await (const entry of await opendir(path)) {
    names.push(entry.isDirectory() ? `${entry.name}/` : entry.name)
    if (names.length === MOST_NAMES) break
  }
  const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
  const link = (name: string): string =>
    `<li><a href="./${escaped(name.split('/').map(encodeURIComponent).join('/'))}">${escaped(name)}</a></li>`
  const head = '<!doctype html><meta charset="utf-8"><title>Files</title>'
  return `${head}\n<ul>\n${names.sort().map(link).join('\n')}\n</ul>\n`
}
