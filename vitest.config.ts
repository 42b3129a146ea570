import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig, type TestProjectConfiguration } from 'vitest/config'

const root = fileURLToPath(new URL('.', import.meta.url))

/** Tests import each package's source, so that they need no build. */
const alias = [
  { find: /^@jackfield\/([^/]+)$/, replacement: `${root}packages/$1/src/index.ts` },
  { find: /^@jackfield\/([^/]+)\/(.+)$/, replacement: `${root}packages/$1/src/$2.ts` },
  { find: /^jackfield$/, replacement: `${root}packages/jackfield/src/index.ts` },
  { find: /^jackfield\/(.+)$/, replacement: `${root}packages/jackfield/src/$1.ts` },
]

const setupFiles = [`${root}vitest.setup.ts`]

/** For soak runs: how many, and from which seed. */
const provide = { runs: process.env['JACKFIELD_RUNS'] ?? '', seed: process.env['JACKFIELD_SEED'] ?? '' }

/** Packages and tools that only a host runs. */
const hostOnly = ['packages/tun-driver/**', 'packages/jackfield/src/cli/**', 'tools/**', 'examples/**']

const projects: TestProjectConfiguration[] = [
  {
    resolve: { alias },
    test: {
      name: 'unit',
      provide,
      sequence: { groupOrder: 0 },
      include: ['packages/*/src/**/*.test.ts', 'tools/*/src/**/*.test.ts', 'examples/*/src/**/*.test.ts'],
      exclude: ['**/*.kernel.test.ts', '**/*.built.test.ts'],
      setupFiles,
      testTimeout: 30_000,
    },
  },
  {
    // Needs built packages.
    test: {
      name: 'built',
      sequence: { groupOrder: 1 },
      include: ['packages/*/src/**/*.built.test.ts', 'tools/*/src/**/*.built.test.ts'],
      testTimeout: 60_000,
    },
  },
  {
    // Needs a network namespace (tools/netns) and built packages; one file after the other, as they share it.
    resolve: { alias },
    test: {
      name: 'kernel',
      sequence: { groupOrder: 3 },
      include: ['packages/*/src/**/*.kernel.test.ts', 'tools/*/src/**/*.kernel.test.ts'],
      fileParallelism: false,
      testTimeout: 120_000,
      hookTimeout: 60_000,
    },
  },
]

const chromium = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
if (existsSync(chromium)) {
  projects.push({
    resolve: { alias },
    // Found while tests run, it would be built then, and the page loaded again under them.
    optimizeDeps: { include: ['fast-check'] },
    test: {
      name: 'browser',
      provide,
      sequence: { groupOrder: 2 },
      include: ['packages/*/src/**/*.test.ts'],
      exclude: ['**/*.kernel.test.ts', '**/*.built.test.ts', ...hostOnly],
      setupFiles,
      testTimeout: 60_000,
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({
          launchOptions: {
            executablePath: chromium,
            args: [
              '--no-sandbox',
              '--disable-gpu',
              '--disable-quic',
              '--no-first-run',
              '--disable-background-networking',
              '--disable-component-update',
              '--disable-sync',
            ],
          },
        }),
        instances: [{ browser: 'chromium' }],
      },
    },
  })
} else if (process.env['CI']) {
  throw new Error(`the browser tests need Chromium: there is none at ${chromium} (set CHROMIUM to its path)`)
} else {
  console.warn(`browser tests left out: no Chromium at ${chromium} (set CHROMIUM to its path)`)
}

export default defineConfig({ test: { projects } })
