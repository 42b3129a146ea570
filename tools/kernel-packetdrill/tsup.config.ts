import { defineConfig } from 'tsup'

export default defineConfig({
  entry: { cli: 'src/cli.ts', 'run-one': 'src/run-one.ts', 'call-worker': 'src/call-worker.ts' },
  format: 'esm',
  target: 'es2022',
  platform: 'node',
  clean: true,
  external: [/^@jackfield\//, 'koffi'],
})
