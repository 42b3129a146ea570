import { defineConfig } from 'tsup'

/** `cli` is what is started; it starts the other two in processes of their own. */
export default defineConfig({
  entry: { cli: 'src/cli.ts', 'case-process': 'src/case-process.ts', 'peer-process': 'src/peer-process.ts' },
  format: 'esm',
  target: 'es2022',
  platform: 'node',
  clean: true,
  external: [/^@jackfield\//, /^jackfield/, /^node:/, 'koffi', 'ipaddr.js'],
})
