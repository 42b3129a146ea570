import { IpAddress } from '@jackfield/addr'
import {
  AF_INET6,
  IPPROTO_ICMPV6,
  IPPROTO_RAW,
  IPV6_DSTOPTS,
  IPV6_HOPOPTS,
  IPV6_MTU,
  SOCK_DGRAM,
  SOCK_RAW,
  SOL_IPV6,
} from '@jackfield/sockets'
import { describe, expect, test } from 'vitest'
import { kernelSocket, type OpenStack, openStack, settled } from './in-process.test-support.js'
import { run } from './kernel.test-support.js'

const HOP_BY_HOP = 0
const UDP = 17
const ROUTING = 43
const FRAGMENT = 44
const AUTHENTICATION = 51
const NO_NEXT_HEADER = 59
const OPTIONS = 60
/** One of those for experiments, which nobody has. */
const UNKNOWN = 253

const ECHO_REQUEST = 128
const ECHO_REPLY = 129
const IDENTIFIER = 0x7766

/** What is between the IPv6 header and the echo request, or in its place. */
interface Made {
  /** The protocol of the first header after IPv6's. */
  readonly next: number
  readonly bytes: readonly number[]
  /** No echo request behind it. */
  readonly last?: boolean
}

const options = (next: number, ...option: number[]): number[] => {
  const length = Math.ceil((option.length + 2) / 8) * 8
  const padding = length - 2 - option.length
  return [next, length / 8 - 1, ...option, ...pad(padding)]
}
/** Padding options of so many bytes. */
const pad = (length: number): number[] =>
  length === 0 ? [] : length === 1 ? [0] : [1, length - 2, ...Array<number>(length - 2).fill(0)]
const routing = (type: number, left: number): number[] => [
  ...[IPPROTO_ICMPV6, 2, type, left, 0, 0, 0, 0],
  ...Array<number>(16).fill(0xfd),
]
const fragment = (next: number, offset: number, more: 0 | 1): number[] => [
  ...[next, 0, (offset | more) >>> 8, (offset | more) & 0xff],
  ...[0, 0, 0, 9],
]

/** The packets, and what RFC 8200 and RFC 4443 have the receiver say: type, code and pointer, or an echo reply, or nothing. */
const PACKETS: readonly [title: string, made: Made, answer: string][] = [
  ['a protocol that nobody has', { next: UNKNOWN, bytes: pad(8), last: true }, '4 1 at 6'],
  ['one behind destination options', { next: OPTIONS, bytes: options(UNKNOWN), last: true }, '4 1 at 40'],
  ['no next header', { next: NO_NEXT_HEADER, bytes: [], last: true }, 'none'],
  ['a closed port', { next: UDP, bytes: [9, 9, 9, 9, 0, 8, 0, 0], last: true }, '1 4'],
  ['an option to be skipped', { next: OPTIONS, bytes: options(IPPROTO_ICMPV6, 0x1e, 1, 7) }, 'echo reply'],
  ['an option to be dropped for', { next: OPTIONS, bytes: options(IPPROTO_ICMPV6, 0x5e, 0) }, 'none'],
  ['an option to be told of', { next: OPTIONS, bytes: options(IPPROTO_ICMPV6, 0x9e, 0) }, '4 2 at 42'],
  ['one to be told of to unicast', { next: OPTIONS, bytes: options(IPPROTO_ICMPV6, 1, 1, 0, 0xde, 0) }, '4 2 at 45'],
  ['a hop-by-hop option to skip', { next: HOP_BY_HOP, bytes: options(IPPROTO_ICMPV6, 0x1e, 0) }, 'echo reply'],
  ['a hop-by-hop option to be told of', { next: HOP_BY_HOP, bytes: options(IPPROTO_ICMPV6, 0x9e, 0) }, '4 2 at 42'],
  ['options longer than the packet', { next: OPTIONS, bytes: [IPPROTO_ICMPV6, 200, 1, 4, 0, 0, 0, 0] }, 'none'],
  ['an option longer than its header', { next: OPTIONS, bytes: [IPPROTO_ICMPV6, 0, 1, 5, 0, 0, 0, 0] }, 'none'],
  ['padding that is not zero', { next: OPTIONS, bytes: [IPPROTO_ICMPV6, 0, 1, 4, 0, 1, 0, 0] }, 'none'],
  [
    'hop-by-hop options that are not first',
    { next: OPTIONS, bytes: [...options(HOP_BY_HOP), ...options(IPPROTO_ICMPV6)] },
    '4 1 at 40',
  ],
  ['a routing header of type 0 with a way to go', { next: ROUTING, bytes: routing(0, 1) }, '4 0 at 42'],
  ['a routing header that nobody knows', { next: ROUTING, bytes: routing(200, 1) }, '4 0 at 42'],
  ['a routing header at its end', { next: ROUTING, bytes: routing(0, 0) }, 'echo reply'],
  [
    'all headers that there may be',
    {
      next: HOP_BY_HOP,
      bytes: [
        ...options(OPTIONS),
        ...options(ROUTING),
        ...routing(0, 0).with(0, FRAGMENT),
        ...fragment(OPTIONS, 0, 0),
      ].concat(options(IPPROTO_ICMPV6)),
    },
    'echo reply',
  ],
  ['a fragment that is all', { next: FRAGMENT, bytes: fragment(IPPROTO_ICMPV6, 0, 0) }, 'echo reply'],
  [
    'a fragment of no whole units',
    { next: FRAGMENT, bytes: fragment(UDP, 0, 1).concat(pad(9)), last: true },
    '4 0 at 4',
  ],
  [
    'a fragment beyond what there can be',
    { next: FRAGMENT, bytes: fragment(UDP, 65_528, 0).concat(pad(16)), last: true },
    '4 0 at 42',
  ],
  ['a fragment header that is cut', { next: FRAGMENT, bytes: [IPPROTO_ICMPV6, 0, 0, 0], last: true }, 'none'],
  ['a fragment header that is not there', { next: FRAGMENT, bytes: [], last: true }, '4 0 at 40'],
  [
    'a first fragment without the whole chain',
    { next: FRAGMENT, bytes: fragment(OPTIONS, 0, 1).concat([IPPROTO_ICMPV6, 1, 1, 4, 0, 0, 0, 0]), last: true },
    '4 3',
  ],
]

