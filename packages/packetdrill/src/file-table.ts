import { ENOTSOCK, SocketError } from '@jackfield/sockets'
import type { ScriptSocket } from './script-socket.js'
import type { SubjectReadiness } from './subject.js'

/** What a descriptor of the script stands for. */
export type ScriptFile =
  | {
      readonly kind: 'socket'
      /** Its descriptor in the stack. */
      readonly live: number
      readonly socket: ScriptSocket
      /** `O_NONBLOCK` and the like, without the access mode. */
      flags: number
    }
  | { readonly kind: 'epoll'; readonly readiness: SubjectReadiness<number> }
  /** A file that reads as zeros and swallows what is written. */
  | { readonly kind: 'zeros' }
  | { readonly kind: 'pipe'; readonly pipe: { buffered: number } }

/** The descriptors of a script. They are the script's own numbers: the stack's may be others. */
export class FileTable {
  private readonly files = new Map<number, ScriptFile>()

  get(fd: number): ScriptFile | undefined {
    return this.files.get(fd)
  }

  set(fd: number, file: ScriptFile): void {
    this.files.set(fd, file)
  }

  delete(fd: number): void {
    this.files.delete(fd)
  }

  /** The stack's number of a socket; -1, which is open nowhere, for a number that is not open. Throws `ENOTSOCK` for other files. */
  live(fd: number): number {
    const file = this.files.get(fd)
    if (file !== undefined && file.kind !== 'socket') throw new SocketError(ENOTSOCK, 'socket call')
    return file?.live ?? -1
  }
}
