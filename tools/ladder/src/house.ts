import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { publishedName, type Row } from './table.js'
import type { Violation } from './violation.js'

/** What the ladder reads of a `package.json`. */
export interface Manifest {
  readonly name?: string
  readonly version?: string
  readonly description?: string
  readonly license?: string
  readonly type?: string
  readonly private?: boolean
  readonly sideEffects?: unknown
  readonly engines?: Readonly<Record<string, string>>
  readonly repository?: { readonly directory?: string }
  readonly publishConfig?: { readonly access?: string }
  readonly bin?: Readonly<Record<string, string>>
  readonly files?: readonly string[]
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** A package of the house: its row, its folder from the root, its manifest. */
export interface Room {
  readonly row: Row
  readonly name: string
  readonly path: string
  readonly manifest: Manifest
}

/** Something that stands on the packages and is not one: an example or a tool. */
export interface Guest {
  readonly path: string
  readonly manifest: Manifest
}

/** All that the ladder checks. */
export interface House {
  readonly root: string
  readonly rooms: readonly Room[]
  readonly guests: readonly Guest[]
  /** What every folder's tests may use: the root's development dependencies. */
  readonly shared: ReadonlySet<string>
}

/** The folders of a folder, sorted; none where it is not there. */
function foldersIn(path: string): string[] {
  if (!existsSync(path)) return []
  const entries = readdirSync(path, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
    .map((entry) => entry.name)
    .sort()
}

function readManifest(root: string, path: string): Manifest | null {
  const file = join(root, path, 'package.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Manifest) : null
}

/** Reads the workspace under `root`; what has no manifest or no row goes into `violations`. */
export function readHouse(root: string, table: readonly Row[], violations: Violation[]): House {
  const rooms: Room[] = []
  const guests: Guest[] = []
  for (const folder of foldersIn(join(root, 'packages'))) {
    const path = `packages/${folder}`
    const manifest = readManifest(root, path)
    const row = table.find((each) => each.folder === folder)
    if (manifest === null) {
      violations.push({ rule: 'manifest', where: path, message: 'has no package.json' })
    } else if (row === undefined) {
      violations.push({
        rule: 'not in the table',
        where: path,
        message: 'has no row in tools/ladder/src/table.ts: add one that says what it may import',
      })
    } else {
      rooms.push({ row, name: publishedName(row), path, manifest })
    }
  }
  for (const parent of ['examples', 'tools']) {
    for (const folder of foldersIn(join(root, parent))) {
      const path = `${parent}/${folder}`
      const manifest = readManifest(root, path)
      if (manifest === null) violations.push({ rule: 'manifest', where: path, message: 'has no package.json' })
      else guests.push({ path, manifest })
    }
  }
  const top = readManifest(root, '.')
  return { root, rooms, guests, shared: new Set(Object.keys(top?.devDependencies ?? {})) }
}

/** What a package's sources may take from elsewhere: everything that npm installs with it. */
export function shippedDependencies(manifest: Manifest): Readonly<Record<string, string>> {
  return { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies }
}
