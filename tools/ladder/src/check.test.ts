import { describe, expect, test } from 'vitest'
import { manifest, soundTree, type Tree, violationsOf } from './planted.test-tree.js'
import { report } from './violation.js'

const MAIN = 'packages/other/src/index.ts'

/** Each fault, what it plants in the sound tree, and what must be said of it: the rule, the file, a part of the message. */
const faults: [name: string, planted: Tree, rule: string, where: string, message: string][] = [
  [
    'an import that the row does not allow',
    {
      'packages/other/package.json': manifest('other', ['ground', 'protocol']),
      [MAIN]: "export { behaviour } from '@jackfield/protocol'\n",
    },
    'import',
    MAIN,
    'its row allows ground',
  ],
  [
    'a dependency that the row does not allow',
    { 'packages/other/package.json': manifest('other', ['ground', 'protocol']) },
    'dependency',
    'packages/other/package.json',
    'may not depend on @jackfield/protocol',
  ],
  [
    'an import that is not declared',
    { 'packages/other/package.json': manifest('other') },
    'import',
    MAIN,
    'not in the dependencies',
  ],
  [
    'an import of types that is not declared',
    {
      'packages/other/package.json': manifest('other'),
      [MAIN]: "import type { ground } from '@jackfield/ground'\nexport type G = typeof ground\n",
    },
    'import',
    MAIN,
    'not in the dependencies',
  ],
  [
    'an import that is written as a call',
    {
      'packages/other/package.json': manifest('other'),
      [MAIN]: "export const other: unknown = import('@jackfield/ground')\n",
    },
    'import',
    MAIN,
    'not in the dependencies',
  ],
  [
    'an import of nothing',
    { [MAIN]: "export { other } from './gone.js'\n" },
    'import',
    MAIN,
    './gone.js, which is not there',
  ],
  [
    'an import of a package that is not installed',
    { [MAIN]: "export { other } from 'gone'\n" },
    'import',
    MAIN,
    'gone, which is not there',
  ],
  [
    'an import of what is inside another package',
    { [MAIN]: "export { ground } from '@jackfield/ground/dist/ground.js'\n" },
    'import',
    MAIN,
    'the inside of another package, which offers @jackfield/ground',
  ],
  [
    'a relative import of another package',
    { [MAIN]: "export { ground } from '../../ground/src/ground.js'\n" },
    'import',
    MAIN,
    'leaves its package',
  ],
  [
    'an import of the own package by its name',
    { [MAIN]: "export { other } from '@jackfield/other'\n" },
    'import',
    MAIN,
    'use a relative path',
  ],
  [
    'an import of a test',
    {
      [MAIN]: "export { x } from './x.test-fixture.js'\n",
      'packages/other/src/x.test-fixture.ts': 'export const x = 1\n',
    },
    'import',
    MAIN,
    'imports the test file',
  ],
  [
    'a test that imports what is not declared',
    { 'packages/other/src/other.test.ts': "import '@jackfield/protocol'\n" },
    'import',
    'packages/other/src/other.test.ts',
    'not in the dependencies or devDependencies',
  ],
  [
    'behaviour where only the wire is allowed',
    { 'packages/sniffer/src/index.ts': "export { behaviour } from '@jackfield/protocol'\n" },
    'import',
    'packages/sniffer/src/index.ts',
    'only @jackfield/protocol/wire is allowed',
  ],
  [
    'a wire that imports behaviour',
    { 'packages/protocol/src/wire/header.ts': "export { behaviour as header } from '../behaviour.js'\n" },
    'wire',
    'packages/protocol/src/wire/header.ts',
    'behaviour by ../behaviour.js',
  ],
  [
    "a module of Node's in a core package",
    { [MAIN]: "export { readFileSync } from 'node:fs'\n" },
    'import',
    MAIN,
    'a core package runs everywhere',
  ],
  [
    "a module of Node's without its prefix",
    { [MAIN]: "export { readFileSync } from 'fs'\n" },
    'import',
    MAIN,
    'a core package runs everywhere',
  ],
  [
    "a module of Node's in a test of a core package",
    { 'packages/other/src/other.test.ts': "import 'node:fs'\n" },
    'import',
    'packages/other/src/other.test.ts',
    'a core package runs everywhere',
  ],
  [
    'Buffer in a core package',
    { [MAIN]: 'declare const Buffer: unknown\nexport const other: unknown = Buffer\n' },
    'host',
    MAIN,
    'names Buffer',
  ],
  [
    "an entry for every runtime that comes to Node's modules",
    { 'packages/host/src/index.ts': "export { b } from './main.js'\n" },
    'host',
    'packages/host/src/main.ts',
    'src/index.ts must run everywhere and comes to node:fs',
  ],
  [
    'files that import each other',
    {
      'packages/ground/src/ground.ts': "import { sky } from './sky.js'\nexport const ground: number = sky\n",
      'packages/ground/src/sky.ts': "import { ground } from './ground.js'\nexport const sky: number = ground\n",
    },
    'cycle',
    'packages/ground/src/ground.ts',
    'packages/ground/src/ground.ts -> packages/ground/src/sky.ts -> packages/ground/src/ground.ts',
  ],
  [
    'packages that need each other for their tests',
    {
      'packages/ground/package.json': manifest('ground', [], {
        devDependencies: { '@jackfield/other': 'workspace:*' },
      }),
    },
    'cycle',
    'packages',
    '@jackfield/ground -> @jackfield/other -> @jackfield/ground',
  ],
  [
    'a package without a row',
    { 'packages/stray/package.json': manifest('stray') },
    'not in the table',
    'packages/stray',
    'add one',
  ],
  [
    'a folder without a manifest',
    { 'packages/stray/README.md': '# stray\n' },
    'manifest',
    'packages/stray',
    'no package.json',
  ],
  [
    'a dependency from outside',
    { 'packages/other/package.json': manifest('other', [], { dependencies: { outside: '^1.0.0' } }) },
    'dependency',
    'packages/other/package.json',
    'outside from outside is not in its row',
  ],
  [
    'a dependency with a range of its own',
    { 'packages/other/package.json': manifest('other', [], { dependencies: { '@jackfield/ground': '^1.0.0' } }) },
    'dependency',
    'packages/other/package.json',
    '"workspace:^" is right',
  ],
  [
    'a protocol without its wire',
    {
      'packages/protocol/package.json': manifest('protocol', ['ground'], {
        exports: {
          '.': { types: './dist/index.d.ts', default: './dist/index.js' },
          './package.json': './package.json',
        },
      }),
    },
    'exports',
    'packages/protocol/package.json',
    'no entry "./wire"',
  ],
  [
    'an example that imports what it does not declare',
    { 'examples/shown/src/index.ts': "import '@jackfield/protocol'\n" },
    'import',
    'examples/shown/src/index.ts',
    'neither in its package.json',
  ],
  [
    'an example that reaches into a package',
    { 'examples/shown/src/index.ts': "import '../../../packages/ground/src/ground.js'\n" },
    'import',
    'examples/shown/src/index.ts',
    'leaves its folder',
  ],
]

