import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cruise, type ICruiseResult } from 'dependency-cruiser'
import type { House } from './house.js'

/** One import of one source file. */
export interface Import {
  /** The file that imports, from the root of the repository. */
  readonly from: string
  /** As it is written: `@jackfield/addr`, `./wire.js`; Node's modules with their prefix: `node:fs`. */
  readonly specifier: string
  /** The file that it comes to, from the root; as written for what is not a file here. */
  readonly target: string
  readonly resolved: boolean
  /** A module of Node itself. */
  readonly node: boolean
  /** Whether it is gone after compilation. */
  readonly typeOnly: boolean
}

/** Every source file of the house and the imports in it, read by dependency-cruiser. */
export interface Sources {
  readonly files: readonly string[]
  readonly imports: readonly Import[]
}

/** Reads the sources of packages, examples and tools. Imports between packages lead to sources: no build is needed. */
export async function readSources(house: House): Promise<Sources> {
  const alias: Record<string, string> = {}
  for (const { manifest, name, path } of house.rooms) {
    for (const entry of Object.keys(manifest.exports ?? {})) {
      if (entry === './package.json') continue
      const file = entry === '.' ? 'index' : entry.slice(2)
      alias[`${name}${entry.slice(1)}$`] = join(house.root, path, 'src', `${file}.ts`)
    }
  }
  const folders = [...house.rooms, ...house.guests]
    .map(({ path }) => `${path}/src`)
    .filter((folder) => existsSync(join(house.root, folder)))
  if (folders.length === 0) return { files: [], imports: [] }
  const { output } = await cruise(
    folders,
    {
      baseDir: house.root,
      tsPreCompilationDeps: true,
      doNotFollow: { path: '(^|/)(node_modules|dist)/' },
    },
    {
      alias,
      extensions: ['.ts', '.d.ts', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  )
  return collect(output as ICruiseResult, folders)
}

function collect(output: ICruiseResult, folders: readonly string[]): Sources {
  const files: string[] = []
  const imports: Import[] = []
  for (const module of output.modules) {
    if (!folders.some((folder) => module.source.startsWith(`${folder}/`))) continue
    files.push(module.source)
    for (const dependency of module.dependencies) {
      imports.push({
        from: module.source,
        specifier: dependency.coreModule ? `node:${dependency.module.replace(/^node:/, '')}` : dependency.module,
        target: dependency.resolved,
        resolved: !dependency.couldNotResolve,
        node: dependency.coreModule,
        typeOnly: dependency.dependencyTypes.includes('type-only'),
      })
    }
  }
  return { files, imports }
}
