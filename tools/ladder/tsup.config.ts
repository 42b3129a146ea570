import { defineConfig } from 'tsup'

export default defineConfig({
  entry: ['src/cli.ts'],
  format: 'esm',
  target: 'node20',
  platform: 'node',
  external: ['dependency-cruiser', 'typescript'],
  clean: true,
})
