import { Chance } from './chance.js'
import type { Subject, Target } from './subject.js'

/** Inputs between two looks at whether all adds up. */
const CHECK_EVERY = 500
/** A single input that takes longer than this, in milliseconds, costs more than its length. */
const SLOWEST = 3000
/** JavaScript's heap may grow by this between the middle and the end of a round at rest, in bytes. */
const HEAP_SLACK = 6 * 1024 * 1024

/** What a run is made of. */
export interface RunOptions {
  readonly seed: string
  readonly targets: readonly Target[]
  /** Inputs over all targets, shared out by their `share`. */
  readonly inputs: number
  /** Inputs that one subject gets before a new one takes its place. */
  readonly round: number
  /** When to stop in any case: milliseconds since the epoch. */
  readonly deadline?: number
  /** Collects garbage, where the runtime lets one. Then the heap is watched. */
  readonly collect?: () => void
  /** Milliseconds since any fixed moment. */
  readonly now: () => number
  /** JavaScript's heap in use, in bytes. */
  readonly heapUsed?: () => number
  /** Told before every input. */
  readonly beforeInput?: (target: string, input: number) => void
}

/** Something that must not be. */
export interface Finding {
  readonly target: string
  readonly seed: string
  /** Which input of the target, from 0. */
  readonly input: number
  readonly round: number
  readonly error: Error
  readonly lastInput: string
}

/** What became of one target. */
export interface TargetResult {
  readonly target: string
  readonly inputs: number
  readonly milliseconds: number
  readonly finding: Finding | null
  /** What its subjects counted together. */
  readonly counters: ReadonlyMap<string, number>
}

/** Runs every target in turn; a target ends at its first finding. */
export async function run(options: RunOptions): Promise<TargetResult[]> {
  const shares = options.targets.reduce((sum, { share }) => sum + share, 0)
  const results: TargetResult[] = []
  for (const target of options.targets) {
    const inputs = Math.ceil((options.inputs * target.share) / shares)
    results.push(await runTarget(options, target, inputs))
  }
  return results
}

async function runTarget(options: RunOptions, target: Target, inputs: number): Promise<TargetResult> {
  const began = options.now()
  let done = 0
  let finding: Finding | null = null
  const counters = new Map<string, number>()
  for (let first = 0; first < inputs && finding === null; first += options.round) {
    const end = Math.min(inputs, first + options.round)
    const round = await runRound(options, target, first, end)
    done = round.next
    finding = round.finding
    for (const [name, count] of Object.entries(round.counters)) counters.set(name, (counters.get(name) ?? 0) + count)
    if (round.next < end) break
  }
  return { target: target.name, inputs: done, milliseconds: options.now() - began, finding, counters }
}

/**
 * One subject's life: inputs `first` to `end` - 1. The same seed, target, `first` and `end` make the same life.
 * @returns where it stopped
 */
export async function runRound(
  options: RunOptions,
  target: Target,
  first: number,
  end: number,
): Promise<{ next: number; finding: Finding | null; counters: Readonly<Record<string, number>> }> {
  const chance = new Chance(`${options.seed}/${target.name}/${first}`)
  let subject: Subject | null = null
  let input = first
  try {
    subject = target.create(chance)
    let heap = 0
    const middle = first + Math.floor(options.round / 2)
    for (; input < end; input++) {
      options.beforeInput?.(target.name, input)
      const began = options.now()
      subject.input(chance)
      const took = options.now() - began
      if (took > SLOWEST) throw new Error(`one input took ${Math.round(took)} ms`)
      if (input % CHECK_EVERY === CHECK_EVERY - 1) {
        subject.check()
        if (options.deadline !== undefined && Date.now() > options.deadline) {
          input++
          break
        }
      }
      if (input === middle) {
        subject.settle()
        heap = heapAtRest(options)
      }
    }
    input--
    subject.check()
    subject.settle()
    const grown = heapAtRest(options) - heap
    if (heap > 0 && end - first === options.round && input === end - 1 && grown > HEAP_SLACK) {
      throw new Error(`the heap grew by ${grown} bytes from the middle of a round to its end`)
    }
    const counters = subject.counters()
    await subject.close()
    return { next: input + 1, finding: null, counters }
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    const lastInput = subject?.lastInput() ?? ''
    const finding = { target: target.name, seed: options.seed, input, round: options.round, error, lastInput }
    return { next: input + 1, finding, counters: {} }
  }
}

/** 0 where the heap is not watched. */
function heapAtRest({ collect, heapUsed }: RunOptions): number {
  if (collect === undefined || heapUsed === undefined) return 0
  collect()
  collect()
  return heapUsed()
}

/** What people need to see a finding again. */
export function describeFinding(finding: Finding): string {
  const { target, seed, input, round, error, lastInput } = finding
  return [
    `${target}: ${error.stack ?? error.message}`,
    `seed ${seed}, input ${input}:`,
    lastInput,
    `again: pnpm fuzz --seed ${seed} --target ${target} --round ${round} --replay ${input}`,
  ].join('\n')
}
