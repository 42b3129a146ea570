import {
  ArpPacket,
  ETHERNET_HEADER_LENGTH,
  EthernetHeader,
  parseArp,
  parseEthernet,
  writeArp,
  writeEthernet,
} from '@jackfield/ethernet/wire'
import { Icmpv4Message, parseIcmpv4, writeIcmpv4 } from '@jackfield/icmp/wire'
import { ETH_P_IP } from '@jackfield/interfaces'
import { checkIpv4Header, HEADER_OK, Ipv4Header, parseIpv4Header, writePlainHeader } from '@jackfield/ipv4/wire'
import { parseUdp, UDP_OK, UdpHeader, writeUdp } from '@jackfield/udp/wire'
import type { Case, Figure } from '../figure.js'
import { alternate, rate, significant } from '../median.js'

/** Packets in turn, each with other contents. */
const PACKETS = 256
/** Bytes from one to the next. */
const STRIDE = 64
/** How long one measurement runs, in milliseconds. */
const SPAN = 60

/** Reads the packet at an offset; a sum over some of its fields, so that no engine may leave the reading out. */
type Read = (view: DataView, at: number) => number

interface Format {
  readonly name: string
  write(view: DataView, at: number, index: number): void
  readonly read: Read
}

function formats(): Format[] {
  const ipv4 = new Ipv4Header()
  const udp = new UdpHeader()
  const ethernet = new EthernetHeader()
  const arp = new ArpPacket()
  const icmp = new Icmpv4Message()
  const writeHeader = (view: DataView, at: number, i: number): void =>
    writePlainHeader(view, at, 0, 40, i, 0x4000, 64, 17, 0x0a000001 + i, 0x0a000101 + i)
  return [
    {
      name: 'Ethernet header',
      write: (view, at, i) => {
        ethernet.sourceLow = i
        ethernet.etherType = ETH_P_IP
        writeEthernet(view, at, ethernet)
      },
      read: (view, at) =>
        parseEthernet(view, at, at + STRIDE, ethernet) - at - ETHERNET_HEADER_LENGTH + ethernet.sourceLow,
    },
    {
      name: 'ARP packet',
      write: (view, at, i) => {
        arp.sender = i
        writeArp(view, at, arp)
      },
      read: (view, at) => (parseArp(view, at, at + STRIDE, arp) ? arp.sender : Number.NaN),
    },
    {
      name: 'IPv4 header, checked in place (the packet path)',
      write: writeHeader,
      read: (view, at) => (checkIpv4Header(view, at, at + STRIDE) === HEADER_OK ? view.getUint16(at + 4) : Number.NaN),
    },
    {
      name: 'IPv4 header, checked and read into an object',
      write: writeHeader,
      read: (view, at) =>
        parseIpv4Header(view, at, at + STRIDE, ipv4) === HEADER_OK ? ipv4.identification : Number.NaN,
    },
    {
      name: 'UDP header',
      write: (view, at, i) => writeUdp(view, at, i, 53, 40, 0),
      read: (view, at) => (parseUdp(view, at, at + STRIDE, udp) === UDP_OK ? udp.sourcePort : Number.NaN),
    },
    {
      name: 'ICMPv4 echo',
      write: (view, at, i) => writeIcmpv4(view, at, at + STRIDE, 8, 0, i),
      read: (view, at) => (parseIcmpv4(view, at, at + STRIDE, icmp) ? icmp.sequence : Number.NaN),
    },
  ]
}

async function run(runs: number): Promise<{ figures: Figure[]; notes: string[] }> {
  const figures: Figure[] = []
  // Fields run from 0 to PACKETS - 1, whatever the format.
  const expected = (PACKETS * (PACKETS - 1)) / 2
  for (const { name, write, read } of formats()) {
    const view = new DataView(new ArrayBuffer(PACKETS * STRIDE))
    for (let i = 0; i < PACKETS; i++) write(view, i * STRIDE, i)
    const batch = (): void => {
      for (let repeat = 0; repeat < 16; repeat++) {
        let sum = 0
        for (let i = 0; i < PACKETS; i++) sum += read(view, i * STRIDE)
        if (sum !== expected) throw new Error(`${name}: ${sum} was read in place of ${expected}`)
      }
    }
    const [value = 0] = await alternate(runs, [() => rate(batch, PACKETS * 16, SPAN)])
    figures.push({ name, value: significant(value), unit: 'per s' })
  }
  return { figures, notes: [] }
}

export const parsing: Case = {
  name: 'parse',
  title: 'headers read and checked',
  oneProcessor: true,
  namespace: false,
  run,
}
