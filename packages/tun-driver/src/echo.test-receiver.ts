import type { LinkDevice, LinkReceiver, LinkState } from '@jackfield/interfaces'
import { CHECKSUM_NONE, type Packet, PacketPool } from '@jackfield/packet'

/** Answers ICMP echo requests by turning them round; keeps what else it is told to. */
export class EchoReceiver implements LinkReceiver {
  readonly pool: PacketPool = new PacketPool()
  readonly states: LinkState[] = []
  readonly kept: Packet[] = []
  answered = 0
  bursts = 0
  writableCalls = 0
  private readonly device: LinkDevice
  private readonly keep: (packet: Packet) => boolean

  constructor(device: LinkDevice, keep: (packet: Packet) => boolean = () => false) {
    this.device = device
    this.keep = keep
  }

  receive(packet: Packet): void {
    if (this.keep(packet)) {
      this.kept.push(packet)
      return
    }
    const { view, start } = packet
    const ethernet = this.device.medium === 'ethernet'
    const ip = ethernet ? start + 14 : start
    if (packet.end - ip < 28 || view.getUint8(ip) !== 0x45) {
      packet.release()
      return
    }
    const icmp = ip + 20
    const fragment = view.getUint16(ip + 6) & 0x1fff
    if (view.getUint8(ip + 9) !== 1) {
      packet.release()
      return
    }
    if (fragment === 0) {
      if (view.getUint8(icmp) !== 8) {
        packet.release()
        return
      }
      // Type 8 to 0: the checksum grows by what the sum loses (RFC 1624).
      const sum = view.getUint16(icmp + 2) + 0x0800
      view.setUint16(icmp, 0)
      view.setUint16(icmp + 2, (sum & 0xffff) + (sum >>> 16))
      this.answered++
    }
    const source = view.getUint32(ip + 12)
    view.setUint32(ip + 12, view.getUint32(ip + 16))
    view.setUint32(ip + 16, source)
    packet.checksum = CHECKSUM_NONE
    this.device.transmit(packet)
  }

  burstEnd(): void {
    this.bursts++
    this.device.flush()
  }

  writable(): void {
    this.writableCalls++
  }

  changed(state: LinkState): void {
    this.states.push(state)
  }

  releaseKept(): void {
    for (const packet of this.kept.splice(0)) packet.release()
  }
}
