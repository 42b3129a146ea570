import {
  createAddressSlot,
  hashAddress,
  hashFlow,
  type IpAddress,
  type IpAddressSlot,
  setSlotV4,
} from '@jackfield/addr'
import type { ArrivingSegment } from '../arriving-segment.js'
import { clockMilliseconds } from '../clock-units.js'
import type { TcpProtocol } from '../protocol.js'
import type { Request } from './request.js'

/** Bits of the sequence number that hold hash and segment size; those above hold the minute. */
const DATA_BITS = 24
const DATA_MASK = 0xff_ffff
/** Microseconds of a period, and how many periods old a cookie may be. */
const PERIOD = 60_000_000
const MOST_PERIODS = 2

/** How long cookies are looked for after the last one was sent, in microseconds. */
export const COOKIE_LIFE: number = PERIOD * MOST_PERIODS

/** The segment sizes that a cookie can tell, rising. */
const SIZES_V4 = [536, 1300, 1440, 1460]
const SIZES_V6 = [1220, 1420, 1440, 8940]

// Low bits of the timestamp (Linux's `TS_OPT_*`): the window's scale, 15 for none; SACK; ECN.
const STAMP_BITS = 6
const STAMP_SCALE = 0xf
const STAMP_SACK = 0x10
const STAMP_ECN = 0x20

/**
 * SYN cookies (RFC 4987 3.6; D. J. Bernstein): where the SYN queue is full nothing is kept of a SYN, but its SYN-ACK's sequence number is
 * a keyed hash of it, with the minute and a segment size, and the acknowledgement brings it back.
 */
export class SynCookies {
  private readonly tcp: TcpProtocol
  private readonly secrets: Int32Array = new Int32Array(6)
  /** Keys of one minute. */
  private keyMinute = -1
  private key0 = 0
  private key1 = 0
  private readonly slot: IpAddressSlot = createAddressSlot()

  constructor(tcp: TcpProtocol) {
    this.tcp = tcp
    const { random } = tcp.host
    for (let i = 0; i < this.secrets.length; i++) this.secrets[i] = random.uint32() | 0
  }

  /** Makes the request's sequence number a cookie; its segment size becomes one that a cookie can tell. */
  fill(r: Request, s: ArrivingSegment): void {
    const sizes = sizesFor(r.flow.destination)
    let index = sizes.length - 1
    while (index > 0 && (sizes[index] as number) > r.mss) index--
    r.mss = sizes[index] as number
    const minute = this.minute()
    const { source, destination } = r.flow
    const hash = this.hash(source, r.port, destination, r.peerPort, minute)
    const base = this.base(source, r.port, destination, r.peerPort)
    r.iss = (base + s.seq + (minute << DATA_BITS) + ((hash + index) & DATA_MASK)) | 0
    if (r.timestampsOk) r.cookieTimestamp = this.timestamp(r)
  }

  /** The segment size of a cookie that an acknowledgement brings back; 0 where it is none of ours, or too old. */
  check(local: IpAddress, remote: IpAddress, s: ArrivingSegment): number {
    const { destinationPort, sourcePort } = s
    const base = this.base(local, destinationPort, remote, sourcePort)
    // The SYN was one before, and so was the SYN-ACK.
    const cookie = (s.ack - 1 - base - (s.seq - 1)) | 0
    const minute = this.minute()
    const age = (minute - (cookie >>> DATA_BITS)) & 0xff
    if (age >= MOST_PERIODS) return 0
    const hash = this.hash(local, destinationPort, remote, sourcePort, minute - age)
    return sizesFor(remote)[(cookie - hash) & DATA_MASK] ?? 0
  }

  /**
   * What the timestamp that came back says of the options (RFC 4987 3.6 names the trick).
   * @param echo without the connection's offset
   * @returns false where it names options that are off: then it is no cookie
   */
  readTimestamp(r: Request, echo: number): boolean {
    const { settings } = this.tcp
    if (settings.timestamps === 0) return false
    r.sackOk = (echo & STAMP_SACK) !== 0
    r.ecnOk = (echo & STAMP_ECN) !== 0 && settings.ecn !== 0
    const scale = echo & STAMP_SCALE
    r.windowScaleOk = scale !== STAMP_SCALE
    r.sndScale = r.windowScaleOk ? scale : 0
    return !(r.sackOk && settings.sack === 0) && !(r.windowScaleOk && settings.windowScaling === 0)
  }

  /** The present time in milliseconds with options for its low bits, never one that is yet to come. */
  private timestamp(r: Request): number {
    const now = clockMilliseconds(this.tcp)
    const options =
      (r.windowScaleOk ? r.sndScale : STAMP_SCALE) | (r.sackOk ? STAMP_SACK : 0) | (r.ecnOk ? STAMP_ECN : 0)
    const unit = 1 << STAMP_BITS
    const stamp = Math.floor(now / unit) * unit + options
    return stamp > now ? stamp - unit : stamp
  }

  private minute(): number {
    return Math.floor(this.tcp.clockNow / PERIOD)
  }

  private base(local: IpAddress, port: number, remote: IpAddress, remotePort: number): number {
    return hashFlow(this.secrets[0] as number, this.secrets[1] as number, local, port, remote, remotePort)
  }

  /** A hash with a key of the minute's own. */
  private hash(local: IpAddress, port: number, remote: IpAddress, remotePort: number, minute: number): number {
    if (minute !== this.keyMinute) {
      setSlotV4(this.slot, minute)
      this.key0 = hashAddress(this.secrets[2] as number, this.secrets[3] as number, this.slot)
      this.key1 = hashAddress(this.secrets[4] as number, this.secrets[5] as number, this.slot)
      this.keyMinute = minute
    }
    return hashFlow(this.key0, this.key1, local, port, remote, remotePort)
  }
}

function sizesFor(remote: IpAddress): readonly number[] {
  return remote.version === 4 ? SIZES_V4 : SIZES_V6
}
