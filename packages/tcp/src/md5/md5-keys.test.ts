import { IpAddress } from '@jackfield/addr'
import { AF_INET, EINVAL, ENOENT, TCP_MD5SIG, TCP_MD5SIG_EXT } from '@jackfield/interfaces'
import { describe, expect, test } from 'vitest'
import { Md5Keys, readMd5Option } from './md5-keys.js'

function change(keys: Md5Keys, name: number, value: Readonly<Record<string, unknown>> | Uint8Array): number {
  const request = readMd5Option(name, value, AF_INET)
  return typeof request === 'number' ? request : keys.change(request)
}

function text(key: Uint8Array | null): string | null {
  return key === null ? null : String.fromCharCode(...key)
}

describe('keys of TCP-MD5', () => {
  test('the longest prefix has the key', () => {
    const keys = new Md5Keys()
    expect(change(keys, TCP_MD5SIG_EXT, { address: '10.0.0.0', key: 'net', prefix: 8 })).toBe(0)
    expect(change(keys, TCP_MD5SIG, { address: '10.1.2.3', key: 'host' })).toBe(0)
    expect(text(keys.find(IpAddress.parse('10.1.2.3')))).toBe('host')
    expect(text(keys.find(IpAddress.parse('::ffff:10.1.2.4')))).toBe('net')
    expect(keys.find(IpAddress.parse('11.0.0.1'))).toBeNull()
  })

  test('an empty key removes one, and there must be one', () => {
    const keys = new Md5Keys()
    expect(change(keys, TCP_MD5SIG, { address: '10.1.2.3', key: '' })).toBe(-ENOENT)
    expect(change(keys, TCP_MD5SIG, { address: '10.1.2.3', key: 'a' })).toBe(0)
    expect(change(keys, TCP_MD5SIG, { address: '10.1.2.3', key: 'b' })).toBe(0)
    expect(keys.size).toBe(1)
    expect(text(keys.find(IpAddress.parse('10.1.2.3')))).toBe('b')
    expect(change(keys, TCP_MD5SIG, { address: '10.1.2.3', key: '' })).toBe(0)
    expect(keys.size).toBe(0)
  })

  test('what Linux does not take is EINVAL', () => {
    const keys = new Md5Keys()
    for (const value of [
      {},
      { address: '10.0.0.1' },
      { address: 'nowhere', key: 'a' },
      { address: '2001:db8::1', key: 'a' },
      { address: '10.0.0.1', key: 'x'.repeat(81) },
      { address: '10.0.0.1', key: 'a', prefix: 33 },
      new Uint8Array(8),
    ]) {
      expect(change(keys, TCP_MD5SIG_EXT, value)).toBe(-EINVAL)
    }
  })

  test('the structure of C is read', () => {
    const bytes = new Uint8Array(216)
    const view = new DataView(bytes.buffer)
    view.setUint16(0, AF_INET, true)
    bytes.set([192, 0, 2, 1], 4)
    view.setUint16(130, 3, true)
    bytes.set([107, 101, 121], 136)
    const keys = new Md5Keys()
    expect(change(keys, TCP_MD5SIG, bytes)).toBe(0)
    expect(text(keys.find(IpAddress.parse('192.0.2.1')))).toBe('key')
  })
})
