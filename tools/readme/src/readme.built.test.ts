import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { type Example, examplesIn, importedBy, installedBy } from './examples.js'
import { Newcomer } from './newcomer.js'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const packages = readdirSync(join(ROOT, 'packages')).filter((each) =>
  existsSync(join(ROOT, 'packages', each, 'package.json')),
)
const readmes = ['README.md', ...packages.map((each) => `packages/${each}/README.md`)]
const texts = new Map(
  readmes.filter((file) => existsSync(join(ROOT, file))).map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]),
)

const newcomer = new Newcomer(ROOT)
afterAll(() => newcomer.close())

/** Every program with the file that it was copied to. */
const copies: [place: string, example: Example, copy: string][] = []
for (const [file, text] of texts) {
  for (const example of examplesIn(file, text)) {
    copies.push([`${example.file}:${example.line}`, example, newcomer.write(example.code)])
  }
}
const typeErrors = newcomer.typeErrors(copies.map(([, , copy]) => copy))

test.each(readmes)('%s is there and has a program in TypeScript', (file) => {
  expect(existsSync(join(ROOT, file)), `${file} is missing`).toBe(true)
  expect(examplesIn(file, texts.get(file) ?? ''), `${file} has no block marked ts`).not.toHaveLength(0)
})

test.each(packages)('the README of %s installs what its program imports', (folder) => {
  const file = `packages/${folder}/README.md`
  const text = texts.get(file) ?? ''
  const { name } = JSON.parse(readFileSync(join(ROOT, 'packages', folder, 'package.json'), 'utf8')) as { name: string }
  const installed = installedBy(text)
  expect(installed, `${file} has no line "npm install ${name}"`).toContain(name)
  const imported = examplesIn(file, text).flatMap(({ code }) => [...importedBy(code)])
  const missing = [...new Set(imported)].filter((each) => !installed.has(each))
  expect(missing, `${file}: its npm install line leaves out what its program imports`).toEqual([])
})

describe.each(copies)('the program at %s', (place, { line }, copy) => {
  test('is right by the compiler, in its strictest settings', () => {
    const errors = typeErrors.get(copy) ?? []
    expect(errors, `${place} (lines counted from ${line})`).toEqual([])
  })

  test('runs under plain Node and ends by itself', { timeout: 30_000 }, async () => {
    const { code, output } = await newcomer.run(copy, 20_000)
    expect(code, `${place} ended with ${code ?? 'its time up'}:\n${output}`).toBe(0)
  })
})
