import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { testScripts } from './vitest.js'

const folder = mkdtempSync(join(tmpdir(), 'scripts-'))
mkdirSync(join(folder, 'deep'))
writeFileSync(join(folder, 'settings.sh'), 'sysctl -q net.ipv4.ip_default_ttl=33\n')
writeFileSync(
  join(folder, 'deep', 'echo.pkt'),
  '`../settings.sh`\n0 < icmp echo_request\n+0 > [ttl 33] icmp echo_reply\n',
)
writeFileSync(join(folder, 'udp.pkt'), '0 < udp (5)\n+0 > icmp unreachable port_unreachable\n')

// Makes two tests, which find their files beside them.
testScripts(folder)

afterAll(() => rmSync(folder, { recursive: true }))

test('a folder without scripts is an error', () => {
  expect(() => testScripts(folder, { matches: () => false })).toThrow('there are no scripts in')
})
