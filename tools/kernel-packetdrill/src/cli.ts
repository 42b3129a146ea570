#!/usr/bin/env node
import { spawn } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ScriptResult } from '@jackfield/packetdrill'

const SCRIPTS = fileURLToPath(new URL('../../../packages/packetdrill/scripts', import.meta.url))
const RUN_ONE = fileURLToPath(new URL('./run-one.js', import.meta.url))
const USAGE = `usage: kernel-packetdrill [--jobs N] [--option VALUE ...] [FILE or FOLDER ...]

Runs packetdrill scripts against this machine's kernel, in real time; those of the packetdrill package unless others are named.
  --jobs N   scripts at the same time; default 4
  --verbose  prints what scripts print
Options of packetdrill (--mtu=1400) are passed on.`

/** How often a script is run that failed for its timing only: the machine may have been busy. */
const ATTEMPTS = 3
const TIMING = /timing error|time stamp of/

interface Arguments {
  readonly files: readonly string[]
  readonly options: readonly string[]
  readonly jobs: number
  readonly verbose: boolean
}

function readArguments(args: readonly string[]): Arguments {
  const paths: string[] = []
  const options: string[] = []
  let [jobs, verbose] = [4, false]
  for (let at = 0; at < args.length; at++) {
    const each = args[at] as string
    if (each === '--help') {
      console.log(USAGE)
      process.exit(0)
    }
    if (each === '--jobs') jobs = Number(args[++at])
    else if (each === '--verbose') verbose = true
    else if (each.startsWith('--')) options.push(each)
    else paths.push(each)
  }
  if (!Number.isInteger(jobs) || jobs < 1) {
    console.error(`--jobs takes a number from 1\n\n${USAGE}`)
    process.exit(2)
  }
  return { files: (paths.length === 0 ? [SCRIPTS] : paths).flatMap(scriptsIn), options, jobs, verbose }
}

/** A script, or those of a folder. */
function scriptsIn(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path)
    .sort()
    .flatMap((name) => scriptsIn(join(path, name)))
    .filter((each) => each.endsWith('.pkt'))
}

/** Runs a script in a process with a network namespace of its own. */
function runOne(file: string, options: readonly string[]): Promise<ScriptResult> {
  const inside = ['sh', '-c', 'ip link set lo up && exec "$@"', 'sh', process.execPath, RUN_ONE, file, ...options]
  const child = spawn('unshare', ['--net', ...inside], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [output, noise] = ['', '']
  child.stdout.on('data', (data) => {
    output += data
  })
  child.stderr.on('data', (data) => {
    noise += data
  })
  return new Promise((resolve) => {
    child.on('close', () => {
      try {
        resolve(JSON.parse(output) as ScriptResult)
      } catch {
        const errors = [`${basename(file)}: could not be run: ${noise}${output}`]
        resolve({ passed: false, exitStatus: 1, errors, warnings: [], output: [], duration: 0 })
      }
    })
  })
}

async function runPatiently(file: string, options: readonly string[]): Promise<ScriptResult> {
  for (let attempt = 1; ; attempt++) {
    const result = await runOne(file, options)
    const timing = result.errors.some((each) => TIMING.test(each))
    if (result.passed || !timing || attempt === ATTEMPTS) return result
  }
}

async function main(): Promise<number> {
  const { files, options, jobs, verbose } = readArguments(process.argv.slice(2))
  const waiting = [...files]
  let failed = 0
  const work = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const result = await runPatiently(file, options)
      if (!result.passed) failed++
      const lines = [...(verbose ? result.output : []), ...result.warnings, ...result.errors]
      console.log([`${result.passed ? 'ok  ' : 'FAIL'} ${basename(file)}`, ...lines].join('\n     '))
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))
  console.log(`${files.length - failed} of ${files.length} scripts run as written`)
  return failed === 0 ? 0 : 1
}

process.exitCode = await main()
