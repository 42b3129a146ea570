import { describe, expect, test } from 'vitest'
import { runScript } from './run-script.js'

declare global {
  interface ImportMeta {
    glob(pattern: string, options: { query: '?raw'; import: 'default'; eager: true }): Record<string, string>
  }
}

// Read while the test is bundled, so that a browser, which has no files, runs them too.
const scripts = import.meta.glob('../scripts/*.pkt', { query: '?raw', import: 'default', eager: true })

describe('TCP as Linux has it', () => {
  test('there are scripts', () => {
    expect(Object.keys(scripts).length).toBeGreaterThan(40)
  })

  for (const [path, text] of Object.entries(scripts)) {
    const file = path.slice(path.lastIndexOf('/') + 1)
    test(file, async () => {
      expect((await runScript(text, { file })).errors.join('\n')).toBe('')
    })
  }
})
