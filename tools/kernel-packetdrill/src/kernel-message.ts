import { SocketAddress } from '@jackfield/addr'
import type { ReceiveMessage, SendMessage } from '@jackfield/sockets'
import { addressOf } from './kernel-calls.js'
import { ADDRESS_ROOM, readSocketAddress, socketAddressBytes } from './socket-addresses.js'
import { controlBytes, readControl } from './socket-options.js'

/** `struct msghdr` of a 64-bit machine. */
const HEADER_BYTES = 56
const CONTROL_ROOM = 1024

/** A `struct msghdr` with all that it points to. */
export interface KernelMessage {
  readonly header: DataView
  /** What it points to, kept for as long as it is used. */
  readonly name: Uint8Array
  readonly control: Uint8Array
  readonly memory: readonly ArrayBufferView[]
}

export function messageToSend({ iov, name, control }: SendMessage): KernelMessage {
  const address = name instanceof SocketAddress ? socketAddressBytes(name) : new Uint8Array(0)
  return build(iov, address, control === undefined ? new Uint8Array(0) : controlBytes(control))
}

export function messageToReceive({ iov, control }: ReceiveMessage): KernelMessage {
  return build(iov, new Uint8Array(ADDRESS_ROOM), new Uint8Array(control === undefined ? 0 : CONTROL_ROOM))
}

function build(iov: Uint8Array | readonly Uint8Array[], name: Uint8Array, control: Uint8Array): KernelMessage {
  const pieces = iov instanceof Uint8Array ? [iov] : iov
  const vectors = new BigUint64Array(pieces.flatMap((each) => [BigInt(addressOf(each)), BigInt(each.length)]))
  const header = new DataView(new ArrayBuffer(HEADER_BYTES))
  const pointer = (at: number, bytes: ArrayBufferView): void => {
    if (bytes.byteLength > 0) header.setBigUint64(at, BigInt(addressOf(bytes)), true)
  }
  pointer(0, name)
  header.setUint32(8, name.length, true)
  pointer(16, vectors)
  header.setBigUint64(24, BigInt(pieces.length), true)
  pointer(32, control)
  header.setBigUint64(40, BigInt(control.length), true)
  return { header, name, control, memory: [vectors, ...pieces] }
}

/** Fills what the caller of `recvmsg` gave with what the kernel filled in. */
export function takeReceived({ header, name, control }: KernelMessage, into: ReceiveMessage): void {
  if (into.name instanceof SocketAddress && header.getUint32(8, true) > 0) readSocketAddress(name, into.name)
  into.flags = header.getInt32(48, true)
  if (into.control === undefined) return
  into.control.length = 0
  into.control.push(...readControl(control.subarray(0, Number(header.getBigUint64(40, true)))))
}
