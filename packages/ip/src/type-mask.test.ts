import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TypeMask } from './type-mask.js'

test('a mask is of the types below 32', () => {
  const types = new TypeMask()
  types.mask = 6168
  expect([types.mask, types.list]).toEqual([6168, '3-4,11-12'])
  types.mask = 0xffff_ffff
  expect([types.mask, types.list, types.has(31), types.has(32)]).toEqual([0xffff_ffff, '0-31', true, false])
})

test('a list is of types and ranges', () => {
  const types = new TypeMask()
  expect(types.list).toBe('')
  types.list = '3-127,0,1,129'
  expect([types.list, types.mask]).toEqual(['0-1,3-127,129', 0xffff_fffb])
  expect([1, 2, 3, 127, 128, 129, 255].map((type) => types.has(type))).toEqual([
    true,
    false,
    true,
    true,
    false,
    true,
    false,
  ])
  types.list = '255'
  expect([types.list, types.mask]).toEqual(['255', 0])
  types.list = ''
  expect(types.list).toBe('')
})

test('what is no list is refused, and changes nothing', () => {
  const types = new TypeMask()
  types.list = '3'
  for (const bad of ['256', '5-4', '1-256', 'a', '1,', ',1', '-1', '1-', ' 1', '1.5', '0x1', '1-2-3']) {
    expect(() => (types.list = bad), bad).toThrow(RangeError)
  }
  expect(types.list).toBe('3')
})

test('a list that was written is read as the same set', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 255 })), (members) => {
      const types = new TypeMask()
      types.list = members.join(',')
      const again = new TypeMask()
      again.list = types.list
      for (let type = 0; type < 256; type++) {
        expect(types.has(type)).toBe(members.includes(type))
        expect(again.has(type)).toBe(types.has(type))
      }
    }),
  )
})
