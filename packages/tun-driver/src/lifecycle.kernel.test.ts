import { type ChildProcess, spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'tsup'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from './host.test-commands.js'
import { readInterface } from './index.js'

// Inside of the package's node_modules, from where the program finds koffi.
const directory = fileURLToPath(new URL('../node_modules/.lifecycle', import.meta.url))

beforeAll(async () => {
  await build({
    entry: [fileURLToPath(new URL('lifecycle.test-program.ts', import.meta.url))],
    tsconfig: fileURLToPath(new URL('../../../tsconfig.test.json', import.meta.url)),
    outDir: directory,
    outExtension: () => ({ js: '.mjs' }),
    config: false,
    format: 'esm',
    target: 'es2022',
    noExternal: [/^@jackfield\//],
    external: ['koffi'],
    silent: true,
  })
}, 60_000)

afterAll(() => rmSync(directory, { recursive: true, force: true }))

interface Ending {
  readonly child: ChildProcess
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>
}

function start(what: string): Ending {
  const child = spawn(process.execPath, [`${directory}/lifecycle.test-program.mjs`, what])
  let output = ''
  child.stdout.on('data', (data) => (output += data))
  child.stderr.on('data', (data) => (output += data))
  return { child, ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, output }))) }
}

test('a program whose device is closed ends by itself', async () => {
  const { code, output } = await start('close').ended
  expect(output).toBe('answered 2000\n')
  expect(code).toBe(0)
  expect(readInterface('tunlife')).toBeNull()
})

test('process.exit is not held up, in the midst of traffic', async () => {
  const { code, output } = await start('exit').ended
  expect(output).toMatch(/^answered \d+\n$/)
  expect(code).toBe(7)
  expect(readInterface('tunlife')).toBeNull()
})

test('a device that was told so does not keep the program running', async () => {
  const { code } = await start('unref').ended
  expect(code).toBe(0)
})

test('an open device keeps the program running', async () => {
  const { child, ended } = start('stay')
  await until(() => readInterface('tunlife')?.up === true, 'the device')
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(child.exitCode).toBeNull()
  child.kill('SIGTERM')
  expect((await ended).code).toBeNull()
  expect(readInterface('tunlife')).toBeNull()
})

test('a program at rest sleeps, after traffic too', async () => {
  const { code, output } = await start('rest').ended
  expect(code).toBe(0)
  const turns = Number(/turns (\d+)/.exec(output)?.[1] ?? Number.NaN)
  expect(turns).toBeLessThan(100)
})