const shapes: [name: string, changes: Record<string, unknown>, message: string][] = [
  ['another name', { name: 'other' }, 'name is other'],
  ['no version', { version: 'one' }, 'version is no version'],
  ['no description', { description: '' }, 'has no description'],
  ['another licence', { license: 'ISC' }, 'license is not MIT'],
  ['another module system', { type: 'commonjs' }, 'type is not "module"'],
  ['side effects', { sideEffects: true }, 'sideEffects is not false'],
  ['a private package', { private: true }, 'is private'],
  ['no access', { publishConfig: {} }, 'publishConfig.access'],
  ['other engines', { engines: { node: '>=18' } }, 'engines.node'],
  ['another folder', { repository: { directory: 'other' } }, 'repository.directory'],
  ['too many files', { files: ['dist', 'src'] }, 'files is not [dist]'],
  ['no files', { files: undefined }, 'files is not [dist]'],
]

describe('the ladder', () => {
  test('says nothing of a tree without fault', async () => {
    expect(await violationsOf({})).toEqual([])
  })

  test.each(faults)('catches %s', async (_name, planted, rule, where, message) => {
    const found = await violationsOf(planted)
    expect(found.filter((each) => each.startsWith(`${rule} ${where}: `)).join('\n')).toContain(message)
  })

  test.each(shapes)('catches %s in a manifest', async (_name, changes, message) => {
    const found = await violationsOf({ 'packages/other/package.json': manifest('other', ['ground'], changes) })
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(`manifest packages/other/package.json: ${message}`)
  })

  test('lets a test stand on what devDependencies name, where no cycle comes of it', async () => {
    const devDependencies = { '@jackfield/protocol': 'workspace:*' }
    const found = await violationsOf({
      'packages/other/package.json': manifest('other', ['ground'], { devDependencies }),
      'packages/other/src/other.test.ts': "import '@jackfield/protocol'\n",
    })
    expect(found).toEqual([])
  })

  test("lets files name each other's types", async () => {
    const found = await violationsOf({
      'packages/ground/src/ground.ts': "import type { Sky } from './sky.js'\nexport const ground: Sky = 1\n",
      'packages/ground/src/sky.ts': "import { ground } from './ground.js'\nexport type Sky = number\nvoid ground\n",
    })
    expect(found).toEqual([])
  })

  test('takes a new package with one row', async () => {
    const { SMALL_TABLE } = await import('./planted.test-tree.js')
    const row = { folder: 'added', owns: 'more', allows: ['ground'], reads: 'ground' }
    const planted: Tree = {
      'packages/added/package.json': manifest('added', ['ground']),
      'packages/added/README.md': '# added\n',
      'packages/added/src/index.ts': soundTree()[MAIN] ?? '',
    }
    expect(await violationsOf(planted, [...SMALL_TABLE, row])).toEqual([])
    expect(await violationsOf(planted)).toHaveLength(1)
  })

  test('reports by rule, with the place of each', () => {
    const text = report([
      { rule: 'import', where: 'a.ts', message: 'one' },
      { rule: 'cycle', where: 'b.ts', message: 'two' },
      { rule: 'import', where: 'c.ts', message: 'three' },
    ])
    expect(text).toBe('import:\n  a.ts: one\n  c.ts: three\ncycle:\n  b.ts: two')
  })
})
