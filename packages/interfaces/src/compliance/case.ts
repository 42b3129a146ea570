/** One test of a compliance suite, for any test framework: it throws, or its promise rejects, where the contract is broken. */
export interface ComplianceCase {
  /** What must hold, as a sentence. */
  readonly name: string
  run(): void | Promise<void>
}

/** @throws Error with the message unless the condition holds */
export function demand(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message)
}

/** @throws Error unless both are the same, by `Object.is` */
export function demandSame(actual: unknown, expected: unknown, what: string): void {
  if (!Object.is(actual, expected)) throw new Error(`${what}: ${String(actual)}, and ${String(expected)} was expected`)
}
