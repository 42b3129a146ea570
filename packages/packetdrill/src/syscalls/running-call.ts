import { SocketError } from '@jackfield/sockets'
import type { SyscallSpec } from '../script.js'
import { ScriptError } from '../script-error.js'
import { errorName, errorText, symbolValue } from '../symbols.js'
import { Arguments } from './arguments.js'
import type { CallRun, Outcome } from './call.js'
import { SYSCALLS } from './table.js'

/** A system call that was begun, until its end was looked at. */
export class RunningCall {
  readonly spec: SyscallSpec
  /** When it returned, on the stack's clock; null while it has not. */
  returned: number | null = null
  private outcome: Outcome | null = null
  private failure: unknown = null

  /** Begins a call. */
  constructor(spec: SyscallSpec, run: CallRun, now: () => number) {
    this.spec = spec
    const implementation = SYSCALLS.get(spec.name)
    if (implementation === undefined) {
      const names = [...SYSCALLS.keys()].join(', ')
      throw new ScriptError('system call', spec.line, `Unknown system call: '${spec.name}'. They are ${names}`)
    }
    const begin = async (): Promise<Outcome> => implementation(new Arguments(spec), run)
    begin().then(
      (outcome) => {
        this.outcome = outcome
        this.returned = now()
      },
      (error: unknown) => {
        this.failure = error
        this.returned = now()
      },
    )
  }

  /** Compares what the call returned with what the script expects; throws what is wrong. Once it has returned. */
  check(): void {
    const { failure, spec } = this
    if (failure !== null && !(failure instanceof SocketError)) throw this.asScriptError(failure)
    const errno = failure === null ? 0 : (failure as SocketError).errno
    const actual = failure === null ? (this.outcome?.result ?? 0) : -1
    const wrong = this.compare(actual, errno) ?? (failure === null ? (this.outcome?.check?.() ?? null) : null)
    if (wrong !== null) throw new ScriptError('system call', spec.line, `runtime error in ${spec.name} call: ${wrong}`)
  }

  private compare(actual: number, errno: number): string | null {
    const { result, errno: errnoName } = this.spec
    if (result.kind !== 'ellipsis') {
      const expected = new Arguments(this.spec).value(result, 'the result')
      if (expected !== actual) {
        const why = errno === 0 ? '' : ` with errno ${errno} (${errorText(errno)})`
        return `Expected result ${expected} but got ${actual}${why}`
      }
    }
    if (errnoName === null) return null
    const wanted = symbolValue(errnoName)
    if (wanted === undefined) return `unknown error name '${errnoName}'`
    if (wanted === errno) return null
    const found = errno === 0 ? 'none' : `${errorName(errno)} (${errorText(errno)})`
    return `Expected errno ${errnoName} (${errorText(wanted)}) but got ${found}`
  }

  /** What an implementation threw that is no error of a socket: a fault of the script's arguments. */
  private asScriptError(failure: unknown): unknown {
    if (failure instanceof ScriptError) return failure
    if (failure instanceof TypeError || failure instanceof RangeError) {
      const message = `runtime error in ${this.spec.name} call: ${failure.message}`
      return new ScriptError('system call', this.spec.line, message, false, failure)
    }
    return failure
  }
}
