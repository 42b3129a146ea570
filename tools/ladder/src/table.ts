/** One rung: a package and what it may stand on. */
export interface Row {
  /** The folder under `packages/`, and the name behind `@jackfield/`. */
  readonly folder: string
  /** The name that it is published under, where that is not `@jackfield/FOLDER`. */
  readonly published?: string
  /** What is in it, in a line. */
  readonly owns: string
  /** Folders of the packages that its sources may import. */
  readonly allows: readonly string[]
  /** What `allows` comes to, for people. */
  readonly reads: string
  /** Whether it may also import the `/wire` entry of every other row that is not a host's. */
  readonly allowsWires?: boolean
  /** Whether it parses a wire format of its own, which then is its entry `/wire`. */
  readonly wire?: boolean
  /** Whether its job is a host: only then may it name Node's modules. */
  readonly host?: boolean
  /** With `host`: entries that keep free of it, as files under `src`. */
  readonly hostless?: readonly string[]
  /** Packages from outside that it may depend on. */
  readonly externals?: readonly string[]
  /** Those of them that run everywhere, so that entries under `hostless` may come to them. */
  readonly portable?: readonly string[]
}

const CONTRACTS = ['addr', 'packet', 'clock', 'interfaces']
const BELOW = 'interfaces and below'

const lower: readonly Row[] = [
  {
    folder: 'addr',
    owns: 'IPv4, IPv6 and MAC addresses, prefixes, socket addresses, the hash of a flow; longest-prefix match',
    allows: [],
    reads: '–',
  },
  {
    folder: 'packet',
    owns: 'the packet, its buffer with headroom, pools, the Internet checksum',
    allows: [],
    reads: '–',
  },
  {
    folder: 'clock',
    owns: '`Clock`, the timer wheel, the run loop, the system and the virtual clock, random sources',
    allows: [],
    reads: '–',
  },
  {
    folder: 'interfaces',
    owns: 'the contracts between layers, with the constants and errors that they name; compliance suites and fakes',
    allows: ['addr', 'packet', 'clock'],
    reads: 'addr, packet, clock',
  },
  {
    folder: 'link',
    owns: 'loopback, cables in memory, impairments, a learning switch',
    allows: CONTRACTS,
    reads: BELOW,
  },
  {
    folder: 'neighbor',
    owns: 'the neighbour cache and its reachability states, given a protocol',
    allows: CONTRACTS,
    reads: BELOW,
  },
  {
    folder: 'ethernet',
    owns: 'Ethernet II and 802.1Q framing, ARP',
    allows: [...CONTRACTS, 'neighbor'],
    reads: `${BELOW}, neighbor`,
    wire: true,
  },
  {
    folder: 'ip',
    owns: 'what both IP versions share: route table, path-MTU cache, reassembly, group filters, error rate limit',
    allows: CONTRACTS,
    reads: BELOW,
  },
  {
    folder: 'ipv4',
    owns: 'IPv4: header, options, fragments, forwarding, broadcast, IGMP',
    allows: [...CONTRACTS, 'ip', 'neighbor'],
    reads: `${BELOW}, ip, neighbor`,
    wire: true,
  },
  {
    folder: 'ipv6',
    owns: 'IPv6: header, extension headers, forwarding, NDP, SLAAC, MLD',
    allows: [...CONTRACTS, 'ip', 'neighbor'],
    reads: `${BELOW}, ip, neighbor`,
    wire: true,
    externals: ['@noble/hashes'],
    portable: ['@noble/hashes'],
  },
  {
    folder: 'icmp',
    owns: 'ICMP: echo, errors out, errors in to the transport that caused them',
    allows: CONTRACTS,
    reads: BELOW,
    wire: true,
  },
  {
    folder: 'transport',
    owns: 'what transports share: ports, IP-level socket options, queues, send accounting, readiness',
    allows: CONTRACTS,
    reads: BELOW,
  },
  {
    folder: 'udp',
    owns: 'UDP and UDP-Lite',
    allows: [...CONTRACTS, 'transport'],
    reads: `${BELOW}, transport`,
    wire: true,
  },
  {
    folder: 'tcp',
    owns: 'TCP',
    allows: [...CONTRACTS, 'transport'],
    reads: `${BELOW}, transport`,
    wire: true,
    // RFC 2385 signs with MD5, which web platforms no longer offer.
    externals: ['@noble/hashes'],
  },
  {
    folder: 'raw',
    owns: 'raw, ICMP datagram and packet sockets',
    allows: [...CONTRACTS, 'transport'],
    reads: `${BELOW}, transport`,
  },
  {
    folder: 'stack',
    owns: 'the composition of interfaces, layers and transports; cutting and merging of segments; imports no transport',
    allows: CONTRACTS,
    reads: BELOW,
  },
  {
    folder: 'sockets',
    owns: 'the Berkeley calls: descriptors, options, readiness; no protocol code',
    allows: [...CONTRACTS, 'stack'],
    reads: `${BELOW}, stack`,
  },
  {
    folder: 'tun-driver',
    owns: 'real devices: TUN and TAP with offloads',
    allows: CONTRACTS,
    reads: BELOW,
    wire: true,
    host: true,
    externals: ['koffi'],
  },
  {
    folder: 'pcap',
    owns: 'pcapng read and write, capture of any device, dissection for people',
    allows: CONTRACTS,
    reads: `${BELOW}, every \`/wire\``,
    allowsWires: true,
  },
]

const folders = lower.map((row) => row.folder)

/**
 * The house, from the ground up: a package imports only from rows above its own, and of those only what its row names.
 * A row may be here before its package is. To add a package, add a row.
 */
export const TABLE: readonly Row[] = [
  ...lower,
  {
    folder: 'sim',
    owns: 'networks of hosts in virtual time, with seeds and replay',
    allows: folders.filter((folder) => folder !== 'tun-driver'),
    reads: 'all above but tun-driver',
  },
  {
    folder: 'packetdrill',
    owns: 'packetdrill scripts, run against a stack in virtual time',
    allows: folders.filter((folder) => folder !== 'tun-driver'),
    reads: 'all above but tun-driver and sim',
    host: true,
    hostless: ['index.ts'],
    // MD5 again: the tool shares no code with what it tests.
    externals: ['vitest', '@noble/hashes'],
    portable: ['@noble/hashes'],
  },
  {
    folder: 'jackfield',
    published: 'jackfield',
    owns: 'everything wired with good defaults; `jackfield/tun`; the command line',
    allows: [...folders, 'sim', 'packetdrill'],
    reads: 'all',
    host: true,
    hostless: ['index.ts'],
    externals: ['commander', 'picocolors'],
  },
]

/** The name that a row's package is published and imported under. */
export function publishedName(row: Row): string {
  return row.published ?? `@jackfield/${row.folder}`
}

/** The table for people, in Markdown, its columns aligned. */
export function renderTable(table: readonly Row[]): string {
  const lines = table.map((row) => {
    const externals = row.externals === undefined ? '' : `; from outside: ${row.externals.join(', ')}`
    return [`\`${publishedName(row)}\``, row.owns, row.reads + externals]
  })
  const cells = [['package', 'owns', 'may import'], ...lines]
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)))
  const [head = '', ...rest] = cells.map((line) => {
    const padded = line.map((cell, column) => cell.padEnd(widths[column] ?? 0))
    return `| ${padded.join(' | ')} |`
  })
  return [head, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rest].join('\n')
}
