import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

/** Set in the re-executed process, which has its namespace. */
const INSIDE = 'JACKFIELD_ROOTLESS'

/** Whether this process is the one inside the namespace. */
export function insideNamespace(): boolean {
  return process.env[INSIDE] === '1'
}

/**
 * Runs this command line again in a user and network namespace of its own, where it is root. Node has threads and
 * cannot unshare itself, so unshare(1) does it.
 * @returns its exit status
 */
export function reexecute(): Promise<number> {
  const bin = fileURLToPath(new URL('../bin/jackfield.js', import.meta.url))
  const again = [process.execPath, ...process.execArgv, bin, ...process.argv.slice(2)]
  return run(
    ['unshare', '--user', '--map-root-user', '--net', '--kill-child', '--', ...again],
    { [INSIDE]: '1' },
    (error) =>
      error.code === 'ENOENT'
        ? '--rootless needs the command unshare (package util-linux)'
        : `unshare could not be run: ${error.message}`,
  )
}

/** Runs the command that was given behind `--`, with this process's terminal. Returns its exit status. */
export function runCommand(command: readonly string[]): Promise<number> {
  return run(command, {}, (error) =>
    error.code === 'ENOENT' ? `${command[0]}: command not found` : `${command[0]}: ${error.message}`,
  )
}

function run(
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  explain: (error: NodeJS.ErrnoException) => string,
): Promise<number> {
  const [file = '', ...rest] = command
  const env: NodeJS.ProcessEnv = { ...process.env, ...environment }
  if (environment[INSIDE] === undefined) delete env[INSIDE]
  const child = spawn(file, rest, { stdio: 'inherit', env })
  // The terminal sends its signals to the child as well; a signal for this process alone is passed on.
  const pass = (signal: NodeJS.Signals): void => {
    child.kill(signal)
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
      reject(new Error(explain(error)))
    })
    child.on('exit', (code, signal) => {
      settle()
      resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal])
    })
  })
}
