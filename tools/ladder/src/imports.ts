import { isHostTest, isTest, packageOf } from './file-kind.js'
import { type Guest, type House, type Manifest, type Room, shippedDependencies } from './house.js'
import { findCycles, mayUseWire } from './manifests.js'
import type { Import, Sources } from './sources.js'
import type { Violation } from './violation.js'

/** What the tests of every package may use. */
const TEST_TOOLS: ReadonlySet<string> = new Set(['vitest', 'fast-check'])

/** Checks every import of every source file. */
export function checkImports(house: House, sources: Sources, violations: Violation[]): void {
  for (const each of sources.imports) {
    const room = house.rooms.find(({ path }) => each.from.startsWith(`${path}/`))
    const guest = house.guests.find(({ path }) => each.from.startsWith(`${path}/`))
    const message =
      room !== undefined ? inRoom(house, room, each) : guest !== undefined ? inGuest(house, guest, each) : ''
    if (message !== '') violations.push({ rule: 'import', where: each.from, message })
  }
  for (const room of house.rooms) {
    checkWire(room, sources, violations)
    for (const entry of room.row.hostless ?? []) checkHostless(room, entry, sources, violations)
  }
  checkFileCycles(sources, violations)
}

/** What is wrong with an import in a package; empty where nothing is. */
function inRoom(house: House, room: Room, each: Import): string {
  const { from, specifier, target } = each
  const test = isTest(from)
  if (each.node) {
    if (room.row.host === true || isHostTest(from)) return ''
    return `imports ${specifier}: a core package runs everywhere, so neither it nor its tests name Node's modules`
  }
  if (!each.resolved) return unresolved(house, specifier)
  if (specifier.startsWith('.')) {
    if (!target.startsWith(`${room.path}/src/`))
      return `leaves its package by ${specifier}: import the other by its name`
    return !test && isTest(target) ? `imports the test file ${specifier}` : ''
  }
  const name = packageOf(specifier)
  if (name === room.name) return `imports its own package as ${specifier}: use a relative path`
  const shipped = shippedDependencies(room.manifest)
  const declared = test ? { ...shipped, ...room.manifest.devDependencies } : shipped
  const other = house.rooms.find((candidate) => candidate.name === name)
  if (test && TEST_TOOLS.has(name)) return ''
  if (isHostTest(from) && other === undefined && house.shared.has(name)) return ''
  if (declared[name] === undefined) {
    const section = test ? 'dependencies or devDependencies' : 'dependencies'
    return `imports ${specifier}, which is not in the ${section} of its package.json`
  }
  if (other === undefined) return ''
  if (!test && specifier.endsWith('/compliance')) return `imports ${specifier}, which is for tests`
  // A test may stand on whatever its devDependencies name; that these make no cycle is checked with the manifests.
  if (test && room.manifest.devDependencies?.[name] !== undefined) return ''
  if (room.row.allows.includes(other.row.folder)) return ''
  if (mayUseWire(room, other)) {
    return specifier.endsWith('/wire') ? '' : `imports ${specifier}, and of that package only ${name}/wire is allowed`
  }
  return `imports ${specifier}: its row allows ${room.row.reads}`
}

/** What is wrong with an import in an example or a tool. */
function inGuest(house: House, guest: Guest, each: Import): string {
  const { specifier, target } = each
  if (each.node) return ''
  if (!each.resolved) return unresolved(house, specifier)
  if (specifier.startsWith('.')) {
    return target.startsWith(`${guest.path}/`)
      ? ''
      : `leaves its folder by ${specifier}: import packages by their names`
  }
  const name = packageOf(specifier)
  if (declaredIn(guest.manifest, name) || house.shared.has(name)) return ''
  return `imports ${specifier}, which is neither in its package.json nor in the root's devDependencies`
}

function declaredIn(manifest: Manifest, name: string): boolean {
  return { ...shippedDependencies(manifest), ...manifest.devDependencies }[name] !== undefined
}

function unresolved(house: House, specifier: string): string {
  const room = house.rooms.find(({ name }) => name === packageOf(specifier))
  if (room === undefined || specifier.startsWith('.')) return `imports ${specifier}, which is not there`
  const entries = Object.keys(room.manifest.exports ?? {}).filter((entry) => entry !== './package.json')
  const offered = entries.map((entry) => room.name + entry.slice(1)).join(', ')
  return `imports ${specifier}, the inside of another package, which offers ${offered}`
}

/** The files that an entry comes to inside its package, the entry itself included. */
function reach(room: Room, entry: string, sources: Sources): { files: Set<string>; imports: Import[] } {
  const files = new Set([`${room.path}/src/${entry}`])
  const imports: Import[] = []
  for (const file of files) {
    for (const each of sources.imports) {
      if (each.from !== file) continue
      imports.push(each)
      if (each.target.startsWith(`${room.path}/src/`)) files.add(each.target)
    }
  }
  return { files, imports }
}

/** `/wire` is files named `wire.ts` or under `wire/`, and of other packages the contracts and their wires: no behaviour. */
function checkWire(room: Room, sources: Sources, violations: Violation[]): void {
  if (room.row.wire !== true) return
  const allowed = new Set(['@jackfield/addr', '@jackfield/packet', '@jackfield/interfaces'])
  for (const { from, specifier, target } of reach(room, 'wire.ts', sources).imports) {
    const inside = target.startsWith(`${room.path}/src/`) && /\/wire(\.ts$|\/)/.test(target)
    if (inside || allowed.has(packageOf(specifier)) || specifier.endsWith('/wire')) continue
    violations.push({ rule: 'wire', where: from, message: `the entry ./wire comes to behaviour by ${specifier}` })
  }
}

/** An entry of a host's package that must run everywhere all the same. */
function checkHostless(room: Room, entry: string, sources: Sources, violations: Violation[]): void {
  for (const { from, node, specifier } of reach(room, entry, sources).imports) {
    const name = packageOf(specifier)
    if (!node && (room.row.externals?.includes(name) !== true || room.row.portable?.includes(name) === true)) continue
    violations.push({
      rule: 'host',
      where: from,
      message: `src/${entry} must run everywhere and comes to ${specifier}`,
    })
  }
}

/** Files may name each other's types, as the contracts do; their code may not need each other. */
function checkFileCycles(sources: Sources, violations: Violation[]): void {
  const edges = new Map<string, string[]>(sources.files.map((file) => [file, []]))
  for (const { from, target, typeOnly } of sources.imports) if (!typeOnly) edges.get(from)?.push(target)
  for (const cycle of findCycles(edges)) {
    violations.push({ rule: 'cycle', where: cycle[0] ?? '', message: `files import each other: ${cycle.join(' -> ')}` })
  }
}
