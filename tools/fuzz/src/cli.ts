import { parseArgs } from 'node:util'
import { describeFinding, type RunOptions, run, runRound, type TargetResult } from './run.js'
import type { Target } from './subject.js'
import { TARGETS } from './targets/index.js'
import { startWatchdog } from './watchdog.js'

const USAGE = `pnpm fuzz [--inputs N] [--seed S] [--target NAME] [--minutes M] [--round N] [--replay INPUT]

  --inputs N      inputs over all targets (200000)
  --seed S        what all chance comes from (today's time)
  --target NAME   only this one: ${TARGETS.map(({ name }) => name).join(', ')}
  --minutes M     stop after so long
  --round N       inputs for one host before the next takes its place (100000)
  --counters      show what the hosts counted, and what they never did
  --replay INPUT  only the round of this input, up to it, and show what it was; needs --seed and --target

With node --expose-gc the heap is watched too.`

/** A hang is one input that takes so many seconds. */
const HANG = 60

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      inputs: { type: 'string', default: '200000' },
      seed: { type: 'string', default: String(Date.now()) },
      target: { type: 'string' },
      minutes: { type: 'string' },
      round: { type: 'string', default: '100000' },
      counters: { type: 'boolean', default: false },
      replay: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(USAGE)
    return 0
  }
  const targets = values.target === undefined ? TARGETS : TARGETS.filter(({ name }) => name === values.target)
  if (targets.length === 0) throw new RangeError(`there is no target ${values.target}\n\n${USAGE}`)
  const minutes = values.minutes === undefined ? undefined : positive('--minutes', values.minutes)
  const collect = (globalThis as { gc?: () => void }).gc
  const watchdog = startWatchdog(
    targets.map(({ name }) => name),
    HANG,
  )
  const options: RunOptions = {
    seed: values.seed,
    targets,
    inputs: positive('--inputs', values.inputs),
    round: positive('--round', values.round),
    now: () => performance.now(),
    heapUsed: () => process.memoryUsage().heapUsed,
    beforeInput: (target, input) => watchdog.beat(target, input),
    ...(minutes === undefined ? {} : { deadline: Date.now() + minutes * 60_000 }),
    ...(collect === undefined ? {} : { collect }),
  }
  try {
    return values.replay === undefined
      ? await runAll(options, values.counters)
      : await replay(options, targets, Number(values.replay))
  } finally {
    await watchdog.stop()
  }
}

async function runAll(options: RunOptions, showCounters: boolean): Promise<number> {
  const results = await run(options)
  let inputs = 0
  let milliseconds = 0
  let findings = 0
  for (const result of results) {
    inputs += result.inputs
    milliseconds += result.milliseconds
    const rate = Math.round(result.inputs / Math.max(0.001, result.milliseconds / 1000))
    const state = result.finding === null ? 'nothing found' : 'FOUND'
    console.log(`${result.target.padEnd(12)} ${String(result.inputs).padStart(9)} inputs, ${rate} a second: ${state}`)
  }
  if (showCounters) printCounters(results)
  for (const { finding } of results) {
    if (finding === null) continue
    findings++
    console.error(`\n${describeFinding(finding)}`)
  }
  console.log(`seed ${options.seed}: ${inputs} inputs in ${(milliseconds / 1000).toFixed(1)} s, ${findings} findings`)
  return findings === 0 ? 0 : 1
}

function printCounters(results: readonly TargetResult[]): void {
  const sums = new Map<string, number>()
  for (const { counters } of results) {
    for (const [name, count] of counters) sums.set(name, (sums.get(name) ?? 0) + count)
  }
  for (const name of [...sums.keys()].sort()) console.log(`${name.padEnd(32)} ${sums.get(name)}`)
}

/** Lives the round again up to the input. */
async function replay(options: RunOptions, targets: readonly Target[], input: number): Promise<number> {
  const [target] = targets
  if (target === undefined || targets.length > 1 || !Number.isInteger(input) || input < 0) {
    throw new RangeError(`--replay takes the number of an input, with --seed and --target\n\n${USAGE}`)
  }
  const first = Math.floor(input / options.round) * options.round
  let shown = ''
  const watched: Target = {
    ...target,
    create(chance) {
      const subject = target.create(chance)
      return {
        ...bound(subject),
        close: async () => {
          shown = subject.lastInput()
          await subject.close()
        },
      }
    },
  }
  const { finding } = await runRound(options, watched, first, input + 1)
  console.log(finding === null ? `input ${input} found nothing:\n${shown}` : describeFinding(finding))
  return finding === null ? 0 : 1
}

function bound<T extends ReturnType<Target['create']>>(subject: T): ReturnType<Target['create']> {
  return {
    input: (chance) => subject.input(chance),
    check: () => subject.check(),
    settle: () => subject.settle(),
    close: () => subject.close(),
    counters: () => subject.counters(),
    lastInput: () => subject.lastInput(),
  }
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new RangeError(`${name} takes a number above 0, not ${text}\n\n${USAGE}`)
  return value
}

main().then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 2
  },
)
