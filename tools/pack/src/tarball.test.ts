import { expect, test } from 'vitest'
import { unpack } from './tarball.js'

/** A tar header for a file of `size` bytes, as pnpm writes it. */
function header(name: string, size: number, type = '0'): Buffer {
  const block = Buffer.alloc(512)
  block.write(name, 0)
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  block.write(type, 156)
  return block
}

test('reads the files of an archive', () => {
  const body = Buffer.alloc(1024, 'x')
  const tar = Buffer.concat([
    header('package/', 0, '5'),
    header('package/a.js', 513),
    body,
    header('package/dist/b.js', 0),
    Buffer.alloc(1024),
  ])
  const files = unpack(tar)
  expect([...files.keys()]).toEqual(['a.js', 'dist/b.js'])
  expect(files.get('a.js')?.toString()).toBe('x'.repeat(513))
})

test('says so where a size is no number', () => {
  const tar = header('package/a.js', 0)
  tar.write('nonsense', 124)
  expect(() => unpack(tar)).toThrow('no size')
})
