import type { IpAddress } from '@jackfield/addr'
import {
  AF_INET,
  AF_INET6,
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  SO_RCVTIMEO,
  SOCK_DGRAM,
  SOL_SOCKET,
  SocketError,
  type Sockets,
} from '@jackfield/sockets'

const ECHO_REQUEST = 8
const ECHO_REQUEST_V6 = 128
const HEADER = 8

/** An ICMP datagram socket that speaks echo with one destination, of either IP version. */
export class EchoSocket {
  private readonly sockets: Sockets
  private readonly fd: number
  private readonly type: number
  private readonly buffer = new Uint8Array(65_535)

  constructor(sockets: Sockets, destination: IpAddress) {
    this.sockets = sockets
    const v6 = destination.version === 6
    this.fd = v6
      ? sockets.socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6)
      : sockets.socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP)
    this.type = v6 ? ECHO_REQUEST_V6 : ECHO_REQUEST
    sockets.connect(this.fd, { address: destination, port: 0 })
  }

  /** Sends a request; one that cannot leave counts as lost, as ping counts it. */
  request(sequence: number, size: number): void {
    const message = new Uint8Array(HEADER + size)
    message[0] = this.type
    message[6] = sequence >>> 8
    message[7] = sequence & 0xff
    for (let i = HEADER; i < message.length; i++) message[i] = i & 0xff
    try {
      this.sockets.send(this.fd, message)
    } catch (error) {
      if (!(error instanceof SocketError)) throw error
    }
  }

  /** The sequence number of the next reply, or -1 when `timeout` microseconds are over. */
  async reply(timeout: number): Promise<number> {
    const micro = Math.max(1, Math.ceil(timeout))
    this.sockets.setsockopt(this.fd, SOL_SOCKET, SO_RCVTIMEO, {
      sec: Math.floor(micro / 1_000_000),
      usec: micro % 1_000_000,
    })
    try {
      const length = await this.sockets.promises.recv(this.fd, this.buffer)
      return length < HEADER ? -1 : ((this.buffer[6] ?? 0) << 8) | (this.buffer[7] ?? 0)
    } catch (error) {
      if (error instanceof SocketError) return -1
      throw error
    }
  }

  close(): void {
    this.sockets.close(this.fd)
  }
}
