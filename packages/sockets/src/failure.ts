import { SocketAddress } from '@jackfield/addr'
import { type Sockaddr, SocketError } from '@jackfield/interfaces'

/** The exception for a call that answered with the negative of an error number. */
export function failure(result: number, syscall: string, address: Sockaddr | null = null): SocketError {
  if (address instanceof SocketAddress) {
    return new SocketError(-result, syscall, { address: address.address.toString(), port: address.port })
  }
  return new SocketError(-result, syscall)
}

/** The result, or the exception for it. */
export function checked(result: number, syscall: string, address: Sockaddr | null = null): number {
  if (result < 0) throw failure(result, syscall, address)
  return result
}
