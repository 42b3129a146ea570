import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type House, type Room, shippedDependencies } from './house.js'
import type { Violation } from './violation.js'

const OURS = /^(@jackfield\/|jackfield$)/

/** Checks every manifest against the table and against what a published package needs. */
export function checkManifests(house: House, violations: Violation[]): void {
  for (const room of house.rooms) {
    checkShape(house, room, violations)
    checkExports(house, room, violations)
    checkDependencies(house, room, violations)
  }
  checkPackageCycles(house, violations)
}

function checkShape(house: House, room: Room, violations: Violation[]): void {
  const { manifest, name, path } = room
  const wrong = (message: string): void => {
    violations.push({ rule: 'manifest', where: `${path}/package.json`, message })
  }
  if (manifest.name !== name) wrong(`name is ${manifest.name}, and ${name} is right`)
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(manifest.version ?? '')) wrong(`version is no version: ${manifest.version}`)
  if ((manifest.description ?? '') === '') wrong('has no description')
  if (manifest.license !== 'MIT') wrong('license is not MIT')
  if (manifest.type !== 'module') wrong('type is not "module"')
  if (manifest.sideEffects !== false) wrong('sideEffects is not false')
  if (manifest.private === true) wrong('is private: a package of the house is published')
  if (manifest.publishConfig?.access !== 'public') wrong('publishConfig.access is not "public"')
  if (manifest.engines?.['node'] !== '>=20.19') wrong('engines.node is not ">=20.19"')
  if (manifest.repository?.directory !== path) wrong(`repository.directory is not ${path}`)
  const files = manifest.bin === undefined ? 'dist' : 'bin, dist'
  if ([...(manifest.files ?? [])].sort().join(', ') !== files) wrong(`files is not [${files}]`)
  if (!existsSync(join(house.root, path, 'README.md'))) wrong('has no README.md beside it')
}

function checkExports(house: House, room: Room, violations: Violation[]): void {
  const { manifest, path, row } = room
  const wrong = (message: string): void => {
    violations.push({ rule: 'exports', where: `${path}/package.json`, message })
  }
  const entries = manifest.exports ?? {}
  if (entries['.'] === undefined) wrong('has no entry "."')
  if (entries['./package.json'] !== './package.json') wrong('does not export ./package.json')
  if ((entries['./wire'] !== undefined) !== (row.wire === true)) {
    wrong(row.wire === true ? 'has no entry "./wire"' : 'has an entry "./wire" that its row does not tell of')
  }
  for (const [entry, target] of Object.entries(entries)) {
    if (entry === './package.json') continue
    const file = entry === '.' ? 'index' : entry.slice(2)
    if (typeof target === 'string' || Object.keys(target).join() !== 'types,default') {
      wrong(`the entry "${entry}" is not { types, default }, in this order`)
    } else if (target['types'] !== `./dist/${file}.d.ts` || target['default'] !== `./dist/${file}.js`) {
      wrong(`the entry "${entry}" is not ./dist/${file}.js with ./dist/${file}.d.ts`)
    }
    if (!existsSync(join(house.root, path, 'src', `${file}.ts`))) {
      wrong(`the entry "${entry}" has no source ${path}/src/${file}.ts`)
    }
  }
}

function checkDependencies(house: House, room: Room, violations: Violation[]): void {
  const { manifest, path, row } = room
  const where = `${path}/package.json`
  for (const [name, range] of Object.entries(shippedDependencies(manifest))) {
    const target = house.rooms.find((each) => each.name === name)
    if (target === undefined) {
      if (OURS.test(name)) violations.push({ rule: 'dependency', where, message: `${name} is no package of the house` })
      else if (row.externals?.includes(name) !== true) {
        violations.push({ rule: 'dependency', where, message: `${name} from outside is not in its row` })
      }
      continue
    }
    if (!mayUse(room, target)) {
      violations.push({ rule: 'dependency', where, message: `may not depend on ${name}: its row allows ${row.reads}` })
    }
    if (range !== 'workspace:^') {
      violations.push({ rule: 'dependency', where, message: `${name} is "${range}", and "workspace:^" is right` })
    }
  }
  for (const [name, range] of Object.entries(manifest.devDependencies ?? {})) {
    if (!OURS.test(name)) continue
    if (!house.rooms.some((each) => each.name === name)) {
      violations.push({ rule: 'dependency', where, message: `${name} is no package of the house` })
    } else if (!range.startsWith('workspace:')) {
      violations.push({ rule: 'dependency', where, message: `${name} is "${range}", and "workspace:*" is right` })
    }
  }
}

/** Whether the row of `room` lets it depend on `target`, wholly or for its `/wire`. */
function mayUse(room: Room, target: Room): boolean {
  return room.row.allows.includes(target.row.folder) || mayUseWire(room, target)
}

/** Whether the row of `room` lets it import `target`'s `/wire`. */
export function mayUseWire(room: Room, target: Room): boolean {
  return room.row.allowsWires === true && target.row.wire === true && target.row.host !== true
}

/** No package needs itself, by what it ships with and what its tests need together: no build order would be left. */
function checkPackageCycles(house: House, violations: Violation[]): void {
  const edges = new Map<string, string[]>()
  for (const { manifest, name } of house.rooms) {
    const needs = Object.keys({ ...shippedDependencies(manifest), ...manifest.devDependencies })
    edges.set(
      name,
      needs.filter((need) => house.rooms.some((each) => each.name === need)),
    )
  }
  for (const cycle of findCycles(edges)) {
    violations.push({ rule: 'cycle', where: 'packages', message: `packages need each other: ${cycle.join(' -> ')}` })
  }
}

/** One cycle for each edge that closes one, in a walk from every node: `[a, b, a]`. None where there is none. */
export function findCycles(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = []
  const done = new Set<string>()
  const path: string[] = []
  const visit = (node: string): void => {
    const at = path.indexOf(node)
    if (at >= 0) {
      cycles.push([...path.slice(at), node])
      return
    }
    if (done.has(node)) return
    path.push(node)
    for (const next of edges.get(node) ?? []) visit(next)
    path.pop()
    done.add(node)
  }
  for (const node of edges.keys()) visit(node)
  return cycles
}
