import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { checkHouse } from './check.js'
import type { Row } from './table.js'

/** A small house: two rows like real ones, a protocol with a wire, a host with an entry that is free of it. */
export const SMALL_TABLE: readonly Row[] = [
  { folder: 'ground', owns: 'the ground', allows: [], reads: '–' },
  { folder: 'other', owns: 'beside the protocol', allows: ['ground'], reads: 'ground' },
  { folder: 'protocol', owns: 'a protocol', allows: ['ground'], reads: 'ground', wire: true },
  { folder: 'sniffer', owns: 'wires', allows: ['ground'], reads: 'ground, every `/wire`', allowsWires: true },
  {
    folder: 'host',
    owns: 'a host',
    allows: ['ground', 'protocol'],
    reads: 'all',
    host: true,
    hostless: ['index.ts'],
    externals: ['outside'],
  },
]

/** Files by path, from the root of the tree. */
export type Tree = Record<string, string>

/** What a fixture changes in a manifest. */
export type Changes = Readonly<Record<string, unknown>>

/** The manifest of a package without fault, with changes. */
export function manifest(folder: string, dependencies: readonly string[] = [], changes: Changes = {}): string {
  const entry = (file: string): object => ({ types: `./dist/${file}.d.ts`, default: `./dist/${file}.js` })
  const wire = folder === 'protocol' ? { './wire': entry('wire') } : {}
  return JSON.stringify({
    name: `@jackfield/${folder}`,
    version: '0.0.0',
    description: folder,
    license: 'MIT',
    type: 'module',
    sideEffects: false,
    engines: { node: '>=20.19' },
    repository: { directory: `packages/${folder}` },
    exports: { '.': entry('index'), ...wire, './package.json': './package.json' },
    files: ['dist'],
    dependencies: Object.fromEntries(dependencies.map((name) => [`@jackfield/${name}`, 'workspace:^'])),
    publishConfig: { access: 'public' },
    ...changes,
  })
}

/** A tree without a violation. */
export function soundTree(): Tree {
  const tree: Tree = {
    'package.json': JSON.stringify({ devDependencies: { vitest: '^4' } }),
    'node_modules/outside/package.json': JSON.stringify({
      name: 'outside',
      version: '1.0.0',
      exports: { '.': { types: './main.d.ts', import: './main.js' } },
    }),
    'node_modules/outside/main.js': 'export default 1',
    'node_modules/outside/main.d.ts': 'export default 1',
    'node_modules/vitest/package.json': JSON.stringify({ name: 'vitest', version: '4.0.0', main: 'index.js' }),
    'node_modules/vitest/index.js': 'module.exports = 1',
    'packages/ground/package.json': manifest('ground'),
    'packages/ground/src/index.ts': "export { ground } from './ground.js'\n",
    'packages/ground/src/ground.ts': 'export const ground = 1\n',
    'packages/ground/src/ground.test.ts': "import 'vitest'\nimport { ground } from './index.js'\nvoid ground\n",
    'packages/other/package.json': manifest('other', ['ground']),
    'packages/other/src/index.ts': "export { ground as other } from '@jackfield/ground'\n",
    'packages/protocol/package.json': manifest('protocol', ['ground']),
    'packages/protocol/src/index.ts': "export { behaviour } from './behaviour.js'\n",
    'packages/protocol/src/wire.ts': "export { header } from './wire/header.js'\n",
    'packages/protocol/src/wire/header.ts': 'export const header = 1\n',
    'packages/protocol/src/behaviour.ts':
      "import { ground } from '@jackfield/ground'\nimport { header } from './wire/header.js'\n" +
      'export const behaviour = ground + header\n',
    'packages/sniffer/package.json': manifest('sniffer', ['protocol']),
    'packages/sniffer/src/index.ts': "export { header as sniffed } from '@jackfield/protocol/wire'\n",
    'packages/host/package.json': manifest('host', ['protocol'], {
      dependencies: { '@jackfield/protocol': 'workspace:^', outside: '^1.0.0' },
    }),
    'packages/host/src/index.ts': "export { behaviour } from '@jackfield/protocol'\n",
    'packages/host/src/main.ts':
      "import { readFileSync } from 'node:fs'\nimport 'outside'\nexport const b: unknown = readFileSync\n",
    'examples/shown/package.json': JSON.stringify({ dependencies: { '@jackfield/ground': 'workspace:^' } }),
    'examples/shown/src/index.ts': "import { ground } from '@jackfield/ground'\nvoid ground\n",
  }
  for (const { folder } of SMALL_TABLE) tree[`packages/${folder}/README.md`] = `# ${folder}\n`
  return tree
}

/** Writes the sound tree with a fault planted in it, checks it, and gives the violations as `RULE WHERE: MESSAGE`. */
export async function violationsOf(planted: Tree, table: readonly Row[] = SMALL_TABLE): Promise<string[]> {
  const root = mkdtempSync(join(tmpdir(), 'jackfield-ladder-'))
  try {
    for (const [path, text] of Object.entries({ ...soundTree(), ...planted })) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    const { violations } = await checkHouse(root, table)
    return violations.map(({ message, rule, where }) => `${rule} ${where}: ${message}`)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}
