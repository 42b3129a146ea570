/** What kind of fault a script ended with. */
export type FaultKind = 'parse' | 'semantic' | 'packet' | 'system call' | 'code' | 'command' | 'setup'

/** A fault of a script, or of the stack under test, found at a line of it. */
export class ScriptError extends Error {
  readonly kind: FaultKind
  /** Line of the script, from 1. */
  readonly line: number
  /** Whether `--non_fatal` may let the run go on after it, as a warning: faults of timing. */
  readonly warning: boolean

  constructor(kind: FaultKind, line: number, message: string, warning = false, cause?: unknown) {
    super(message, { cause })
    this.name = 'ScriptError'
    this.kind = kind
    this.line = line
    this.warning = warning
  }
}
