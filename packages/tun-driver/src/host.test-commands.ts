import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'

/** Runs a command and gives what it printed; rejects where it fails. */
export function run(command: string, ...parameters: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, parameters, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(new Error(`${command} ${parameters.join(' ')}: ${stdout}${stderr}`))
    })
  })
}

/** Waits until something holds; rejects after five seconds. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (holds()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`waited in vain for ${what}`)
}

/** What the open descriptors of this process are, in order. */
export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length
}
