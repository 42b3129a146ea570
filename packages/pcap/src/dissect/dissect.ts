import {
  ETH_P_8021AD,
  ETH_P_8021Q,
  ETH_P_ARP,
  ETH_P_IP,
  ETH_P_IPV6,
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  IPPROTO_IGMP,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPPROTO_UDPLITE,
  type LinkMedium,
} from '@jackfield/interfaces'
import * as link from '../link-type.js'
import { dissectArp } from './arp.js'
import { dataLayer } from './data.js'
import { type DissectInput, type Dissectors, dissectPayload } from './dissectors.js'
import { dissectEthernet, dissectVlan } from './ethernet.js'
import { dissectIcmpv4 } from './icmpv4.js'
import { dissectIcmpv6 } from './icmpv6.js'
import { dissectIgmp } from './igmp.js'
import { dissectIpv4 } from './ipv4.js'
import { dissectIpv6 } from './ipv6.js'
import { Layer } from './layer.js'
import { dissectTcp } from './tcp.js'
import type { TcpSession } from './tcp-session.js'
import { dissectUdp, dissectUdpLite } from './udp.js'

/** IP in IP (RFC 2003). */
const IPPROTO_IPIP = 4

/** A registry of all that this package reads, which is yours to change. */
export function createDissectors(): Dissectors {
  return {
    etherTypes: new Map([
      [ETH_P_IP, dissectIpv4],
      [ETH_P_IPV6, dissectIpv6],
      [ETH_P_ARP, dissectArp],
      [ETH_P_8021Q, dissectVlan],
      [ETH_P_8021AD, dissectVlan],
    ]),
    protocols: new Map([
      [IPPROTO_ICMP, dissectIcmpv4],
      [IPPROTO_ICMPV6, dissectIcmpv6],
      [IPPROTO_IPV6, dissectIpv6],
      [IPPROTO_IGMP, dissectIgmp],
      [IPPROTO_IPIP, dissectIpv4],
      [IPPROTO_TCP, dissectTcp],
      [IPPROTO_UDP, dissectUdp],
      [IPPROTO_UDPLITE, dissectUdpLite],
    ]),
    udpPorts: new Map(),
  }
}

let standard: Dissectors | null = null

/** How bytes are dissected. */
export interface DissectOptions {
  /** Default: `createDissectors()`. */
  dissectors?: Dissectors
  /** The length on the wire, where not all was captured. Default: that of the bytes. */
  originalLength?: number
  /** Tells sequence numbers from the start of each connection. Default: as they are in the packet, as with tcpdump's `-S`. */
  session?: TcpSession
}

/**
 * Reads a packet into layers, of which the first is `frame`. Any bytes will do: what is cut short or wrong is marked as such.
 * @param link what the bytes begin with: a medium, or a `LINKTYPE_` number
 */
export function dissect(bytes: Uint8Array, link: LinkMedium | number, options: DissectOptions = {}): Layer {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const end = bytes.length
  const length = Math.max(options.originalLength ?? end, end)
  if (options.dissectors === undefined) standard ??= createDissectors()
  const dissectors = options.dissectors ?? (standard as Dissectors)
  const frame = new Layer('frame', `Frame: ${length} bytes on wire, ${end} captured`, 0, end)
  frame.add('frame.len', 'Length', length, 0, end)
  frame.add('frame.cap_len', 'Captured', end, 0, end)
  frame.linkHeader = ''
  const base = { view, start: 0, end, length, network: null, quoted: false, depth: 0, dissectors }
  const input = options.session === undefined ? base : { ...base, session: options.session }
  frame.payload = dissectLink(frame, input, typeof link === 'number' ? link : linkTypes[link])
  return frame
}

const linkTypes: Readonly<Record<LinkMedium, number>> = {
  ethernet: link.LINKTYPE_ETHERNET,
  ip: link.LINKTYPE_RAW,
}

function dissectLink(frame: Layer, input: DissectInput, linkType: number): Layer {
  switch (linkType) {
    case link.LINKTYPE_ETHERNET:
      return dissectPayload(dissectEthernet, input, 0, input.end, input.length) as Layer
    case link.LINKTYPE_RAW:
    case link.LINKTYPE_IPV4:
    case link.LINKTYPE_IPV6:
      frame.linkHeader = 'ip: '
      return dissectIp(input, 0)
    case link.LINKTYPE_NULL:
    case link.LINKTYPE_LOOP:
      return dissectNull(frame, input)
    default: {
      const data = dataLayer(input.view, 0, input.end, input.length)
      data.line = `link type ${linkType}, length ${input.length}`
      return data
    }
  }
}

/** A bare IP packet, whose version tells the protocol. */
function dissectIp(input: DissectInput, start: number): Layer {
  const { view, end } = input
  const length = input.length - start
  if (start >= end) return new Layer('ip', 'Internet Protocol', start, end).truncate('ip')
  const version = view.getUint8(start) >>> 4
  const etherType = version === 4 ? ETH_P_IP : version === 6 ? ETH_P_IPV6 : -1
  const read = dissectPayload(input.dissectors.etherTypes.get(etherType), input, start, end, length)
  if (read !== null) return read
  const data = dataLayer(view, start, end, length)
  data.line = version === 6 ? `IP6, length ${length}` : `unknown ip ${version}`
  return data
}

/** BSD loopback: an address family in the byte order of whoever captured it. */
function dissectNull(frame: Layer, input: DissectInput): Layer {
  if (input.end < 4) return new Layer('null', 'Null/Loopback', 0, input.end).truncate('null')
  const big = input.view.getUint32(0)
  const family = big <= 0xffff ? big : input.view.getUint32(0, true)
  frame.add('null.family', 'Family', family, 0, 4)
  frame.linkHeader = `AF ${family}, length ${input.length}: `
  return dissectIp(input, 4)
}
