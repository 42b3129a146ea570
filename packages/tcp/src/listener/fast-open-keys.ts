/** The key that makes cookies, and the former one, whose cookies are good still (RFC 7413 4.1.2). */
export interface FastOpenKeys {
  readonly primary: Int32Array
  readonly former: Int32Array | null
}

/** Bytes of a key. */
const KEY_LENGTH = 16

/** `TCP_FASTOPEN_KEY`: 16 bytes, or 32 with the former key; null for another length. */
export function readFastOpenKeys(bytes: Uint8Array): FastOpenKeys | null {
  if (bytes.length !== KEY_LENGTH && bytes.length !== 2 * KEY_LENGTH) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const words = (at: number): Int32Array => Int32Array.from({ length: 4 }, (_, i) => view.getInt32(at + 4 * i, true))
  return { primary: words(0), former: bytes.length === KEY_LENGTH ? null : words(KEY_LENGTH) }
}

/** The same as bytes. */
export function fastOpenKeyBytes({ primary, former }: FastOpenKeys): Uint8Array {
  const bytes = new Uint8Array(former === null ? KEY_LENGTH : 2 * KEY_LENGTH)
  const view = new DataView(bytes.buffer)
  for (const [index, word] of [...primary, ...(former ?? [])].entries()) view.setInt32(4 * index, word, true)
  return bytes
}
