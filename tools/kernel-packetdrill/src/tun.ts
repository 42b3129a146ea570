import type { SentPacket } from '@jackfield/packetdrill'
import { addressOf, systemCall } from './kernel-calls.js'

const O_RDWR = 2
const O_NONBLOCK = 0o4000
// linux/if_tun.h
const TUNSETIFF = 0x400454ca
const IFF_TUN = 0x0001
const IFF_NO_PI = 0x1000
/** `struct ifreq`. */
const REQUEST_BYTES = 40
const LARGEST_PACKET = 65_536

/**
 * A TUN device without offloads, read and written in the calling thread: the time of a packet is that of its reading, which
 * a driver with a thread or an event loop of its own would put off.
 */
export class Tun {
  readonly fd: number
  /** What the kernel sent and nobody took. */
  readonly sent: SentPacket[] = []
  private readonly now: () => number
  private readonly buffer = new Uint8Array(LARGEST_PACKET)
  private readonly address: number

  /** @throws Error where the device cannot be made */
  constructor(name: string, now: () => number) {
    this.now = now
    this.address = addressOf(this.buffer)
    this.fd = systemCall('open', addressOf(text('/dev/net/tun')), O_RDWR | O_NONBLOCK)
    if (this.fd < 0) throw new Error(`cannot open /dev/net/tun: error ${-this.fd}`)
    const request = new Uint8Array(REQUEST_BYTES)
    request.set(text(name))
    new DataView(request.buffer).setUint16(16, IFF_TUN | IFF_NO_PI, true)
    const result = systemCall('ioctl', this.fd, TUNSETIFF, addressOf(request))
    if (result < 0) throw new Error(`cannot make ${name}: error ${-result}`)
  }

  /** Takes what the kernel has sent. */
  drain(): void {
    for (;;) {
      const length = systemCall('read', this.fd, this.address, LARGEST_PACKET)
      if (length <= 0) return
      this.sent.push({ bytes: this.buffer.slice(0, length), time: this.now() })
    }
  }

  /** Gives the kernel a packet. */
  inject(bytes: Uint8Array): void {
    this.buffer.set(bytes)
    const result = systemCall('write', this.fd, this.address, bytes.length)
    if (result !== bytes.length) throw new Error(`the kernel did not take a packet: error ${-result}`)
  }
}

/** A text as C has it. */
function text(value: string): Uint8Array {
  return new TextEncoder().encode(`${value}\0`)
}
