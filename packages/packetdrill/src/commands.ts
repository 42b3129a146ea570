import { isHostSetting } from './host-settings.js'
import { type ShellCommand, shellCommands } from './shell-words.js'
import type { Subject } from './subject.js'

/** What commands work on. */
export interface CommandRun {
  readonly subject: Subject
  /** The text of a file that a command names, or undefined where there is none. */
  readFile(path: string): string | undefined
  print(line: string): void
  /** Lets so many seconds pass. */
  sleep(seconds: number): void
}

/** Commands that change nothing that a stack in memory has. */
const HARMLESS: ReadonlySet<string> = new Set([
  ':',
  'cat',
  'date',
  'ethtool',
  'export',
  'false',
  'grep',
  'head',
  'modprobe',
  'nstat',
  'rm',
  'set',
  'ss',
  'sync',
  'tail',
  'tc',
  'test',
  'true',
  'ulimit',
])

/** What of `ip` there is nothing to do for here: routes and metrics of the tool's own device. */
const HARMLESS_IP: ReadonlySet<string> = new Set(['route', 'tcp_metrics', 'rule', 'neigh', 'r', 'ro'])

/**
 * What a `defaults.sh` that cannot be read is taken to set, as far as the stack has it. The receive buffer's limit decides
 * the window scale, which scripts show.
 */
const DEFAULTS: Readonly<Record<string, string>> = {
  'net.ipv4.tcp_rmem': '4096 131072 15728640',
  'net.ipv4.tcp_wmem': '4096 16384 4194304',
  'net.ipv4.tcp_no_metrics_save': '1',
}

const PROC = '/proc/sys/'

/** Runs the commands of a shell text, so far as they mean something to a stack in memory. Throws an Error for others. */
export function runCommands(text: string, run: CommandRun): void {
  for (const command of shellCommands(text)) runCommand(command, run)
}

function runCommand({ words, output }: ShellCommand, run: CommandRun): void {
  const [path = '', ...args] = words
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (name === 'sysctl') setSettings(args, run)
  else if (name === 'set_sysctls.py') for (const each of args) setSetting(each, run, false)
  else if (name === 'echo') echo(args, output, run)
  else if (name === 'sleep') sleep(args, run)
  else if (name === 'ip') runIp(args, run)
  else if (name === 'ifconfig') runIfconfig(args, run)
  else if (HARMLESS.has(name)) return
  else if (name.startsWith('sysctl_restore')) return
  else if (name.endsWith('.sh') || path.includes('/')) runFile(path, name, run)
  else {
    const known = 'sysctl, echo VALUE > /proc/sys/..., ip link set mtu, sleep, and scripts of these'
    throw new Error(`'${path}' is no command of this tool: it knows ${known}`)
  }
}

/** A script of commands. What it does beside settings is not this stack's business. */
function runFile(path: string, name: string, run: CommandRun): void {
  const text = run.readFile(path)
  if (text === undefined) {
    if (name !== 'defaults.sh') throw new Error(`cannot read '${path}'`)
    for (const [setting, value] of Object.entries(DEFAULTS)) applySetting(setting, value, run, true)
    return
  }
  for (const { words, output } of shellCommands(text)) {
    const command = words[0]?.slice(words[0].lastIndexOf('/') + 1)
    if (command === 'sysctl') setSettings(words.slice(1), run, true)
    else if (command === 'set_sysctls.py') for (const each of words.slice(1)) setSetting(each, run, true)
    else if (command === 'echo' && output?.startsWith(PROC)) echo(words.slice(1), output, run, true)
  }
}

/** `sysctl -q -w name=value ...`; `-e` passes over unknown names. */
function setSettings(args: readonly string[], run: CommandRun, lenient = false): void {
  const flags = args.filter((each) => each.startsWith('-'))
  const unknownPass = lenient || flags.some((each) => /^-[a-z]*e/.test(each) || each === '--ignore')
  const rest = args.filter((each) => !each.startsWith('-'))
  // `name = value` in three words is one assignment.
  const joined = rest.length === 3 && rest[1] === '=' ? [rest.join('')] : rest
  for (const each of joined) if (each.includes('=')) setSetting(each, run, unknownPass)
}

function setSetting(assignment: string, run: CommandRun, lenient: boolean): void {
  const equals = assignment.indexOf('=')
  if (equals < 1) throw new Error(`a setting is NAME=VALUE, not '${assignment}'`)
  applySetting(assignment.slice(0, equals), assignment.slice(equals + 1), run, lenient)
}

function applySetting(name: string, value: string, run: CommandRun, lenient: boolean): void {
  const dotted = (name.startsWith(PROC) ? name.slice(PROC.length) : name).replaceAll('/', '.').trim()
  if (!run.subject.hasSetting(dotted) && (lenient || isHostSetting(dotted))) return
  run.subject.set(dotted, value.trim().replaceAll(/\s+/g, ' '))
}

/** `echo VALUE > /proc/sys/...` sets; else it prints. */
function echo(args: readonly string[], output: string | null, run: CommandRun, lenient = false): void {
  const words = args.filter((each) => !/^-[neE]+$/.test(each))
  if (output?.startsWith(PROC)) applySetting(output, words.join(' '), run, lenient)
  else if (output === null) run.print(words.join(' '))
}

function sleep(args: readonly string[], run: CommandRun): void {
  const seconds = Number(args[0])
  if (!(seconds >= 0)) throw new Error(`sleep takes a number of seconds, not '${args[0] ?? ''}'`)
  run.sleep(seconds)
}

function runIp(args: readonly string[], run: CommandRun): void {
  const words = args.filter((each) => !each.startsWith('-'))
  const object = words[0] ?? ''
  if (HARMLESS_IP.has(object)) return
  if (object !== 'link')
    throw new Error(`'ip ${args.join(' ')}' is not supported: ip link set, route and tcp_metrics are`)
  changeLink(words, run)
}

function runIfconfig(args: readonly string[], run: CommandRun): void {
  changeLink(args, run)
}

function changeLink(words: readonly string[], { subject }: CommandRun): void {
  const mtu = words.indexOf('mtu')
  if (mtu >= 0) subject.setLink({ mtu: Number(words[mtu + 1]) })
  if (words.includes('down')) subject.setLink({ up: false })
  if (words.includes('up')) subject.setLink({ up: true })
}
