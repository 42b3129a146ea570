import type { IpAddress } from '@jackfield/addr'
import type { Packet } from '@jackfield/packet'
import type { IcmpReport } from '../icmp-report.js'
import { type ControlMessages, DELIVERED, type Delivery, type NetworkHeader, type NetworkLayer } from '../network.js'
import type { OffloadProtocol, TransportLayer } from '../transport.js'

/** A packet that a transport took, read while it was there. */
export interface RecordedPacket {
  source: string
  destination: string
  protocol: number
  ttl: number
  tos: number
  cast: number
  interfaceIndex: number
  fragmentSize: number
  headerLength: number
  payload: Uint8Array
  header: Uint8Array
}

/** A transport for the tests of network layers: writes down what it gets. */
export class Sink implements TransportLayer {
  readonly protocol: number
  readonly received: RecordedPacket[] = []
  readonly errors: { kind: number; errno: number; info: number; source: string; destination: string }[] = []
  answer: Delivery = DELIVERED
  offload?: OffloadProtocol

  constructor(protocol: number) {
    this.protocol = protocol
  }

  receive(packet: Packet, header: NetworkHeader): Delivery {
    this.received.push({
      source: `${header.source}`,
      destination: `${header.destination}`,
      protocol: header.protocol,
      ttl: header.ttl,
      tos: header.tos,
      cast: header.cast,
      interfaceIndex: header.interfaceIndex,
      fragmentSize: header.fragmentSize,
      headerLength: header.headerLength,
      payload: packet.toBytes(),
      header: packet.bytes.slice(packet.networkHeader, packet.start),
    })
    if (this.answer === DELIVERED) packet.release()
    return this.answer
  }

  burstEnd(): void {}

  error(report: IcmpReport): void {
    const { kind, errno, info } = report
    this.errors.push({ kind, errno, info, source: `${report.source}`, destination: `${report.destination}` })
  }
}

/** An error that a network layer wanted sent. */
export interface RecordedRefusal {
  kind: number
  info: number
  source: string
  destination: string
  gateway: string | null
  /** The quoted packet. */
  quote: Uint8Array
}

/** ICMP's place in the tests of network layers: writes down what it is asked to send. */
export class Refusals implements ControlMessages {
  readonly list: RecordedRefusal[] = []

  sendError(
    _network: NetworkLayer,
    packet: Packet,
    header: NetworkHeader,
    kind: number,
    info: number,
    gateway: IpAddress | null,
  ): boolean {
    this.list.push({
      kind,
      info,
      source: `${header.source}`,
      destination: `${header.destination}`,
      gateway: gateway === null ? null : `${gateway}`,
      quote: packet.bytes.slice(packet.networkHeader, packet.end),
    })
    return true
  }
}

/** Bytes 0, 1, 2 ... modulo 251, so that no two parts look alike. */
export function counting(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i % 251)
}
