import { expect, test } from 'vitest'
import { contentProblems } from './contents.js'

const FILES = ['LICENSE', 'README.md', 'package.json', 'dist/index.js', 'dist/index.d.ts']

test('a package without fault has no problem', () => {
  expect(contentProblems([...FILES, 'dist/wire.js', 'dist/wire.d.ts', 'dist/chunk-ABC.js'], {})).toEqual([])
  expect(contentProblems([...FILES, 'bin/x.js'], { bin: { x: './bin/x.js' } })).toEqual([])
})

test.each(FILES)('%s is missed', (missing) => {
  const rest = FILES.filter((file) => file !== missing)
  expect(contentProblems(rest, {})).toEqual([`${missing} is missing`])
})

test.each(['src/index.ts', 'dist/index.js.map', 'dist/x.test.ts', 'tsup.config.ts', 'bin/x.js'])(
  '%s is too much',
  (file) => {
    expect(contentProblems([...FILES, file], {})[0]).toContain(`${file} is not needed`)
  },
)

test('a program that bin names is missed', () => {
  expect(contentProblems(FILES, { bin: { x: './bin/x.js' } })).toEqual(['bin/x.js is missing, and bin names it'])
})

test('a range that only the workspace knows is found', () => {
  const problems = contentProblems(FILES, { optionalDependencies: { a: 'workspace:^', b: '^1.0.0' } })
  expect(problems).toEqual(['the range of a is still "workspace:^"'])
})
