import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { ExitError } from './exit-error.js'

/** Set in the re-executed process, which has its namespace. */
const INSIDE = 'JACKFIELD_ROOTLESS'

/** Whether this process is the one inside the namespace. */
export function insideNamespace(): boolean {
  return process.env[INSIDE] === '1'
}

/**
 * Runs this command line again in a user and network namespace of its own, where it is root. Node has threads and
 * cannot unshare itself, so unshare(1) does it, and becomes the process that signals are passed on to: with
 * its own --kill-child it would stay between and ignore them. So setpriv(1) sees to it that no process outlives this one.
 * @returns its exit status
 */
export function reexecute(): Promise<number> {
  const bin = fileURLToPath(new URL('../bin/jackfield.js', import.meta.url))
  const again = [process.execPath, ...process.execArgv, bin, ...process.argv.slice(2)]
  return run(
    ['unshare', '--user', '--map-root-user', '--net', '--', 'setpriv', '--pdeathsig', 'KILL', '--', ...again],
    { [INSIDE]: '1' },
    (error) =>
      new Error(
        error.code === 'ENOENT'
          ? '--rootless needs the command unshare (package util-linux)'
          : `unshare could not be run: ${error.message}`,
      ),
  )
}

/**
 * Runs the command that was given behind `--`, with this process's terminal. Returns its exit status.
 * One that cannot be run gives the status that shells and env(1) have for it.
 */
export function runCommand(command: readonly string[]): Promise<number> {
  return run(command, {}, (error) =>
    error.code === 'ENOENT'
      ? new ExitError(`${command[0]}: command not found`, 127)
      : new ExitError(`${command[0]}: ${error.code === 'EACCES' ? 'permission denied' : error.message}`, 126),
  )
}

function run(
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  explain: (error: NodeJS.ErrnoException) => Error,
): Promise<number> {
  const [file = '', ...rest] = command
  const env: NodeJS.ProcessEnv = { ...process.env, ...environment }
  if (environment[INSIDE] === undefined) delete env[INSIDE]
  const child = spawn(file, rest, { stdio: 'inherit', env })
  // A terminal sends its SIGINT to the child as well; a signal for this process alone is passed on.
  const pass = (signal: NodeJS.Signals): void => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
  }
  process.on('SIGINT', pass)
  process.on('SIGTERM', pass)
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      process.off('SIGINT', pass)
      process.off('SIGTERM', pass)
    }
    child.on('error', (error: NodeJS.ErrnoException) => {
      settle()
      reject(explain(error))
    })
    child.on('exit', (code, signal) => {
      settle()
      resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal])
    })
  })
}
