import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'

/** How a program ended. */
export interface Outcome {
  /** Its exit code; null where it was still running when its time was up. */
  readonly code: number | null
  /** What it printed, errors too. */
  readonly output: string
}

/**
 * The folder of somebody who installed every package and copies programs into it. It is under the root's
 * `node_modules/.cache`, so that the types of Node are found, and goes away with `close`.
 */
export class Newcomer {
  private readonly folder: string
  private count = 0

  constructor(root: string) {
    this.folder = join(root, 'node_modules/.cache', `jackfield-readme-${process.pid}`)
    this.close()
    for (const each of readdirSync(join(root, 'packages'))) {
      const path = join(root, 'packages', each)
      const { name } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as { name: string }
      const link = join(this.folder, 'node_modules', name)
      mkdirSync(dirname(link), { recursive: true })
      symlinkSync(path, link)
    }
    writeFileSync(join(this.folder, 'package.json'), '{ "type": "module" }')
  }

  /** Writes a program to a file of its own and gives the name of the file. */
  write(code: string): string {
    const file = join(this.folder, `example-${this.count++}.ts`)
    writeFileSync(file, code)
    return file
  }

  /** What the compiler says of programs in its strictest settings, by file. */
  typeErrors(files: readonly string[]): Map<string, string[]> {
    const program = ts.createProgram([...files], {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      lib: ['lib.es2023.d.ts'],
      types: ['node'],
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      noPropertyAccessFromIndexSignature: true,
      noUnusedLocals: true,
      noUnusedParameters: true,
      isolatedModules: true,
      verbatimModuleSyntax: true,
      erasableSyntaxOnly: true,
      noEmit: true,
    })
    const errors = new Map<string, string[]>()
    for (const { file, messageText, start } of ts.getPreEmitDiagnostics(program)) {
      const name = file?.fileName ?? ''
      const line = file === undefined || start === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line + 1
      const text = `line ${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
      errors.set(name, [...(errors.get(name) ?? []), text])
    }
    return errors
  }

  /** Runs a program under plain Node, its types taken off. It is killed when its time, in milliseconds, is up. */
  run(file: string, timeout: number): Promise<Outcome> {
    const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
    })
    const program = file.replace(/\.ts$/, '.js')
    writeFileSync(program, outputText)
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [program], { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'], timeout })
      let output = ''
      const print = (chunk: Buffer): void => {
        output += chunk.toString()
      }
      child.stdout.on('data', print)
      child.stderr.on('data', print)
      child.on('error', reject)
      child.on('close', (code) => resolve({ code, output }))
    })
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
