import { ArpPacket, EthernetHeader, parseArp, parseEthernet } from '@jackfield/ethernet/wire'
import { Icmpv4Message, icmpv4CodeName, icmpv4TypeName, parseIcmpv4, verifyIcmpv4 } from '@jackfield/icmp/wire'
import {
  formatOptions,
  Ipv4Header,
  OptionPlaces,
  parseIpv4Header,
  parseOptions,
  scanOptions,
} from '@jackfield/ipv4/wire'
import { parseUdp, parseUdpLite, UdpHeader, UdpLiteHeader } from '@jackfield/udp/wire'
import type { Chance } from '../chance.js'
import { ipv4Options } from '../corpus/ipv4.js'
import { spoiltPacket } from '../corpus/spoilt.js'
import type { Step } from './stateless.js'

/** Every `/wire`: no parser throws or reads outside of what it was given, wherever that lies. */
export function wire(): Step {
  const ipv4 = new Ipv4Header()
  const udp = new UdpHeader()
  const lite = new UdpLiteHeader()
  const icmp = new Icmpv4Message()
  const arp = new ArpPacket()
  const ethernet = new EthernetHeader()
  const places = new OptionPlaces()
  return (chance, tell) => {
    const bytes = spoiltPacket(chance)
    tell(bytes)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const end = bytes.length
    const start = chance.oneIn(4) ? Math.min(end, chance.below(30)) : 0
    parseIpv4Header(view, start, end, ipv4)
    for (const at of [start, Math.min(end, start + 20)]) {
      parseUdp(view, at, end, udp)
      parseUdpLite(view, at, end, lite)
      if (parseIcmpv4(view, at, end, icmp)) {
        verifyIcmpv4(view, at, end)
        icmpv4CodeName(icmp.type, icmp.code)
        icmpv4TypeName(icmp.type)
        if (icmp.quoteEnd > end) throw new Error(`a quote ends at ${icmp.quoteEnd}, behind the packet's end at ${end}`)
      }
      parseArp(view, at, end, arp)
      parseEthernet(view, at, end, ethernet)
    }
    if (end - start >= 20) scanOptions(view, start, Math.min(60, (end - start) & ~3), places)
    options(chance, tell)
  }
}

/** Options that parse are those that are written again. */
function options(chance: Chance, tell: (input: Uint8Array) => void): void {
  const bytes = ipv4Options(chance)
  if (chance.oneIn(2) && bytes.length > 0) bytes[chance.below(bytes.length)] = chance.byte()
  tell(bytes)
  let parsed: ReturnType<typeof parseOptions>
  try {
    parsed = parseOptions(bytes)
  } catch (error) {
    if (error instanceof RangeError && !/DataView|Offset/.test(error.message)) return
    throw error
  }
  const again = parseOptions(formatOptions(parsed))
  if (JSON.stringify(again) !== JSON.stringify(parsed)) throw new Error('options do not parse to what was formatted')
}
