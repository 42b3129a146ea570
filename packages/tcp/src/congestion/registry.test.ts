import { expect, test } from 'vitest'
import { newReno } from './new-reno.js'
import { CongestionRegistry } from './registry.js'

test('finds controls by name, and takes more', () => {
  const registry = new CongestionRegistry()
  expect(registry.names()).toEqual(['bbr', 'cubic', 'reno'])
  expect(registry.find('vegas')).toBeUndefined()
  registry.register({ ...newReno, name: 'vegas' })
  expect(registry.find('vegas')?.name).toBe('vegas')
  expect(registry.defaultControl('vegas').name).toBe('vegas')
  expect(registry.defaultControl('nothing').name).toBe('cubic')
  for (const name of ['', 'vegas', 'sixteen-letters-']) {
    expect(() => registry.register({ ...newReno, name })).toThrow(RangeError)
  }
})
