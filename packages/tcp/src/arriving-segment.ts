import type { IpAddress } from '@jackfield/addr'
import type { NetworkHeader } from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import type { TcpOptions } from './wire/options.js'

/** A segment that came in, read once. One reused object for a protocol: valid during the call. */
export class ArrivingSegment {
  /** The packet; its window begins at the payload. Whoever queues it sets this to null: it is taken. */
  packet: Packet | null = null
  header: NetworkHeader | null = null
  /** Of the network header. */
  source: IpAddress | null = null
  destination: IpAddress | null = null
  sourcePort = 0
  destinationPort = 0
  seq = 0
  /** `seq` and payload, SYN and FIN. */
  endSeq = 0
  ack = 0
  /** The flags of octets 12 (low bit: AE) and 13. */
  flags = 0
  /** As in the header, not scaled. */
  window = 0
  urgentPointer = 0
  /** Payload bytes. */
  length = 0
  /** ECN field of the network header, 0 to 3. */
  ecn = 0
  /** Packets that were merged into it, 1 for a plain one. */
  packets = 1
  readonly options: TcpOptions

  constructor(options: TcpOptions) {
    this.options = options
  }
}
