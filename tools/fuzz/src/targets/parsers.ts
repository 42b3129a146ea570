import { IpAddress, MacAddress, Prefix, parseZoned, SocketAddress } from '@jackfield/addr'
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
import { type Packet, PacketPool } from '@jackfield/packet'
import {
  createPcapBuffer,
  dissect,
  formatLine,
  formatTree,
  LINKTYPE_ETHERNET,
  LINKTYPE_RAW,
  PcapError,
  PcapngWriter,
  readCapture,
} from '@jackfield/pcap'
import { decodeVnetHeader, encodeVnetHeader, VNET_HEADER_LENGTH } from '@jackfield/tun-driver/wire'
import { parseUdp, parseUdpLite, UdpHeader, UdpLiteHeader } from '@jackfield/udp/wire'
import { joined, toHex } from '../bytes.js'
import type { Chance } from '../chance.js'
import { icmpError } from '../corpus/errors.js'
import { fragments } from '../corpus/fragments.js'
import { arpFrame, ipv4Frame } from '../corpus/frames.js'
import { ipv4Options } from '../corpus/ipv4.js'
import { mutated } from '../corpus/mutate.js'
import { icmpQuery, igmpPacket, otherProtocol, udpLitePacket, udpPacket } from '../corpus/transports.js'
import type { Subject, Target } from '../subject.js'

type Step = (chance: Chance, tell: (input: Uint8Array | string) => void) => void

/** A function without a state: each input stands alone. */
function parserTarget(name: string, share: number, create: () => Step): Target {
  return {
    name,
    share,
    create(): Subject {
      const step = create()
      let last: Uint8Array | string = ''
      const tell = (input: Uint8Array | string) => {
        last = input
      }
      return {
        input: (chance) => step(chance, tell),
        check() {},
        settle() {},
        close: async () => {},
        lastInput: () => (typeof last === 'string' ? JSON.stringify(last) : toHex(last)),
      }
    },
  }
}

function packet(chance: Chance): Uint8Array {
  const make = chance.pick([udpPacket, udpLitePacket, icmpQuery, igmpPacket, otherProtocol, firstFragment, anError])
  return make(chance)
}

const firstFragment = (chance: Chance) => fragments(chance)[0] ?? chance.payload(60)
const anError = (chance: Chance) => icmpError(chance, [])

function spoiltPacket(chance: Chance): Uint8Array {
  const bytes = chance.oneIn(12) ? chance.payload(120) : packet(chance)
  return chance.oneIn(4) ? bytes : mutated(chance, bytes, 0, () => packet(chance))
}

function spoiltFrame(chance: Chance): Uint8Array {
  const frame = chance.oneIn(2) ? arpFrame(chance, []) : ipv4Frame(chance, packet(chance))
  return chance.oneIn(4) ? frame : mutated(chance, frame, 14, () => packet(chance))
}

