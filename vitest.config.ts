import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const root = fileURLToPath(new URL('.', import.meta.url))

/** Tests import each package's source, so that they need no build. */
const alias = [
  { find: /^@jackfield\/([^/]+)$/, replacement: `${root}packages/$1/src/index.ts` },
  { find: /^@jackfield\/([^/]+)\/(.+)$/, replacement: `${root}packages/$1/src/$2.ts` },
  { find: /^jackfield$/, replacement: `${root}packages/jackfield/src/index.ts` },
  { find: /^jackfield\/(.+)$/, replacement: `${root}packages/jackfield/src/$1.ts` },
]

export default defineConfig({
  test: {
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'tools/*/src/**/*.test.ts', 'examples/*/src/**/*.test.ts'],
          exclude: ['**/*.kernel.test.ts'],
          setupFiles: ['./vitest.setup.ts'],
        },
      },
    ],
  },
})
