import { hashFlow, type IpAddress } from '@jackfield/addr'
import type { Host } from '@jackfield/interfaces'
import type { TcpSettings } from '../settings.js'

/** Sequence numbers that the clock adds in a microsecond: one every 64 ns, as Linux. */
const PER_MICROSECOND = 1000 / 64

/**
 * Where sequence numbers and timestamps begin: the clock, so that incarnations of a connection do not overlap, and a keyed hash,
 * so that nobody who does not see the connection can guess them (RFC 6528 3; for timestamps RFC 7323 5.4).
 */
export class InitialSequence {
  private readonly host: Host
  private readonly settings: TcpSettings
  private readonly secret0: number
  private readonly secret1: number
  private readonly secret2: number
  private readonly secret3: number

  constructor(host: Host, settings: TcpSettings) {
    this.host = host
    this.settings = settings
    this.secret0 = host.random.uint32() | 0
    this.secret1 = host.random.uint32() | 0
    this.secret2 = host.random.uint32() | 0
    this.secret3 = host.random.uint32() | 0
  }

  /** The initial sequence number of a connection that begins now, int32. */
  sequence(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): number {
    const hash = hashFlow(this.secret0, this.secret1, local, localPort, remote, remotePort)
    return (hash + Math.floor(this.host.clock.now() * PER_MICROSECOND)) | 0
  }

  /** What is added to the clock in timestamps for a pair of addresses, int32; 0 with `tcp_timestamps` 2. */
  timestampOffset(local: IpAddress, remote: IpAddress): number {
    if (this.settings.timestamps !== 1) return 0
    return hashFlow(this.secret2, this.secret3, local, 0, remote, 0)
  }
}
