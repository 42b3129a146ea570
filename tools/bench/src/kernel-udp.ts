import { type KernelSocketCalls, kernelSocketCalls, socketAddress, timeValue } from './kernel-calls.js'

const AF_INET = 2
const SOCK_DGRAM = 2
const SOL_SOCKET = 1
const SO_RCVTIMEO = 20
const MSG_WAITFORONE = 0x10000
/** `struct mmsghdr` on 64-bit Linux, in bytes. */
const MMSGHDR = 64
/** Datagrams in one system call. */
const BATCH = 64

/** Whether the kernel's own sockets can be called: 64-bit Linux with koffi. */
export function kernelUdpAvailable(): boolean {
  return process.platform === 'linux' && (process.arch === 'x64' || process.arch === 'arm64')
}

/**
 * A socket of the kernel, used as a program in C would: 64 datagrams in each `sendmmsg` and `recvmmsg`, called through
 * koffi. (Node's own dgram makes one call and several objects for each, which would be measured in place of the kernel.)
 */
export class KernelUdp {
  private readonly calls: KernelSocketCalls = kernelSocketCalls()
  private readonly fd: number
  private readonly messages: number
  /** What the addresses point to must stay. */
  private readonly kept: Uint8Array[]

  /** @param size payload bytes of what it sends, and the most that it receives */
  constructor(size: number) {
    const addressOf = (bytes: Uint8Array): bigint => BigInt(this.calls.addressOf(bytes))
    const payload = new Uint8Array(BATCH * size)
    const vectors = new BigUint64Array(BATCH * 2)
    const headers = new BigUint64Array((BATCH * MMSGHDR) / 8)
    const vectorBytes = new Uint8Array(vectors.buffer)
    for (let i = 0; i < BATCH; i++) {
      vectors[i * 2] = addressOf(payload) + BigInt(i * size)
      vectors[i * 2 + 1] = BigInt(size)
      // msg_iov and msg_iovlen.
      headers[(i * MMSGHDR) / 8 + 2] = addressOf(vectorBytes) + BigInt(i * 16)
      headers[(i * MMSGHDR) / 8 + 3] = 1n
    }
    const headerBytes = new Uint8Array(headers.buffer)
    this.kept = [payload, vectorBytes, headerBytes]
    this.messages = Number(addressOf(headerBytes))
    this.fd = this.calls.socket(AF_INET, SOCK_DGRAM, 0)
    // A receive call ends after 50 ms, so that a measurement ends when nothing comes any more.
    this.calls.setsockopt(this.fd, SOL_SOCKET, SO_RCVTIMEO, timeValue(0.05), 16)
  }

  bind(address: string, port: number): void {
    const name = socketAddress(address, port)
    if (this.calls.bind(this.fd, name, name.length) !== 0) throw new Error(`bind ${address}:${port}`)
  }

  connect(address: string, port: number): void {
    const name = socketAddress(address, port)
    if (this.calls.connect(this.fd, name, name.length) !== 0) throw new Error(`connect ${address}:${port}`)
  }

  /** Sends up to 64 datagrams; returns how many, negative for none. */
  send(count: number = BATCH): number {
    return this.calls.sendmmsg(this.fd, this.messages, count, 0)
  }

  /** Waits for datagrams, 50 ms at most, and takes up to 64; returns how many, negative for none. */
  receive(count: number = BATCH): number {
    return this.calls.recvmmsg(this.fd, this.messages, count, MSG_WAITFORONE, 0)
  }

  close(): void {
    this.calls.close(this.fd)
    this.kept.length = 0
  }
}
