// Runs one script against the kernel, in a namespace that the caller has made, and prints the result as JSON.
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { runScript, type ScriptResult } from '@jackfield/packetdrill'
import { kernelSubject } from './kernel-subject.js'

const [path = '', ...options] = process.argv.slice(2)
const text = readFileSync(path, 'utf8')
const readFile = (name: string): string | undefined => {
  const near = resolve(dirname(path), name)
  return existsSync(near) ? readFileSync(near, 'utf8') : undefined
}
// Once against the stack: what is run for the first time is slow, and would be taken for the kernel's slowness.
await runScript(text, { file: basename(path), options, readFile })
const result: ScriptResult = await runScript(text, {
  file: basename(path),
  options,
  readFile,
  createSubject: kernelSubject,
})
process.stdout.write(JSON.stringify(result), () => {
  // Threads that wait in the kernel do not end by themselves.
  process.kill(process.pid, 'SIGKILL')
})
