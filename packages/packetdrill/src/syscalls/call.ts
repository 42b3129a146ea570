import type { Configuration } from '../configuration.js'
import type { FileTable } from '../file-table.js'
import type { SocketBook } from '../socket-book.js'
import type { SubjectSockets } from '../subject.js'
import type { Arguments } from './arguments.js'

/** What the calls work on. */
export interface CallRun {
  readonly sockets: SubjectSockets
  readonly files: FileTable
  readonly book: SocketBook
  readonly configuration: Configuration
  /** When the script began, microseconds since 1970: what time stamps in control messages count from. */
  readonly wallStart: number
  /** How much later than it happened an event may be seen (`SubjectTime`), in microseconds. */
  lateness(duration: number): number
}

/** What a call came to, where it did not fail. */
export interface Outcome {
  readonly result: number
  /** Looks at what the call filled in, once the result is known to be right: a sentence on what is wrong, or null. */
  check?(): string | null
}

/**
 * One system call. It begins at once, settles when the call returns, and rejects with `SocketError` where the call
 * fails.
 */
export type Syscall = (args: Arguments, run: CallRun) => Promise<Outcome>
