import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fastOpenKeyBytes, readFastOpenKeys } from './fast-open-keys.js'

test('keys of Fast Open are 16 or 32 bytes, and given back as they were', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const keys = readFastOpenKeys(bytes)
      if (bytes.length !== 16 && bytes.length !== 32) expect(keys).toBeNull()
      else expect(keys === null ? null : fastOpenKeyBytes(keys)).toEqual(bytes)
    }),
  )
})
