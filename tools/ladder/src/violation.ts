/** One thing that is not as the house has it. */
export interface Violation {
  /** Which rule, in a few words: violations are listed under it. */
  readonly rule: string
  /** A file, from the root of the repository. */
  readonly where: string
  /** What is wrong, and what would be right. */
  readonly message: string
}

/** The violations as a text, by rule. */
export function report(violations: readonly Violation[]): string {
  const byRule = new Map<string, Violation[]>()
  for (const violation of violations) {
    const same = byRule.get(violation.rule)
    if (same === undefined) byRule.set(violation.rule, [violation])
    else same.push(violation)
  }
  const lines: string[] = []
  for (const [rule, list] of byRule) {
    lines.push(`${rule}:`)
    for (const { where, message } of list) lines.push(`  ${where}: ${message}`)
  }
  return lines.join('\n')
}
