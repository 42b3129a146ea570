import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { runScript, type ScriptResult } from '@jackfield/packetdrill'
import { Command } from 'commander'
import { errorColors, outputColors } from './colors.js'
import { ExitError } from './exit-error.js'

/** What `jackfield packetdrill` was told. */
interface PacketdrillOptions {
  define: string[]
  seed: string
  quiet: boolean
}

/** Options of the tool that are given on, with what they take. */
const GIVEN_ON: readonly (readonly [string, string])[] = [
  ['--bind_port <port>', 'the port that bind takes where the script leaves it out (8080)'],
  ['--connect_port <port>', 'the port that connect goes to (8080)'],
  ['--gateway_ip <address>', "the router on the stack's network (192.168.0.2)"],
  ['--init_scripts <files>', 'commands to run first, with commas between the files'],
  ['--ip_version <version>', 'ipv4, ipv6 or ipv4-mapped-ipv6 (ipv4)'],
  ['--local_ip <address>', "the stack's address (192.168.0.1)"],
  ['--mtu <bytes>', 'of the device (1500)'],
  ['--netmask_ip <mask>', "of the stack's network (255.255.0.0)"],
  ['--non_fatal <kinds>', 'packet, syscall or both: faults of timing only warn'],
  ['--remote_ip <address>', "the peer's address (192.0.2.1)"],
  ['--strict_segments', 'one segment of the script is one of the stack'],
  ['--tcp_ts_tick_usecs <microseconds>', 'what a tick of TCP time stamps takes; 0: their values are not checked (0)'],
  ['--tolerance_percent <percent>', 'how far an event may be from its time, in percent of the time before it (0)'],
  ['--tolerance_usecs <microseconds>', 'how far an event may be from its time (4000)'],
]

/** `jackfield packetdrill`: runs scripts against a stack in memory. */
export function packetdrillCommand(): Command {
  const command = new Command('packetdrill')
    .summary('run packetdrill scripts against a stack in memory')
    .description('Runs packetdrill scripts against a stack in virtual time. The options are those of the tool.')
    .argument('<files...>', 'the scripts')
    .option('--seed <seed>', 'chooses all chance of the stack', 'packetdrill')
    .option('-D, --define <name=value>', 'a name that the scripts may use', collect, [])
    .option('-q, --quiet', 'tell of failures only', false)
  for (const [flags, description] of GIVEN_ON) command.option(flags, description)
  return command.action(async (files: string[], options: PacketdrillOptions & Record<string, unknown>) => {
    await runFiles(files, options)
  })
}

function collect(value: string, before: string[]): string[] {
  return [...before, value]
}

/** Runs every file; exit status 1 where one fails. */
async function runFiles(
  files: readonly string[],
  options: PacketdrillOptions & Record<string, unknown>,
): Promise<void> {
  for (const file of files) if (!existsSync(file)) throw new ExitError(`cannot read ${file}: no such file`, 1)
  const given = [...toolOptions(options), ...options.define.map((each) => `--define=${each}`)]
  let failed = 0
  for (const file of files) {
    const readFile = (name: string): string | undefined => readNear(file, name)
    const result = await runScript(readFileSync(file, 'utf8'), { file, options: given, seed: options.seed, readFile })
    report(file, result, options.quiet)
    if (!result.passed) failed++
  }
  if (failed > 0) process.exitCode = 1
  if (!options.quiet && files.length > 1)
    process.stdout.write(`${files.length - failed} of ${files.length} scripts passed\n`)
}

function report(file: string, result: ScriptResult, quiet: boolean): void {
  for (const line of result.output) process.stdout.write(`${line}\n`)
  for (const warning of result.warnings) process.stderr.write(`${errorColors.yellow(warning)}\n`)
  for (const error of result.errors) process.stderr.write(`${errorColors.red(error)}\n`)
  if (result.passed && !quiet) {
    process.stdout.write(
      `${outputColors.green('ok')} ${file} (${(result.duration / 1e6).toFixed(3)} s of virtual time)\n`,
    )
  }
}

/** Those options that the tool itself takes, as it reads them. */
function toolOptions(options: Record<string, unknown>): string[] {
  return GIVEN_ON.flatMap(([flags]) => {
    const name = flags.slice(2).split(' ')[0] as string
    const value = options[name]
    if (value === undefined) return []
    return [value === true ? `--${name}` : `--${name}=${String(value)}`]
  })
}

/** A file that a script names, from the folder of the script. */
function readNear(script: string, name: string): string | undefined {
  const path = resolve(dirname(script), name)
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}
