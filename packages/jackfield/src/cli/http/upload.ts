import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerText } from './answer-text.js'

/**
 * Reads what a request brings, counts it and throws it away. Where the request says what its SHA-256 is
 * (`Content-Digest`, RFC 9530), that is checked: 400 where it is another.
 */
export async function takeUpload(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const expected = announcedDigest(request.headers['content-digest'])
  const hash = expected === null ? null : createHash('sha256')
  let length = 0
  for await (const chunk of request) {
    length += chunk.length
    hash?.update(chunk)
  }
  if (hash === null) answerText(response, 200, `received ${length} bytes`)
  else if (hash.digest('base64') === expected) answerText(response, 200, `received ${length} bytes, as announced`)
  else answerText(response, 400, `received ${length} bytes, which are not those announced`)
}

/** The SHA-256 in `sha-256=:BASE64:`, among others perhaps. */
function announcedDigest(field: string | string[] | undefined): string | null {
  return /(?:^|[,\s])sha-256=:([A-Za-z0-9+/=]+):/.exec(String(field ?? ''))?.[1] ?? null
}
