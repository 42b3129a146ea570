import { EPERM } from '@jackfield/interfaces'
import { beforeEach, expect, test } from 'vitest'
import { MemoryCalls } from './memory.test-calls.js'
import { visitDevice } from './moved-device.js'
import { TunError } from './tun-error.js'

/** Descriptors: of the other namespace, as the request gives it, and of this one, opened first. */
const THERE = 5
const HERE = 10
let calls: MemoryCalls

beforeEach(() => {
  calls = new MemoryCalls()
  calls.ioctlNumber = () => THERE
})

test('a visit ends where it began, and leaves no descriptor', () => {
  expect(visitDevice(calls, 3, () => 'seen')).toBe('seen')
  expect(calls.entered).toEqual([THERE, HERE])
  expect(calls.closed.sort()).toEqual([HERE, THERE])
})

test('a visit that fails ends where it began, too', () => {
  const act = (): unknown =>
    visitDevice(calls, 3, () => {
      throw new Error('not seen')
    })
  expect(act).toThrow('not seen')
  expect(calls.entered).toEqual([THERE, HERE])
  expect(calls.closed.sort()).toEqual([HERE, THERE])
})

test('nothing is visited where that is not allowed', () => {
  const never = (): never => {
    throw new Error('this is not there')
  }
  calls.failures.set('setns', EPERM)
  expect(visitDevice(calls, 3, never)).toBeNull()
  expect(calls.closed.sort()).toEqual([HERE, THERE])
  calls.failures.set('open', EPERM)
  expect(visitDevice(calls, 3, never)).toBeNull()
  calls.ioctlNumber = () => -1
  expect(visitDevice(calls, 3, never)).toBeNull()
  expect(calls.entered).toEqual([])
})

test('a way back that is barred is an error', () => {
  calls.failures.set(`setns ${HERE}`, EPERM)
  expect(() => visitDevice(calls, 3, () => 'seen')).toThrow(TunError)
})
