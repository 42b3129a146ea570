import type { IpAddress } from '@jackfield/addr'
import { EMSGSIZE, ETH_P_IP, type NetworkInterface } from '@jackfield/interfaces'
import { copyFragment } from '@jackfield/ip'
import { CHECKSUM_PARTIAL, completeChecksum, type Packet } from '@jackfield/packet'
import type { Ipv4Context } from './context.js'
import {
  IP_MF,
  IP_OFFSET_MASK,
  IPV4_FRAGMENT,
  IPV4_HEADER_LENGTH,
  IPV4_TOTAL_LENGTH,
  writeIpv4Checksum,
} from './wire/header.js'
import { keepCopiedOptions } from './wire/options.js'

/** Cuts packets into fragments (RFC 791 3.2), of hosts and on the way. */
export class Fragmenter {
  private readonly context: Ipv4Context

  constructor(context: Ipv4Context) {
    this.context = context
  }

  /**
   * Sends a network packet, its header at `packet.start`, in fragments of at most `mtu` bytes. Takes it.
   * A fragment may be fragmented again; whether DF forbids it is the caller's to know.
   * @returns 0 or an error number
   */
  send(packet: Packet, mtu: number, networkInterface: NetworkInterface, nextHop: IpAddress): number {
    const { pool, counters } = this.context
    if (packet.checksum === CHECKSUM_PARTIAL) {
      packet.unshare()
      completeChecksum(packet)
    }
    const { start, end, view } = packet
    const headerLength = (view.getUint8(start) & 15) << 2
    const step = (mtu - headerLength) & ~7
    if (step < 8) {
      counters.IpFragFails++
      packet.release()
      return EMSGSIZE
    }
    const fields = view.getUint16(start + IPV4_FRAGMENT)
    const flags = fields & ~(IP_OFFSET_MASK | IP_MF)
    let offset = fields & IP_OFFSET_MASK
    let at = start + headerLength
    let error = 0
    while (at < end && error === 0) {
      const length = Math.min(end - at, step)
      const last = at + length === end
      const fragment = copyFragment(pool, packet, headerLength, 0, at, length)
      const to = fragment.start
      if (at !== start + headerLength && headerLength > IPV4_HEADER_LENGTH) {
        keepCopiedOptions(fragment.view, to, headerLength)
      }
      fragment.view.setUint16(to + IPV4_TOTAL_LENGTH, headerLength + length)
      fragment.view.setUint16(to + IPV4_FRAGMENT, flags | offset | (last ? fields & IP_MF : IP_MF))
      writeIpv4Checksum(fragment.view, to, headerLength)
      counters.IpFragCreates++
      counters.IpOutTransmits++
      counters.IpExtOutOctets += headerLength + length
      error = networkInterface.output(fragment, ETH_P_IP, nextHop)
      at += length
      offset += length >>> 3
    }
    packet.release()
    if (error === 0) counters.IpFragOKs++
    else {
      counters.IpFragFails++
      counters.IpOutDiscards++
    }
    return error
  }
}
