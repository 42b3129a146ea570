// Packs every package as it would be published and checks the result.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pack, packer, problemsOf } from './tarball.js'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')
const destination = mkdtempSync(join(tmpdir(), 'jackfield-pack-'))
const folders = readdirSync(join(root, 'packages')).sort()
const command = packer()
const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`.padStart(10)
let wrong = 0
let total = 0

try {
  console.log(`${'package'.padEnd(14)}${'packed'.padStart(10)}${'unpacked'.padStart(10)}  files`)
  for (const folder of folders) {
    const path = join(root, 'packages', folder)
    const tarball = await pack(command, path, destination)
    const problems = await problemsOf(root, tarball)
    total += tarball.packed
    const sizes = kilobytes(tarball.packed) + kilobytes(tarball.unpacked)
    console.log(`${folder.padEnd(14)}${sizes}  ${tarball.files.length}${problems.length === 0 ? '' : '  PROBLEMS'}`)
    for (const problem of problems) console.error(`  ${problem.replaceAll('\n', '\n  ')}`)
    wrong += problems.length
  }
} finally {
  rmSync(destination, { recursive: true, force: true })
}

console.log(`${folders.length} packages, ${kilobytes(total).trim()} to download in all`)
if (wrong > 0) {
  console.error(`pack: ${wrong} problem${wrong === 1 ? '' : 's'}`)
  process.exitCode = 1
}
