import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { publishedName, renderTable, TABLE } from './table.js'

const ROOT = new URL('../../../', import.meta.url)

test('a row allows only rows above it', () => {
  const above = new Set<string>()
  for (const { allows, folder } of TABLE) {
    for (const allowed of allows) expect(above, `${folder} allows ${allowed}`).toContain(allowed)
    above.add(folder)
  }
})

test('every folder and every name is in one row', () => {
  expect(new Set(TABLE.map(({ folder }) => folder)).size).toBe(TABLE.length)
  expect(new Set(TABLE.map(publishedName)).size).toBe(TABLE.length)
})

test('sockets and stack import no transport and no IP version', () => {
  for (const { allows, folder } of TABLE) {
    if (folder !== 'sockets' && folder !== 'stack') continue
    expect(allows).not.toEqual(expect.arrayContaining(['transport']))
    for (const row of TABLE) if (row.wire === true) expect(allows).not.toContain(row.folder)
  }
})

test('docs/architecture.md shows the table as it is (node tools/ladder/dist/cli.js --table prints it)', () => {
  const text = readFileSync(new URL('docs/architecture.md', ROOT), 'utf8')
  expect(text).toContain(`\n${renderTable(TABLE)}\n`)
})
