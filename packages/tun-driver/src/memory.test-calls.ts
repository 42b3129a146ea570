import type { KernelCalls } from './kernel-calls.js'

const SPACING = 0x1_0000_0000

/** System calls on memory of this process's own choice: writes are kept, or fail as `failure` says. */
export class MemoryCalls implements KernelCalls {
  readonly pointerSize = 8
  /** The error number with which calls fail; 0: they do not. */
  failure = 0
  /** By name: calls that fail alone. */
  readonly failures = new Map<string, number>()
  readonly written: Uint8Array[] = []
  /** What is to be read, one of them a call. */
  readonly incoming: Uint8Array[] = []
  readonly closed: number[] = []
  readonly requests: number[] = []
  /** Descriptors of the namespaces that were entered. */
  readonly entered: number[] = []
  vectors = 0
  private readonly memory: Uint8Array[] = []
  private descriptors = 10
  private last = 0

  addressOf(bytes: Uint8Array): number {
    let index = this.memory.indexOf(bytes)
    if (index < 0) index = this.memory.push(bytes) - 1
    return (index + 1) * SPACING
  }

  write(_fd: number, address: number, length: number): number {
    if (this.fails('write')) return -1
    this.written.push(this.at(address, length))
    return length
  }

  writev(_fd: number, address: number, count: number): number {
    this.vectors++
    if (this.fails('writev')) return -1
    const vector = new DataView(this.at(address, count * 16).buffer)
    const parts: number[] = []
    for (let i = 0; i < count; i++) {
      const base = vector.getUint32(i * 16 + 4, true) * SPACING + vector.getUint32(i * 16, true)
      parts.push(...this.at(base, vector.getUint32(i * 16 + 8, true)))
    }
    this.written.push(Uint8Array.from(parts))
    return parts.length
  }

  open(): number {
    return this.fails('open') ? -1 : this.descriptors++
  }

  close(fd: number): number {
    this.closed.push(fd)
    return 0
  }

  ioctl(_fd: number, request: number): number {
    this.requests.push(request)
    return this.fails('ioctl') || this.fails(request.toString(16)) ? -1 : 0
  }

  ioctlNumber(_fd: number, request: number, argument: number): number {
    this.requests.push(request)
    return this.fails(request.toString(16)) || this.fails(`${request.toString(16)} ${argument}`) ? -1 : 0
  }

  read(_fd: number, address: number, length: number): number {
    const bytes = this.incoming.shift()
    if (bytes === undefined) return -1
    const target = this.memory[Math.floor(address / SPACING) - 1] as Uint8Array
    const taken = Math.min(bytes.length, length)
    target.set(bytes.subarray(0, taken), address % SPACING)
    return taken
  }

  socket(): number {
    return this.fails('socket') ? -1 : this.descriptors++
  }

  bind(): number {
    return 0
  }

  setsockopt(): number {
    return 0
  }

  pipe2(): number {
    return this.fails('pipe2') ? -1 : 0
  }

  dup3(): number {
    return 0
  }

  setns(fd: number): number {
    if (this.fails('setns') || this.fails(`setns ${fd}`)) return -1
    this.entered.push(fd)
    return 0
  }

  errno(): number {
    return this.last
  }

  private fails(name: string): boolean {
    this.last = this.failures.get(name) ?? this.failure
    return this.last !== 0
  }

  private at(address: number, length: number): Uint8Array {
    const bytes = this.memory[Math.floor(address / SPACING) - 1]
    const from = address % SPACING
    if (bytes === undefined || from + length > bytes.length)
      throw new Error(`${length} bytes at ${address} are not memory`)
    return bytes.slice(from, from + length)
  }
}
