import { SocketError } from '@jackfield/sockets'

/** The result of a system call. @throws SocketError for a negative error number */
export function checked(result: number, call: string): number {
  if (result < 0) throw new SocketError(-result, call)
  return result
}
