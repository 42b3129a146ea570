import type { MacAddress } from '@jackfield/addr'
import type { LinkDevice, LinkMedium, LinkOffload, LinkReceiver, LinkStatistics } from '@jackfield/interfaces'
import { NO_OFFLOAD } from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import { get16, internetChecksum, toHex } from '../bytes.js'

/** Packets that left of late, kept for errors to quote. */
const REMEMBERED = 32

/** How a device is made. */
export interface FuzzDeviceOptions<Medium extends LinkMedium> {
  readonly name: string
  readonly medium: Medium
  readonly hardwareAddress?: MacAddress
}

/** A device whose other side is the fuzzer: it puts frames in, and looks at what comes out. */
export class FuzzDevice<Medium extends LinkMedium = LinkMedium> implements LinkDevice<Medium> {
  readonly name: string
  readonly medium: Medium
  readonly mtu: number = 1500
  readonly hardwareAddress?: MacAddress
  readonly offload: LinkOffload = NO_OFFLOAD
  readonly statistics: LinkStatistics = {
    rxPackets: 0,
    rxBytes: 0,
    rxDropped: 0,
    rxErrors: 0,
    txPackets: 0,
    txBytes: 0,
    txDropped: 0,
    txErrors: 0,
  }
  /** IP packets that left of late. */
  readonly sent: Uint8Array[] = []
  /** Addresses that ARP asked for of late. */
  readonly asked: number[] = []
  /** Whether what comes out is looked at. A driver that lies about checksums may have headers overwritten. */
  strict = true
  /** Whether it has no room. */
  full = false
  private receiver: LinkReceiver | null = null

  constructor(options: FuzzDeviceOptions<Medium>) {
    this.name = options.name
    this.medium = options.medium
    if (options.hardwareAddress !== undefined) this.hardwareAddress = options.hardwareAddress
  }

  get pool(): LinkReceiver['pool'] {
    if (this.receiver === null) throw new Error(`${this.name} is not open`)
    return this.receiver.pool
  }

  open(receiver: LinkReceiver): void {
    this.receiver = receiver
  }

  /** A frame comes in. Takes it. */
  deliver(packet: Packet): void {
    if (this.receiver === null) {
      packet.release()
      return
    }
    this.statistics.rxPackets++
    this.receiver.receive(packet)
  }

  burstEnd(): void {
    this.receiver?.burstEnd()
  }

  /** There is room again. */
  drain(): void {
    this.full = false
    this.receiver?.writable()
  }

  transmit(packet: Packet): boolean {
    if (this.full || this.receiver === null) {
      this.statistics.txDropped++
      packet.release()
      return false
    }
    this.statistics.txPackets++
    if (this.strict) this.examine(packet.toBytes())
    packet.release()
    return true
  }

  flush(): void {}

  close(): void {
    this.receiver = null
  }

  /** What leaves a host is well formed, whatever came in. */
  private examine(frame: Uint8Array): void {
    let at = 0
    if (this.medium === 'ethernet') {
      at = 14
      if (get16(frame, 12) === 0x8100) at = 18
      const type = get16(frame, at - 2)
      if (frame.length < at) throw new Error(`${this.name} was given a frame of ${frame.length} bytes`)
      if (type === 0x0806) {
        if (get16(frame, at + 6) === 1) remember(this.asked, (get16(frame, at + 24) << 16) | get16(frame, at + 26))
        return
      }
      if (type === 0x86dd) {
        this.examineIpv6(frame, at)
        return
      }
      if (type !== 0x0800) throw new Error(`${this.name} was given a frame of type ${type}: ${toHex(frame)}`)
    }
    if (this.medium === 'ip' && (frame[0] ?? 0) >>> 4 === 6) {
      this.examineIpv6(frame, 0)
      return
    }
    const length = frame.length - at
    const headerLength = ((frame[at] ?? 0) & 15) * 4
    const whole = length >= 20 && (frame[at] as number) >>> 4 === 4 && headerLength >= 20 && headerLength <= length
    if (!whole || get16(frame, at + 2) !== length) {
      throw new Error(`${this.name} was given a malformed IPv4 packet: ${toHex(frame)}`)
    }
    if (internetChecksum(frame, at, at + headerLength) !== 0) {
      throw new Error(`${this.name} was given an IPv4 packet with a bad header checksum: ${toHex(frame)}`)
    }
    if (length > this.mtu) throw new Error(`${this.name} was given a packet of ${length} bytes, above its MTU`)
    remember(this.sent, frame.subarray(at))
  }

  private examineIpv6(frame: Uint8Array, at: number): void {
    const length = frame.length - at
    if (length < 40 || (frame[at] as number) >>> 4 !== 6 || get16(frame, at + 4) + 40 !== length) {
      throw new Error(`${this.name} was given a malformed IPv6 packet: ${toHex(frame)}`)
    }
    if (length > this.mtu) throw new Error(`${this.name} was given a packet of ${length} bytes, above its MTU`)
    remember(this.sent, frame.subarray(at))
  }
}

function remember<T>(list: T[], item: T): void {
  list.push(item)
  if (list.length > REMEMBERED) list.shift()
}
