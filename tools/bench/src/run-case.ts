import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Case, CaseReport } from './figure.js'

const CASE_PROCESS = fileURLToPath(new URL('case-process.js', import.meta.url))
const NAMESPACE_TOOL = fileURLToPath(new URL('../../netns/run.js', import.meta.url))
/** Objects that a case makes go to a young generation of this size, in MiB: none is collected while allocation is counted. */
const YOUNG_GENERATION = 64

/** Runs a case in a process of its own and takes its report from the last line that it prints. */
export function runCase(wanted: Case, runs: number, processors: readonly number[]): CaseReport {
  const { name, title } = wanted
  const command: string[] = []
  if (wanted.namespace) command.push(process.execPath, NAMESPACE_TOOL)
  const pinned = wanted.oneProcessor && hasTaskset()
  // The last one: the first serves more of the system's interrupts on most machines.
  if (pinned) command.push('taskset', '-c', String(processors.at(-1) ?? 0))
  command.push(
    process.execPath,
    '--expose-gc',
    `--max-semi-space-size=${YOUNG_GENERATION}`,
    CASE_PROCESS,
    name,
    `${runs}`,
  )
  const [program, ...args] = command as [string, ...string[]]
  const child = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 24, env: { ...process.env, CI: '' } })
  const line = child.stdout?.trimEnd().split('\n').at(-1) ?? ''
  if (child.status === 0 && line.startsWith('{')) {
    const { figures, notes } = JSON.parse(line) as Pick<CaseReport, 'figures' | 'notes'>
    const where = wanted.oneProcessor
      ? [pinned ? `all on processor ${processors.at(-1) ?? 0} (taskset)` : 'not pinned: the command taskset is missing']
      : []
    return { name, title, figures, notes: [...where, ...notes] }
  }
  const said = (child.stderr ?? '').trim() || (child.error?.message ?? `exit code ${child.status}`)
  // The namespace tool ends well where it cannot do its work, and says why.
  if (child.status === 0) return { name, title, figures: [], notes: [], leftOut: said.split(': /')[0] ?? said }
  return { name, title, figures: [], notes: [], leftOut: said, failed: true }
}

function hasTaskset(): boolean {
  return process.platform === 'linux' && spawnSync('taskset', ['-V']).status === 0
}
