import { describe, expect, test } from 'vitest'
import { runScript } from './run-script.js'

declare global {
  interface ImportMeta {
    glob(pattern: string, options: { query: '?raw'; import: 'default'; eager: true }): Record<string, string>
  }
}

// Read while the test is bundled, so that a browser, which has no files, runs them too.
const scripts = import.meta.glob('../scripts/*.pkt', { query: '?raw', import: 'default', eager: true })

/** Those that tell of IPv4 itself: of its ICMP codes, of an address, of an MTU or the least segment size. */
const OF_IPV4: readonly string[] = [
  'call-errors.pkt',
  'connect-unreachable.pkt',
  'icmp-soft-error.pkt',
  'md5-client.pkt',
  'md5-server.pkt',
  'path-mtu-advertised.pkt',
  'path-mtu-bogus.pkt',
  'path-mtu-least.pkt',
  'path-mtu-untold.pkt',
  'path-mtu.pkt',
  'syn-cookie-plain.pkt',
  'tcp-info.pkt',
]

describe('TCP as Linux has it', () => {
  test('there are scripts', () => {
    expect(Object.keys(scripts).length).toBeGreaterThan(200)
  })

  for (const [path, text] of Object.entries(scripts)) {
    const file = path.slice(path.lastIndexOf('/') + 1)
    test(file, async () => {
      expect((await runScript(text, { file })).errors.join('\n')).toBe('')
    })
  }

  test.each([
    ['by IPv4 with sockets of AF_INET6', ['--ip_version=ipv4-mapped-ipv6'], []],
    // So much larger, segments are as long as by IPv4.
    ['by IPv6', ['--ip_version=ipv6', '--mtu=1520'], OF_IPV4],
  ])(
    'is the same %s',
    async (_, options, without) => {
      const errors: string[] = []
      for (const [path, text] of Object.entries(scripts)) {
        const file = path.slice(path.lastIndexOf('/') + 1)
        if (!without.includes(file)) errors.push(...(await runScript(text, { file, options })).errors)
      }
      expect(errors).toEqual([])
    },
    60_000,
  )
})
