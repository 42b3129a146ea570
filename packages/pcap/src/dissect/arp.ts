import { IpAddress, MacAddress } from '@jackfield/addr'
import { ARP_LENGTH, ARP_REPLY, ARP_REQUEST, ArpPacket, parseArp } from '@jackfield/ethernet/wire'
import type { DissectInput } from './dissectors.js'
import { Layer } from './layer.js'
import { hex } from './number-format.js'

/** ARP (RFC 826) for Ethernet and IPv4; of any other the fixed part. */
export function dissectArp(input: DissectInput): Layer {
  const { view, start, end, length } = input
  const layer = new Layer('arp', 'Address Resolution Protocol', start, end)
  if (end - start < 8) return layer.truncate('arp')
  const hardware = view.getUint16(start)
  const protocol = view.getUint16(start + 2)
  const hardwareLength = view.getUint8(start + 4)
  const protocolLength = view.getUint8(start + 5)
  const operation = view.getUint16(start + 6)
  const name = operation === ARP_REQUEST ? 'Request' : operation === ARP_REPLY ? 'Reply' : `Unknown (${operation})`
  layer.add('arp.hw.type', 'Hardware type', hardware, start, start + 2)
  layer.add('arp.proto.type', 'Protocol type', protocol, start + 2, start + 4, hex(protocol, 4))
  layer.add('arp.hw.size', 'Hardware size', hardwareLength, start + 4, start + 5)
  layer.add('arp.proto.size', 'Protocol size', protocolLength, start + 5, start + 6)
  layer.add('arp.opcode', 'Opcode', operation, start + 6, start + 8, `${name.toLowerCase()} (${operation})`)
  const body = 2 * (hardwareLength + protocolLength)
  if (end - start < 8 + body) return layer.truncate('arp')
  layer.end = start + 8 + body
  layer.label = 'ARP, '
  const arp = new ArpPacket()
  if (!parseArp(view, start, end, arp)) {
    layer.line = `${name}, hardware ${hardware} (len ${hardwareLength}), protocol ${hex(protocol, 4)} (len ${protocolLength}), length ${length}`
    return layer
  }
  const senderMac = new MacAddress(arp.senderHigh, arp.senderLow).toString()
  const sender = IpAddress.v4(arp.sender).toString()
  const targetMac = new MacAddress(arp.targetHigh, arp.targetLow).toString()
  const target = IpAddress.v4(arp.target).toString()
  layer.title = `Address Resolution Protocol (${name.toLowerCase()})`
  layer.add('arp.src.hw_mac', 'Sender MAC address', senderMac, start + 8, start + 14)
  layer.add('arp.src.proto_ipv4', 'Sender IP address', sender, start + 14, start + 18)
  layer.add('arp.dst.hw_mac', 'Target MAC address', targetMac, start + 18, start + 24)
  layer.add('arp.dst.proto_ipv4', 'Target IP address', target, start + 24, start + ARP_LENGTH)
  const known = (arp.targetHigh | arp.targetLow) === 0 ? '' : ` (${targetMac})`
  if (operation === ARP_REQUEST) layer.line = `${name} who-has ${target}${known} tell ${sender}, length ${length}`
  else if (operation === ARP_REPLY) layer.line = `${name} ${sender} is-at ${senderMac}, length ${length}`
  else layer.line = `${name}, length ${length}`
  return layer
}
