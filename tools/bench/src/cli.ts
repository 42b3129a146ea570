import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { CASES } from './cases.js'
import type { CaseReport } from './figure.js'
import { describeMachine } from './machine.js'
import { runCase } from './run-case.js'
import { table } from './table.js'

const HELP = `usage: pnpm bench [CASE ...] [--runs N] [--json FILE]

Measures the stack, and beside it the kernel or another library in the same run, one after the other.
Figures are medians. What the machine lacks is left out, with the reason.

cases (default: all):
${CASES.map(({ name, title }) => `  ${name.padEnd(16)} ${title}`).join('\n')}

options:
  --runs N     measurements of each figure, 1 to 99 (default 5)
  --json FILE  also writes everything as JSON; - is the standard output, in place of the table
  --help`

interface Wanted {
  readonly names: readonly string[]
  readonly runs: number
  readonly json: string | undefined
}

function readArguments(given: string[]): Wanted | null {
  const { values, positionals } = parseArgs({
    args: given,
    allowPositionals: true,
    options: { runs: { type: 'string' }, json: { type: 'string' }, help: { type: 'boolean' } },
  })
  if (values.help === true) return null
  const runs = Number(values.runs ?? 5)
  if (!Number.isInteger(runs) || runs < 1 || runs > 99) throw new RangeError('--runs takes an integer from 1 to 99')
  for (const name of positionals) {
    if (!CASES.some((each) => each.name === name)) {
      throw new RangeError(`no case is named ${name}: there are ${CASES.map((each) => each.name).join(', ')}`)
    }
  }
  return { names: positionals, runs, json: values.json }
}

function main(): number {
  let wanted: Wanted | null
  try {
    wanted = readArguments(process.argv.slice(2).filter((each) => each !== '--'))
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\nTry: pnpm bench --help`)
    return 2
  }
  if (wanted === null) {
    console.log(HELP)
    return 0
  }
  const { names, runs, json } = wanted
  const machine = describeMachine()
  const toOutput = json === '-'
  if (!toOutput) {
    console.log(
      `${machine.processor}, ${machine.processors} processors, ${machine.memory}; ${machine.system}; ` +
        `Node ${machine.node} (V8 ${machine.v8}); medians of ${runs} runs`,
    )
  }
  const reports: CaseReport[] = []
  for (const each of CASES) {
    if (names.length > 0 && !names.includes(each.name)) continue
    if (process.stderr.isTTY) process.stderr.write(`${each.name} ...\r`)
    const report = runCase(each, runs, machine.allowed)
    reports.push(report)
    if (!toOutput) console.log(`\n${table(report)}`)
  }
  const text = `${JSON.stringify({ machine, runs, cases: reports }, null, 2)}\n`
  if (toOutput) process.stdout.write(text)
  else if (json !== undefined) writeFileSync(json, text)
  return reports.some((report) => report.failed === true) ? 1 : 0
}

process.exitCode = main()