/** Every `/wire`: no parser throws or reads outside of what it was given, wherever that lies. */
function wire(): Step {
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

const TEXTS = [
  '10.0.0.1',
  '255.255.255.255',
  '::1',
  '2001:db8::1',
  '::ffff:10.0.0.1',
  'fe80::1%eth0',
  '10.0.0.0/8',
  '2001:db8::/32',
  '10.0.0.1:80',
  '[::1]:65535',
  '[fe80::1%eth0]:53',
  '02:00:00:00:00:01',
  '02-00-00-00-00-01',
  '0200.0000.0001',
] as const
const ALPHABET = '0123456789abcdefABCDEFxX.:/[]%- \0\u0661\u{1f600}'

function spoiltText(chance: Chance): string {
  let text: string = chance.oneIn(10) ? '' : chance.pick(TEXTS)
  for (let count = chance.below(4); count > 0; count--) {
    const at = chance.below(text.length + 1)
    const drop = chance.below(3)
    const add = chance.oneIn(2) ? ALPHABET.charAt(chance.below(ALPHABET.length)) : chance.pick(TEXTS)
    text = text.slice(0, at) + (chance.oneIn(3) ? '' : add) + text.slice(at + drop)
  }
  return text
}

/** Address texts: refused with an error that says why, or read so that what is written reads the same. */
function addresses(): Step {
  const readers: ((text: string) => string)[] = [
    (text) => String(IpAddress.parse(text)),
    (text) => String(Prefix.parse(text)),
    (text) => String(MacAddress.parse(text)),
    (text) => String(SocketAddress.parse(text, () => 3)),
    (text) => String(parseZoned(text).address),
  ]
  return (chance, tell) => {
    const text = spoiltText(chance)
    tell(text)
    for (const read of readers) {
      let written: string
      try {
        written = read(text)
      } catch (error) {
        if ((error instanceof TypeError || error instanceof RangeError) && error.message.length > 10) continue
        throw error
      }
      if (read(written) !== written)
        throw new Error(`${JSON.stringify(text)} reads as ${written}, which reads otherwise`)
    }
  }
}

/** Capture files: records, then the end or a `PcapError`. */
function captures(): Step {
  return (chance, tell) => {
    const bytes = spoiltCapture(chance)
    tell(bytes)
    let records = 0
    try {
      for (const record of readCapture(bytes)) {
        records++
        if (record.kind === 'packet' && record.bytes.length > bytes.length)
          throw new Error('a packet longer than its file')
      }
    } catch (error) {
      if (!(error instanceof PcapError)) throw error
    }
    if (records > bytes.length) throw new Error(`${records} records in ${bytes.length} bytes`)
  }
}

function spoiltCapture(chance: Chance): Uint8Array {
  const bytes = chance.oneIn(3) ? classicFile(chance) : pcapngFile(chance)
  for (let count = chance.below(5); count > 0 && bytes.length > 0; count--) {
    // Most of a file is its packets; the fields that matter stand at the beginning of blocks.
    const at = chance.oneIn(2) ? chance.below(Math.min(bytes.length, 120)) : chance.below(bytes.length)
    bytes[at] = chance.byte()
  }
  return chance.oneIn(4) ? bytes.slice(0, chance.below(bytes.length + 1)) : bytes
}

function pcapngFile(chance: Chance): Uint8Array {
  const buffer = createPcapBuffer()
  const writer = new PcapngWriter(buffer.sink, { unbuffered: true })
  const id = writer.addInterface({ name: 'eth0', linkType: chance.oneIn(2) ? LINKTYPE_ETHERNET : LINKTYPE_RAW })
  for (let count = chance.below(4); count > 0; count--) {
    const bytes = spoiltPacket(chance)
    writer.writePacket(id, bytes, 0, bytes.length, chance.below(1_000_000_000))
  }
  writer.close()
  return buffer.toBytes()
}

function classicFile(chance: Chance): Uint8Array {
  const little = chance.oneIn(2)
  const header = new Uint8Array(24)
  const view = new DataView(header.buffer)
  view.setUint32(0, chance.oneIn(2) ? 0xa1b2c3d4 : 0xa1b23c4d, little)
  view.setUint16(4, 2, little)
  view.setUint16(6, 4, little)
  view.setUint32(16, 65_535, little)
  view.setUint32(20, chance.oneIn(2) ? 1 : 101, little)
  const pieces: Uint8Array[] = [header]
  for (let count = chance.below(4); count > 0; count--) {
    const bytes = spoiltPacket(chance)
    const record = new Uint8Array(16)
    const fields = new DataView(record.buffer)
    fields.setUint32(0, chance.word() >>> 0, little)
    fields.setUint32(8, chance.oneIn(8) ? chance.half() : bytes.length, little)
    fields.setUint32(12, chance.oneIn(8) ? chance.word() >>> 0 : bytes.length, little)
    pieces.push(record, bytes)
  }
  return joined(...pieces)
}

/** What people see of any packet: a line and a tree, of bounded length. */
function dissector(): Step {
  return (chance, tell) => {
    const frame = chance.oneIn(2)
    const bytes = frame ? spoiltFrame(chance) : spoiltPacket(chance)
    tell(bytes)
    const layer = dissect(bytes, frame ? 'ethernet' : 'ip', { originalLength: bytes.length + chance.below(2) * 40 })
    const line = formatLine(layer)
    const tree = formatTree(layer)
    if (line.includes('\n') || hasControl(tree)) throw new Error('a packet wrote control characters')
    if (line.length + tree.length > 20_000 + 200 * bytes.length)
      throw new Error(`${tree.length} characters for a packet`)
  }
}

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if ((code < 32 && code !== 10) || code === 127) return true
  }
  return false
}

/** The header of a driver with offloads: what is believed fits the packet, and can be written again. */
function vnet(): Step {
  const pool = new PacketPool()
  return (chance, tell) => {
    const ethernet = chance.oneIn(2)
    const bytes = ethernet ? spoiltFrame(chance) : spoiltPacket(chance)
    const header = chance.bytes(VNET_HEADER_LENGTH)
    if (!chance.oneIn(4)) {
      header[0] = chance.below(4)
      header[1] = chance.pick([0, 1, 4, 5, 0x81])
      header[6] = (ethernet ? 14 : 0) + 20
      header[7] = 0
      header[8] = chance.pick([6, 16])
      header[9] = 0
    }
    tell(joined(header, bytes))
    const given = pool.copyOf(joined(header, bytes))
    const at = given.start
    given.start += VNET_HEADER_LENGTH
    if (decodeVnetHeader(given.view, at, given, ethernet)) {
      checkVnet(given)
      encodeVnetHeader(given.view, at, given, ethernet)
    }
    given.release()
    if (pool.outstanding !== 0) throw new Error('a decoded packet was not given back')
  }
}

function checkVnet(packet: Packet): void {
  const { start, end, checksum, checksumStart, checksumOffset, segmentType, segmentSize, segmentCount } = packet
  if (checksum === 1 && (checksumStart < start || checksumStart + checksumOffset + 2 > end)) {
    throw new Error(`a checksum at ${checksumStart} + ${checksumOffset}, outside of ${start} to ${end}`)
  }
  if (segmentType !== 0 && (segmentSize < 1 || segmentCount < 1 || segmentCount > Math.max(1, end - start))) {
    throw new Error(`${segmentCount} segments of ${segmentSize} bytes in ${end - start}`)
  }
}

/** Functions without a state. */
export const PARSER_TARGETS: readonly Target[] = [
  parserTarget('wire', 2, wire),
  parserTarget('addresses', 2, addresses),
  parserTarget('captures', 2, captures),
  parserTarget('dissector', 2, dissector),
  parserTarget('vnet', 1, vnet),
]
