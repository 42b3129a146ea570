/** Whether a file is a test or belongs to one: `x.test.ts`, `x.kernel.test.ts`, `x.test-fixture.ts`. Not published. */
export function isTest(file: string): boolean {
  return /\.test(-[\w-]+)?\.ts$/.test(file)
}

/** Whether it is a test that only Node runs: against the kernel, or against what was built. */
export function isHostTest(file: string): boolean {
  return /\.(kernel|built)\.test(-[\w-]+)?\.ts$/.test(file)
}

/** The name of the package in an import: `@jackfield/udp` of `@jackfield/udp/wire`, `koffi` of `koffi/indirect`. */
export function packageOf(specifier: string): string {
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? specifier)
}
