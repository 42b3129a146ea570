import type { StackModule } from '@jackfield/interfaces'
import { type Configuration, configure } from './configuration.js'
import { ownDefinitions, parseScript } from './parse-script.js'
import { reportFault } from './report.js'
import type { Script, ScriptOption } from './script.js'
import { createScriptHost, type ScriptHost } from './script-host.js'
import { EventFailure, ScriptRun } from './script-run.js'
import { stackSubject } from './stack-subject.js'
import type { Subject } from './subject.js'

/** How a script is run. */
export interface RunScriptOptions {
  /** Its name in reports. Default `'script'`. */
  file?: string
  /** Options of the tool, as `['--mtu=1400', '--define=CC="reno"']`; they win over those in the script. */
  options?: readonly string[]
  /** Modules of the stack. Default: those of `defaultModules`. */
  modules?: readonly StackModule[]
  /** Makes the host; `modules` and `seed` are then its own business. Default: `createScriptHost`. */
  createHost?: (configuration: Configuration) => ScriptHost
  /** Makes what the script is run against where that is no stack in virtual time; the three above have no say then. */
  createSubject?: (configuration: Configuration) => Subject | Promise<Subject>
  /** Chooses all chance of the stack. */
  seed?: number | string
  /** Gives the text of a file that a command names (`../common/defaults.sh`), undefined where there is none. */
  readFile?: (path: string) => string | undefined
}

/** What came of a script. */
export interface ScriptResult {
  readonly passed: boolean
  /** As a process of the tool would end: 0 or 1. */
  readonly exitStatus: 0 | 1
  /** What is wrong, as `FILE:LINE: error handling packet: ...`. */
  readonly errors: readonly string[]
  /** What `--non_fatal` let pass. */
  readonly warnings: readonly string[]
  /** What code blocks and commands printed, line by line. */
  readonly output: readonly string[]
  /** Time that it took on the subject's clock, in microseconds. */
  readonly duration: number
}

/**
 * Runs a script against a stack in virtual time. It does not reject for what is wrong with the script or the stack: the
 * result says so.
 */
export async function runScript(text: string, options: RunScriptOptions = {}): Promise<ScriptResult> {
  const { file = 'script' } = options
  const errors: string[] = []
  const warnings: string[] = []
  const output: string[] = []
  let duration = 0
  let subject: Subject | null = null
  try {
    const given = (options.options ?? []).map(toOption)
    const script = parseScript(text, ownDefinitions(given))
    const configuration = configure([...script.options, ...given])
    subject = await makeSubject(options, configuration)
    const run = new ScriptRun(subject, configuration, {
      print: (line) => output.push(line),
      warn: (fault) => warnings.push(reportFault(file, fault, fault.line)),
      readFile: options.readFile ?? (() => undefined),
    })
    try {
      await runEvents(script, configuration, run)
    } finally {
      duration = run.now
    }
  } catch (error) {
    if (error instanceof EventFailure) errors.push(reportFault(file, error.cause, error.line))
    else errors.push(reportFault(file, error, 1))
  }
  await closeSubject(subject, file, errors)
  const passed = errors.length === 0
  return { passed, exitStatus: passed ? 0 : 1, errors, warnings, output, duration }
}

async function makeSubject(
  { createSubject, ...options }: RunScriptOptions,
  configuration: Configuration,
): Promise<Subject> {
  return createSubject === undefined ? stackSubject(makeHost(options, configuration)) : createSubject(configuration)
}

function makeHost(options: RunScriptOptions, configuration: Configuration): ScriptHost {
  if (options.createHost !== undefined) return options.createHost(configuration)
  const { modules, seed } = options
  return createScriptHost({
    configuration,
    ...(modules === undefined ? {} : { modules }),
    ...(seed === undefined ? {} : { seed }),
  })
}

async function runEvents(script: Script, configuration: Configuration, run: ScriptRun): Promise<void> {
  for (const path of configuration.initScripts) run.command({ kind: 'command', line: 1, text: path })
  if (script.init !== null) run.command(script.init)
  run.begin()
  for (const event of script.events) await run.event(event)
  await run.finish()
}

/** Closes a subject; packets that nobody holds any more and nobody released, and the like, are a fault of the script's run. */
async function closeSubject(subject: Subject | null, file: string, errors: string[]): Promise<void> {
  if (subject === null) return
  try {
    const wrong = await subject.close()
    if (wrong !== null) errors.push(`${file}: ${wrong}`)
  } catch (error) {
    errors.push(reportFault(file, error, 1))
  }
}

/** `--name=value` as an option. */
function toOption(text: string): ScriptOption {
  const found = /^--([a-zA-Z0-9_]+)(?:=([\s\S]*))?$/.exec(text)
  if (found === null) throw new RangeError(`an option is --NAME=VALUE, not '${text}'`)
  return { name: found[1] as string, value: found[2] ?? '', line: 1 }
}
