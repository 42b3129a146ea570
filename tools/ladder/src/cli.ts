// Checks that every package stands on its own rung. `--table` prints the table for docs/architecture.md instead.
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkHouse } from './check.js'
import { renderTable, TABLE } from './table.js'
import { report } from './violation.js'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')

if (process.argv[2] === '--table') {
  console.log(renderTable(TABLE))
} else {
  const { files, imports, packages, violations } = await checkHouse(root, TABLE)
  const read = `${packages} packages, ${files} files, ${imports} imports`
  if (violations.length === 0) {
    console.log(`ladder: ${read}: every one stands on its own rung`)
  } else {
    console.error(report(violations))
    console.error(`ladder: ${read}: ${violations.length} violation${violations.length === 1 ? '' : 's'}`)
    process.exitCode = 1
  }
}
