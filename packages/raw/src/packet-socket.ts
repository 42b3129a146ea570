import {
  AF_PACKET,
  EAGAIN,
  EINVAL,
  EMSGSIZE,
  ENETDOWN,
  ENODEV,
  ENOPROTOOPT,
  ENXIO,
  EOPNOTSUPP,
  ETH_P_ALL,
  type Host,
  IFF_UP,
  type LinkSocketAddress,
  type Message,
  MSG_OOB,
  MSG_PEEK,
  NetworkHeader,
  type NetworkInterface,
  OptionFailure,
  type OptionValue,
  PACKET_STATISTICS,
  SOCK_RAW,
  SOL_PACKET,
  SOL_SOCKET,
  type Sockaddr,
} from '@jackfield/interfaces'
import { CHECKSUM_NONE, PACKET_OUTGOING, type Packet, type PacketOwner } from '@jackfield/packet'
import { addReceiveControl, createFlow } from '@jackfield/transport'
import type { RawCounters } from './counters.js'
import { DatagramEndpoint } from './endpoint.js'
import type { PacketSockets } from './packet-sockets.js'

/** Destination, source, EtherType (IEEE 802.3). */
const ETHERNET_HEADER_LENGTH = 14
const VLAN_TAG_LENGTH = 4
const NO_ADDRESS = new Uint8Array(0)
/** Interface index of a socket whose interface was taken away. */
const GONE = -1

// Packet sockets are told of no network header, only what `SOL_SOCKET` options ask for.
const noHeader = new NetworkHeader()
noHeader.version = 6

/**
 * A packet socket: sees the frames of one interface or all, of one EtherType or all, and sends frames. `SOCK_RAW` frames
 * have their link header, `SOCK_DGRAM` ones do not ("cooked"). EtherTypes are in host order.
 */
export class PacketSocket extends DatagramEndpoint {
  private readonly sockets: PacketSockets
  private readonly counters: RawCounters
  /** EtherType wanted, `ETH_P_ALL`, or 0 for none. */
  private etherType: number
  private interfaceIndex = 0
  /** Since `PACKET_STATISTICS` was read last: frames queued, and frames dropped. */
  private seen = 0
  private dropped = 0

  constructor(host: Host, sockets: PacketSockets, type: number, etherType: number, counters: RawCounters) {
    super(host, AF_PACKET, type, etherType, createFlow(0))
    this.sockets = sockets
    this.counters = counters
    this.etherType = etherType
    sockets.add(this)
  }

  /** To an interface (index 0: all) and an EtherType (0: the one that it has). */
  bind(address: Sockaddr): number {
    if (address.family !== AF_PACKET) return -EINVAL
    const { interfaceIndex, protocol } = address
    if (interfaceIndex !== 0) {
      const found = this.host.interfaceByIndex(interfaceIndex)
      if (found === undefined) return -ENODEV
      if ((found.flags & IFF_UP) === 0) this.options.fail(ENETDOWN)
    }
    this.interfaceIndex = interfaceIndex
    if (protocol !== 0) this.etherType = protocol
    return 0
  }

  connect(): number {
    return -EOPNOTSUPP
  }

  shutdown(): number {
    return -EOPNOTSUPP
  }

  send(message: Message): number {
    if ((message.flags & MSG_OOB) !== 0) return -EINVAL
    const { name } = message
    if (name !== null && name.family !== AF_PACKET) return -EINVAL
    const index = name === null ? this.interfaceIndex : name.interfaceIndex
    const out = index > 0 ? this.host.interfaceByIndex(index) : undefined
    if (out === undefined) return -ENXIO
    if ((out.flags & IFF_UP) === 0) return -ENETDOWN
    const error = this.options.takeError()
    if (error !== 0) return -error
    if (!this.account.hasRoom) return -EAGAIN
    const packet = this.frame(message, name, out)
    if (typeof packet === 'number') return packet
    this.host.needBurstEnd()
    this.counters.PacketOutFrames++
    const result = this.host.transmitFrame(out, packet)
    return result === 0 ? message.length : -result
  }

  receive(message: Message): number {
    const { flags } = message
    if ((flags & MSG_OOB) !== 0) return -EINVAL
    const error = this.options.takeError()
    if (error !== 0) return -error
    const packet = this.queue.peek()
    if (packet === null) return -EAGAIN
    const result = this.copyOut(packet, message, flags)
    if (message.name !== null && message.name.family === AF_PACKET) {
      fillName(message.name, packet)
      message.named = true
    }
    if (this.options.wantedControl !== 0 && message.control !== null) {
      addReceiveControl(this.options, packet, noHeader, message, 0, this.queue.drops)
    }
    if ((flags & MSG_PEEK) === 0) this.queue.shift()?.release()
    return result
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.sockets.remove(this)
    this.events.close()
    this.options.close()
    this.queue.clear()
  }

