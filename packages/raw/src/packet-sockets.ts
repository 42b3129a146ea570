import type { Host, InterfaceObserver, NetworkInterface, PacketTap, Untap } from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import type { PacketSocket } from './packet-socket.js'

/** The open packet sockets of a stack. Watches the interfaces only while there are any. */
export class PacketSockets implements PacketTap, InterfaceObserver {
  readonly host: Host
  private sockets: readonly PacketSocket[] = []
  private untap: Untap | null = null
  private unobserve: Untap | null = null

  constructor(host: Host) {
    this.host = host
  }

  add(socket: PacketSocket): void {
    this.sockets = [...this.sockets, socket]
    this.untap ??= this.host.addPacketTap(this)
    this.unobserve ??= this.host.addInterfaceObserver(this)
  }

  remove(socket: PacketSocket): void {
    this.sockets = this.sockets.filter((other) => other !== socket)
    if (this.sockets.length > 0) return
    this.untap?.()
    this.untap = null
    this.unobserve?.()
    this.unobserve = null
  }

  packet(packet: Packet, networkInterface: NetworkInterface): void {
    const { owner } = packet
    const { sockets } = this
    for (let i = 0; i < sockets.length; i++) sockets[i]?.deliver(packet, networkInterface, owner)
  }

  interfaceRemoved(networkInterface: NetworkInterface): void {
    for (const socket of this.sockets) socket.interfaceGone(networkInterface)
  }

  interfaceChanged(networkInterface: NetworkInterface): void {
    for (const socket of this.sockets) socket.interfaceChanged(networkInterface)
  }
}
