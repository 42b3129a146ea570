import { defineConfig } from 'tsup'

/** The build of one library package: ES modules with their types, nothing bundled in from other packages. */
export function library(entry: string[] | Record<string, string>): ReturnType<typeof defineConfig> {
  return defineConfig({
    entry,
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    dts: true,
    clean: true,
    sourcemap: false,
    treeshake: true,
    splitting: true,
    external: [/^@jackfield\//, /^node:/, 'koffi'],
  })
}
