import { IpAddress, multicastScope, SCOPE_INTERFACE_LOCAL } from '@jackfield/addr'
import type { NetworkInterface } from '@jackfield/interfaces'
import type { MembershipProtocol } from '@jackfield/ip'
import type { Packet, PacketPool } from '@jackfield/packet'
import { ALL_NODES, ALL_ROUTERS } from '../groups.js'
import { MLD_LISTENER_DONE, MLD_LISTENER_REPORT, MLDV2_LISTENER_REPORT } from '../wire/control-type.js'
import { MLD_LENGTH, writeMld } from './wire.js'

/** All MLDv2-capable routers (RFC 3810 5.2.14). */
const MLD2_ROUTERS: IpAddress = /* @__PURE__ */ IpAddress.v6(0xff02_0000, 0, 0, 0x16)

/**
 * How MLD's messages leave: window at the message; with hop limit 1 and the Router Alert option, from a
 * link-local address of the interface or `::` (RFC 3810 5). Takes the packet.
 */
export type MldSend = (packet: Packet, destination: IpAddress, networkInterface: NetworkInterface) => void

/** The messages that a listener sends. */
export class MldOutput implements MembershipProtocol {
  readonly pool: PacketPool
  readonly addressLength = 16
  /** With the Router Alert option. */
  readonly headerLength = 48
  readonly leastMtu = 1280
  readonly filterReportType: number = MLDV2_LISTENER_REPORT
  private readonly send: MldSend

  constructor(pool: PacketPool, send: MldSend) {
    this.pool = pool
    this.send = send
  }

  /** RFC 3810 5: not all nodes, and not what stays within the host. */
  reports(group: IpAddress): boolean {
    return multicastScope(group) > SCOPE_INTERFACE_LOCAL && !group.equals(ALL_NODES)
  }

  sendFilterReport(packet: Packet, networkInterface: NetworkInterface): void {
    this.send(packet, MLD2_ROUTERS, networkInterface)
  }

  sendGroupReport(group: IpAddress, _version: number, networkInterface: NetworkInterface): void {
    this.sendSimple(MLD_LISTENER_REPORT, group, group, networkInterface)
  }

  sendLeave(group: IpAddress, networkInterface: NetworkInterface): void {
    this.sendSimple(MLD_LISTENER_DONE, group, ALL_ROUTERS, networkInterface)
  }

  private sendSimple(type: number, group: IpAddress, destination: IpAddress, networkInterface: NetworkInterface): void {
    const packet = this.pool.allocate(MLD_LENGTH)
    writeMld(packet.view, packet.start, type, group)
    this.send(packet, destination, networkInterface)
  }
}