  setOption(level: number, name: number, value: OptionValue): number {
    return level === SOL_SOCKET ? this.options.set(level, name, value) : -ENOPROTOOPT
  }

  getOption(level: number, name: number): OptionValue | OptionFailure {
    if (level === SOL_SOCKET) return this.options.get(level, name)
    if (level !== SOL_PACKET || name !== PACKET_STATISTICS) return new OptionFailure(ENOPROTOOPT)
    // As `tpacket_stats`: dropped ones count as packets too, and reading begins anew.
    const statistics = { packets: this.seen + this.dropped, drops: this.dropped }
    this.seen = 0
    this.dropped = 0
    return statistics
  }

  getName(address: Sockaddr): number {
    if (address.family !== AF_PACKET) return -EINVAL
    address.protocol = this.etherType
    address.interfaceIndex = Math.max(0, this.interfaceIndex)
    address.packetType = 0
    address.hardwareAddress = this.host.interfaceByIndex(this.interfaceIndex)?.hardwareAddress?.toBytes() ?? NO_ADDRESS
    return 0
  }

  getPeer(): number {
    return -EOPNOTSUPP
  }

  /** A frame that an interface got or sends; borrowed. `owner` is whose it was before any socket saw it. */
  deliver(packet: Packet, networkInterface: NetworkInterface, owner: PacketOwner | null): void {
    if (this.interfaceIndex !== 0 && this.interfaceIndex !== networkInterface.index) return
    const outgoing = packet.packetType === PACKET_OUTGOING
    // Linux shows what goes out to those that want everything, and to nobody what he sent himself.
    if (this.etherType !== ETH_P_ALL && (outgoing || this.etherType !== packet.etherType)) return
    if (outgoing && owner === this.account) return
    // What goes out stays charged to its sender: a copy of the reader's own.
    const copy = outgoing ? this.host.packets.clone(packet, 0) : packet.share()
    if (this.type === SOCK_RAW && copy.linkHeader >= 0) copy.start = copy.linkHeader
    copy.interfaceIndex = networkInterface.index
    if (copy.timestamp === 0) copy.timestamp = this.host.clock.wallTime()
    if (this.enqueue(copy)) {
      this.seen++
      this.counters.PacketInFrames++
    } else {
      this.dropped++
      this.counters.PacketRcvbufErrors++
    }
  }

  interfaceGone(networkInterface: NetworkInterface): void {
    if (this.interfaceIndex !== networkInterface.index) return
    this.interfaceIndex = GONE
    this.options.fail(ENETDOWN)
  }

  interfaceChanged(networkInterface: NetworkInterface): void {
    if (this.interfaceIndex !== networkInterface.index || (networkInterface.flags & IFF_UP) !== 0) return
    this.options.fail(ENETDOWN)
  }

  /** The frame to be sent, or a negative error number. */
  private frame(message: Message, name: LinkSocketAddress | null, out: NetworkInterface): Packet | number {
    const ethernet = out.medium === 'ethernet'
    const header = ethernet ? ETHERNET_HEADER_LENGTH : 0
    const raw = this.type === SOCK_RAW
    const etherType = name === null || name.protocol === 0 ? this.etherType : name.protocol
    if (raw && message.length < header) return -EINVAL
    if (message.length > out.mtu + (raw && ethernet ? header + VLAN_TAG_LENGTH : 0)) return -EMSGSIZE
    // Cooked frames need a destination, where the medium has any.
    if (!raw && ethernet && (name === null || name.hardwareAddress.length !== 6)) return -EINVAL
    const packet = this.packetOf(message, raw ? 0 : header)
    const { bytes, view, start } = packet
    if (!raw && ethernet && name !== null) {
      bytes.set(name.hardwareAddress, start)
      if (out.hardwareAddress === undefined) bytes.fill(0, start + 6, start + 12)
      else out.hardwareAddress.writeTo(view, start + 6)
      view.setUint16(start + 12, etherType)
    }
    packet.linkHeader = start
    packet.networkHeader = start + header
    packet.etherType = ethernet ? view.getUint16(start + 12) : etherType
    packet.checksum = CHECKSUM_NONE
    packet.interfaceIndex = out.index
    return packet
  }
}

/** `sockaddr_ll` of a received frame. */
function fillName(name: LinkSocketAddress, packet: Packet): void {
  name.protocol = packet.etherType
  name.interfaceIndex = packet.interfaceIndex
  name.packetType = packet.packetType
  const at = packet.linkHeader
  if (at < 0 || packet.networkHeader - at < ETHERNET_HEADER_LENGTH) {
    name.hardwareAddress = NO_ADDRESS
    return
  }
  if (name.hardwareAddress.length !== 6) name.hardwareAddress = new Uint8Array(6)
  for (let i = 0; i < 6; i++) name.hardwareAddress[i] = packet.bytes[at + 6 + i] as number
}