/** The Internet checksum of an upper layer's bytes (RFC 8200 8.1). */
function checksum(source: Uint8Array, destination: Uint8Array, protocol: number, bytes: readonly number[]): number {
  const all = [...source, ...destination, 0, 0, bytes.length >> 8, bytes.length & 0xff, 0, 0, 0, protocol, ...bytes]
  let sum = 0
  for (let i = 0; i < all.length; i += 2) sum += ((all[i] ?? 0) << 8) | (all[i + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

function octets(address: string): Uint8Array {
  const bytes = new Uint8Array(16)
  IpAddress.parse(address).writeTo(new DataView(bytes.buffer), 0)
  return bytes
}

/** The whole packet. */
function packet(from: string, to: string, { next, bytes, last = false }: Made): Uint8Array {
  const [source, destination] = [octets(from), octets(to)]
  const echo = [ECHO_REQUEST, 0, 0, 0, IDENTIFIER >> 8, IDENTIFIER & 0xff, 0, 1]
  const sum = checksum(source, destination, IPPROTO_ICMPV6, echo)
  echo.splice(2, 2, sum >> 8, sum & 0xff)
  const payload = last ? [...bytes] : [...bytes, ...echo]
  if (next === UDP) {
    const udp = checksum(source, destination, UDP, payload)
    payload.splice(6, 2, udp >> 8, udp & 0xff)
  }
  const header = [0x60, 0, 0, 0, payload.length >> 8, payload.length & 0xff, next, 64]
  return Uint8Array.from([...header, ...source, ...destination, ...payload])
}

/** Nothing but that an echo request is answered: what was sent before it has had its answer by then. */
const SENTINEL: Made = { next: OPTIONS, bytes: options(IPPROTO_ICMPV6, 0x1e, 1, 1) }

/** What a message says; null for one that is no answer. */
function meaning(message: Uint8Array): string | null {
  const [type = 0, code = 0] = message
  const view = new DataView(message.buffer, message.byteOffset, message.length)
  if (type === ECHO_REPLY) return view.getUint16(4) === IDENTIFIER ? 'echo reply' : null
  if (type === 4 && code !== 3) return `${type} ${code} at ${view.getUint32(4)}`
  return type > 0 && type < 5 ? `${type} ${code}` : null
}

/** The kernel sends packets, and says in hexadecimal digits what ICMPv6 messages it gets, up to a number of echo replies. */
const PERL = `use Socket qw(:DEFAULT inet_pton pack_sockaddr_in6);
  my ($to, $replies, @packets) = @ARGV;
  socket(my $in, AF_INET6, SOCK_RAW, 58) or die $!;
  socket(my $out, AF_INET6, SOCK_RAW, 255) or die $!;
  for (@packets) { send($out, pack("H*", $_), 0, pack_sockaddr_in6(0, inet_pton(AF_INET6, $to))) or die $! }
  alarm 20;
  while ($replies > 0) {
    recv($in, my $message, 2000, 0) // die $!;
    print unpack("H*", $message), "\\n";
    $replies-- if ord($message) == 129;
  }`

/** The answers to a packet of the kernel's. */
async function answersOfStack({ kernel, stack }: OpenStack, made: Made, replies: number): Promise<string[]> {
  const packets = [packet(kernel, stack, made), packet(kernel, stack, SENTINEL)]
  const hex = packets.map((bytes) => Buffer.from(bytes).toString('hex'))
  const printed = await run('perl', '-e', PERL, stack, String(replies), ...hex)
  const messages = printed.split('\n').map((line) => meaning(Buffer.from(line, 'hex')))
  return messages.filter((each) => each !== null)
}

/** The answers to a packet of the stack's. */
async function answersOfKernel({ kernel, stack, sockets }: OpenStack, made: Made, replies: number): Promise<string[]> {
  const incoming = sockets.socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6)
  const outgoing = sockets.socket(AF_INET6, SOCK_RAW, IPPROTO_RAW)
  for (const each of [made, SENTINEL]) sockets.sendto(outgoing, packet(stack, kernel, each), 0, `[${kernel}]:0`)
  const answers: string[] = []
  const buffer = new Uint8Array(2000)
  while (answers.filter((each) => each === 'echo reply').length < replies) {
    const length = await sockets.promises.recv(incoming, buffer, 0, { signal: AbortSignal.timeout(20_000) })
    const answer = meaning(buffer.subarray(0, length))
    if (answer !== null) answers.push(answer)
  }
  sockets.close(incoming)
  sockets.close(outgoing)
  return answers
}

describe.each(PACKETS)('%s', (_title, made, answer) => {
  const expected = answer === 'none' ? ['echo reply'] : [answer, 'echo reply']
  const replies = answer === 'echo reply' ? 2 : 1

  test(`has the stack answer: ${answer}`, async () => {
    const opened = openStack('tun', { version: 6, sysctl: { 'net.ipv6.icmp.ratelimit': 0 } })
    await settled(opened)
    expect(await answersOfStack(opened, made, replies)).toEqual(expected)
  })

  test(`has the kernel answer the same`, async () => {
    await run('sysctl', '-q', '-w', 'net.ipv6.icmp.ratelimit=0')
    const opened = openStack('tun', { version: 6 })
    await settled(opened)
    expect(await answersOfKernel(opened, made, replies)).toEqual(expected)
  })
})

test('an authentication header, which the stack cannot check, is a protocol that it does not have', async () => {
  const opened = openStack('tun', { version: 6, sysctl: { 'net.ipv6.icmp.ratelimit': 0 } })
  await settled(opened)
  const made: Made = { next: AUTHENTICATION, bytes: [IPPROTO_ICMPV6, 2, 0, 0, ...Array<number>(12).fill(7)] }
  expect(await answersOfStack(opened, made, 1)).toEqual(['4 1 at 6', 'echo reply'])
})

test('options headers that a socket sends are well formed for the kernel, in whole datagrams and in fragments', async () => {
  const opened = openStack('tun', { version: 6 })
  await settled(opened)
  const peer = await kernelSocket(opened.kernel)
  const { sockets } = opened
  const fd = sockets.socket(AF_INET6, SOCK_DGRAM)
  for (const option of [IPV6_HOPOPTS, IPV6_DSTOPTS]) {
    sockets.setsockopt(fd, SOL_IPV6, option, Uint8Array.from(options(0, ...pad(6))))
  }
  sockets.setsockopt(fd, SOL_IPV6, IPV6_MTU, 1280)
  const lengths = [10, 1280 - 40 - 8 - 16, 1280 - 40 - 8 - 15, 4000]
  for (const length of lengths)
    sockets.sendto(fd, new Uint8Array(length).fill(length), 0, `[${opened.kernel}]:${peer.port}`)
  await peer.count(lengths.length)
  for (const [i, length] of lengths.entries()) {
    expect(new Uint8Array(peer.received[i]?.data ?? [])).toEqual(new Uint8Array(length).fill(length))
  }
  expect(opened.hosted.stack.counters()['Ip6FragCreates']).toBe(2 + 4)
})
