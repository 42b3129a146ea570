import { IpAddress } from '@jackfield/addr'
import * as icmp from '@jackfield/icmp/wire'
import { dataLayer } from './data.js'
import { type DissectInput, dissectPayload } from './dissectors.js'
import { icmpv4Line } from './icmpv4-line.js'
import { dissectIpv4 } from './ipv4.js'
import { Layer } from './layer.js'
import { hex } from './number-format.js'

/** ICMPv4 (RFC 792). */
export function dissectIcmpv4(input: DissectInput): Layer {
  const { view, start, end, length } = input
  const layer = new Layer('icmp', 'Internet Control Message Protocol', start, end)
  layer.line = icmpv4Line(view, start, end, length)
  if (end - start < 4) {
    layer.fault = 'truncated'
    return layer
  }
  const type = view.getUint8(start)
  const code = view.getUint8(start + 1)
  const sum = view.getUint16(start + 2)
  const whole = end - start === length && !(input.network?.fragmented ?? false) && !input.quoted
  const status = whole && icmp.verifyIcmpv4(view, start, end) ? 'good' : 'bad'
  const codeName = icmp.icmpv4CodeName(type, code)
  layer.add('icmp.type', 'Type', type, start, start + 1, `${type} (${icmp.icmpv4TypeName(type)})`)
  layer.add('icmp.code', 'Code', code, start + 1, start + 2, codeName === null ? `${code}` : `${code} (${codeName})`)
  layer.add('icmp.checksum', 'Checksum', sum, start + 2, start + 4, hex(sum, 4), whole ? status : undefined)
  const message = new icmp.Icmpv4Message()
  if (!icmp.parseIcmpv4(view, start, end, message)) {
    layer.fault = 'truncated'
    return layer
  }
  addRest(layer, view, start, end, message)
  const at = message.dataStart
  if (icmp.quotesPacket(type)) {
    layer.quoted = dissectPayload(dissectIpv4, input, at, message.quoteEnd, message.quoteEnd - at, null, true)
    if (message.extensionStart >= 0) {
      const from = message.extensionStart
      layer.add('icmp.ext', 'Extensions', end - from, from, end, `${end - from} bytes (RFC 4884)`)
    }
  } else if (at < start + length) layer.payload = dataLayer(view, at, end, start + length - at)
  return layer
}

/** The fields after the checksum, as the type has them. */
function addRest(layer: Layer, view: DataView, start: number, end: number, message: icmp.Icmpv4Message): void {
  const { type } = message
  switch (type) {
    case icmp.ICMP_DEST_UNREACH:
      if (message.code === icmp.ICMP_FRAG_NEEDED) {
        layer.add('icmp.mtu', 'MTU of next hop', message.mtu, start + 6, start + 8)
      }
      break
    case icmp.ICMP_REDIRECT:
      layer.add('icmp.redir_gw', 'Gateway Address', message.gateway.toString(), start + 4, start + 8)
      break
    case icmp.ICMP_PARAMETERPROB:
      layer.add('icmp.pointer', 'Pointer', message.pointer, start + 4, start + 5)
      break
    case icmp.ICMP_ECHO:
    case icmp.ICMP_ECHOREPLY:
    case icmp.ICMP_TIMESTAMP:
    case icmp.ICMP_TIMESTAMPREPLY:
    case icmp.ICMP_INFO_REQUEST:
    case icmp.ICMP_INFO_REPLY:
    case icmp.ICMP_ADDRESS:
    case icmp.ICMP_ADDRESSREPLY:
      layer.add('icmp.ident', 'Identifier', message.identifier, start + 4, start + 6)
      layer.add('icmp.seq', 'Sequence Number', message.sequence, start + 6, start + 8)
      break
  }
  if (type === icmp.ICMP_TIMESTAMP || type === icmp.ICMP_TIMESTAMPREPLY) {
    layer.add('icmp.originate_timestamp', 'Originate Timestamp', message.originateTime, start + 8, start + 12)
    layer.add('icmp.receive_timestamp', 'Receive Timestamp', message.receiveTime, start + 12, start + 16)
    layer.add('icmp.transmit_timestamp', 'Transmit Timestamp', message.transmitTime, start + 16, start + 20)
  }
  if ((type === icmp.ICMP_ADDRESS || type === icmp.ICMP_ADDRESSREPLY) && end - start >= 12) {
    const mask = IpAddress.readV4(view, start + 8).toString()
    layer.add('icmp.address_mask', 'Address Mask', mask, start + 8, start + 12)
  }
}
