import { expect, test } from 'vitest'
import { bench, finish } from './layer.test-fixture.js'

test('an interface that goes takes its secret along: the next of its index begins without', () => {
  const net = bench()
  const secret = () => net.layer.identifiers.settings(net.a)[0]
  secret()?.set('2001:db8::5ec')
  expect(secret()?.get()).toBe('2001:db8::5ec')
  net.layer.removeInterface(net.a)
  expect(secret()?.get()).toBe('')
  finish(net)
})
