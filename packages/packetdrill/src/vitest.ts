import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type RunScriptOptions, runScript } from './run-script.js'

/** How a folder of scripts is tested. */
export interface TestScriptsOptions extends Omit<RunScriptOptions, 'file' | 'readFile'> {
  /** Which files are scripts. Default: those that end in `.pkt`. */
  matches?: (file: string) => boolean
}

/**
 * Makes a test of each script in a folder and the folders in it. Call it in a test file.
 * @throws Error where there is no script: a folder that moved must not pass
 */
export function testScripts(folder: string, options: TestScriptsOptions = {}): void {
  const { matches = (file) => file.endsWith('.pkt'), ...runOptions } = options
  const files = scriptsIn(folder).filter(matches)
  if (files.length === 0) throw new Error(`there are no scripts in ${folder}`)
  describe(`scripts in ${basename(folder)}`, () => {
    for (const path of files) {
      const file = relative(folder, path)
      test(`${file} runs`, async () => {
        const readFile = (name: string): string | undefined => readNear(path, name)
        const { errors } = await runScript(readFileSync(path, 'utf8'), { ...runOptions, file, readFile })
        expect(errors.join('\n')).toBe('')
      })
    }
  })
}

/** Every file below a folder, in order. */
function scriptsIn(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))
    .flatMap((path) => (statSync(path).isDirectory() ? scriptsIn(path) : [path]))
}

/** A file that a script names, from the folder of the script. */
function readNear(script: string, name: string): string | undefined {
  const path = resolve(dirname(script), name)
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}
