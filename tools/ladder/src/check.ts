import { checkHostNames } from './host-names.js'
import { readHouse } from './house.js'
import { checkImports } from './imports.js'
import { checkManifests } from './manifests.js'
import { readSources } from './sources.js'
import type { Row } from './table.js'
import type { Violation } from './violation.js'

/** What a check of the whole house came to. */
export interface Result {
  readonly violations: readonly Violation[]
  readonly packages: number
  readonly files: number
  readonly imports: number
}

/** Checks the workspace under `root` against a table. */
export async function checkHouse(root: string, table: readonly Row[]): Promise<Result> {
  const violations: Violation[] = []
  const house = readHouse(root, table, violations)
  checkManifests(house, violations)
  const sources = await readSources(house)
  checkImports(house, sources, violations)
  checkHostNames(house, sources, violations)
  return {
    violations,
    packages: house.rooms.length,
    files: sources.files.length,
    imports: sources.imports.length,
  }
}
