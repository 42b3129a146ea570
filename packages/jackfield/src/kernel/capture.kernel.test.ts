import { createSocket } from 'node:dgram'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { capture, PcapngWriter } from '@jackfield/pcap'
import { AF_INET, SOCK_DGRAM, SOL_UDP, UDP_SEGMENT } from '@jackfield/sockets'
import { afterAll, describe, expect, test } from 'vitest'
import { CaptureFile } from '../cli/capture-file.js'
import { createHost } from '../create-host.js'
import { openTun } from '../tun.js'
import { ask } from './ask.test-support.js'
import { type Place, ping, place, Running, run, until, up } from './kernel.test-support.js'
import { FarHost, tcpExchange } from './router.test-support.js'
import { faults, fields } from './tshark.test-support.js'

const directory = mkdtempSync(join(tmpdir(), 'jackfield-'))
afterAll(() => rmSync(directory, { recursive: true }))

const LAST = 'the last datagram of the session'

/** All packets of a capture, link header and all, in hexadecimal. */
async function packets(file: string): Promise<string[]> {
  const printed = await run('tshark', '-n', '-r', file, '-T', 'jsonraw', '-j', 'frame')
  return [...printed.matchAll(/"frame_raw": \[\s*"([0-9a-f]*)"/g)].map(([, bytes = '']) => bytes)
}

/** Small pings, large ones, to a group; datagrams of all sizes echoed, and to a closed port. */
async function session({ name, stack }: Place): Promise<void> {
  expect(await ping('-c', '5', '-l', '5', stack)).toMatchObject({ sent: 5, received: 5 })
  expect(await ping('-c', '3', '-l', '3', '-s', '20000', stack)).toMatchObject({ sent: 3, received: 3 })
  expect(await ping('-c', '3', '-l', '3', '-I', name, '224.0.0.1')).toMatchObject({ sent: 3, received: 3 })
  for (const length of [0, 1, 2, 1472, 1473, 9000, 65_507]) {
    expect(await ask(stack, 7, 'x'.repeat(length))).toHaveLength(length)
  }
  expect(await ask(stack, 5999, 'anybody there?')).toBe('ECONNREFUSED')
  expect(await ask(stack, 19, '')).toHaveLength(512)
  expect(await ask(stack, 7, LAST)).toBe(LAST)
}

/** Packets of the session each way: pings, fragments of 3 large ones, of datagrams, the refused one and the last two. */
const SESSION_PACKETS = 5 + 3 * 14 + 3 + (1 + 1 + 1 + 1 + 2 + 7 + 45) + 1 + 2

/**
 * Writes what crosses a device to a file, once it listens. tcpdump insists on becoming somebody else, which a user
 * namespace has nobody for; Wireshark's dumpcap does not.
 */
async function sniff(device: string, file: string): Promise<Running> {
  const root = readFileSync('/proc/self/setgroups', 'latin1').startsWith('allow')
  // Each has a ring for the whole session: tcpdump's usual one has room for eight frames of 256 KiB.
  const parameters = root
    ? ['-Z', 'root', '-i', device, '--immediate-mode', '-U', '-s', '2000', '-B', '8192', '-w', file]
    : ['-P', '-i', device, '-s', '2000', '-B', '8', '-w', file]
  const sniffer = new Running(root ? 'tcpdump' : 'dumpcap', parameters)
  await sniffer.printed(/listening on|File: /)
  return sniffer
}

/** Runs the session with the stack's own capture and, where asked, the sniffer's. */
async function captured(where: Place, own: string, sniffed: string | null, ...more: string[]): Promise<void> {
  const services = ['--services', 'echo,chargen']
  const settings = ['--sysctl', 'net.ipv4.icmp_echo_ignore_broadcasts=0']
  const stack = await up(...where.parameters, ...services, ...settings, '--pcap', own, ...more)
  const sniffer = sniffed === null ? null : await sniff(where.name, sniffed)
  await session(where)
  if (sniffed !== null) {
    await until(() => readFileSync(sniffed, 'latin1').split(LAST).length === 3, 'the last datagram both ways')
  }
  expect(await stack.stop()).toMatchObject({ code: 0, stderr: '' })
  await sniffer?.stop('SIGINT')
}

/** What is sent from an address, by IP or ARP, as a test of a packet in hexadecimal. */
function sentBy(kind: 'tun' | 'tap', address: string): (packet: string) => boolean {
  const octets = Buffer.from(address.split('.').map(Number)).toString('hex')
  if (kind === 'tun') return (packet) => packet.startsWith('4') && packet.startsWith(octets, 24)
  return (packet) => {
    const etherType = packet.slice(24, 28)
    return packet.startsWith(octets, etherType === '0800' ? 52 : etherType === '0806' ? 56 : packet.length)
  }
}

for (const kind of ['tun', 'tap'] as const) {
  describe(`captures on ${kind.toUpperCase()} without offloads`, () => {
    const where = place(kind)
    const own = join(directory, `${kind}-own.pcapng`)
    const sniffed = join(directory, `${kind}-sniffed.pcap`)

    test('have no malformed packet and no bad checksum, in our own and in tcpdump’s', async () => {
      await captured(where, own, sniffed, '--no-offload')
      expect(await faults(own)).toBe('')
      expect(await faults(sniffed)).toBe('')
    })

    test('agree byte by byte, in the same order each way', async () => {
      const [mine, theirs] = [await packets(own), await packets(sniffed)]
      for (const address of [where.stack, where.kernel]) {
        const seen = theirs.filter(sentBy(kind, address))
        expect(seen.length).toBeGreaterThanOrEqual(SESSION_PACKETS)
        // The sniffer began later: the kernel and the stack may have said something before.
        expect(mine.filter(sentBy(kind, address)).join('\n')).toContain(seen.join('\n'))
      }
    })

    test('say which way packets went, on which device, in the order of time', async () => {
      const directions = await fields(
        own,
        'ip && !(icmp.type == 3)',
        'frame.packet_flags_direction',
        'ip.src',
        'frame.interface_name',
      )
      const expected = [`0x00000001\t${where.kernel}\t${where.name}`, `0x00000002\t${where.stack}\t${where.name}`]
      expect([...new Set(directions)].sort()).toEqual(expected)
      expect(await fields(own, 'frame.time_delta < 0', 'frame.number')).toEqual([])
    })

    test('would not pass with one bit wrong', async () => {
      const broken = join(directory, `${kind}-broken.pcapng`)
      const bytes = readFileSync(own)
      const at = bytes.indexOf(LAST)
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
      writeFileSync(broken, bytes)
      expect((await faults(broken)).trim().split('\n')).toHaveLength(1)
    })
  })

  test(`our own captures on ${kind.toUpperCase()} with offloads have their checksums finished`, async () => {
    const own = join(directory, `${kind}-offload.pcapng`)
    await captured(place(kind), own, null)
    expect(await faults(own)).toBe('')
    expect((await fields(own, 'udp.port == 7', 'frame.number')).length).toBeGreaterThanOrEqual(16)
  })
}

describe('captures of packets that devices are to cut', () => {
  test('have large TCP segments whole, with their checksums, where a stack forwards them', async () => {
    const own = join(directory, 'forwarded.pcapng')
    const file = new CaptureFile(own)
    const writer = new PcapngWriter(file.sink)
    const near = place('tun')
    const beyond = place('tun')
    const far = await FarHost.create()
    const router = createHost({ sysctl: { 'net.ipv4.ip_forward': 1 } })
    const { clock } = router.stack
    for (const { name, stack, kernel } of [near, beyond]) {
      const device = openTun({ name, ...(name === near.name ? { address: `${kernel}/24` } : {}) })
      router.addInterface(capture(device, writer, { clock }), { addresses: [`${stack}/24`] })
    }
    await far.takeDevice(beyond.name, `${beyond.kernel}/24`)
    await far.run('ip', 'route', 'add', 'default', 'via', beyond.stack)
    await run('ip', 'route', 'add', `${beyond.host(0)}/24`, 'via', near.stack)
    await far.startTcpEcho(beyond.kernel)
    const sent = Buffer.alloc(2_000_000, 'all the bytes of it, one after the other; ')
    expect((await tcpExchange(beyond.kernel, sent)).equals(sent)).toBe(true)
    await router.close()
    writer.close()
    file.close()
    expect(await faults(own)).toBe('')
    for (const { name } of [near, beyond]) {
      for (const direction of [1, 2]) {
        const filter = `frame.interface_name == "${name}" && frame.packet_flags_direction == ${direction}`
        expect((await fields(own, `${filter} && ip.len > 1500`, 'ip.len')).length).toBeGreaterThan(0)
      }
    }
  })

  test('have UDP in one piece that the kernel takes apart', async () => {
    const own = join(directory, 'udp-segment.pcapng')
    const file = new CaptureFile(own)
    const { name, kernel, stack } = place('tun')
    const host = createHost()
    const { sockets } = host
    const device = capture(openTun({ name, address: `${kernel}/24` }), file.sink, { clock: host.stack.clock })
    host.addInterface(device, { addresses: [`${stack}/24`] })
    const received: number[] = []
    const server = createSocket('udp4', (message) => received.push(message.length))
    await new Promise<void>((resolve) => server.bind(5000, kernel, resolve))
    const fd = sockets.socket(AF_INET, SOCK_DGRAM)
    sockets.setsockopt(fd, SOL_UDP, UDP_SEGMENT, 1400)
    sockets.sendto(fd, new Uint8Array(13_000), 0, `${kernel}:5000`)
    await until(() => received.length === 10, 'ten datagrams')
    server.close()
    await host.close()
    file.close()
    expect(received).toEqual([...Array(9).fill(1400), 400])
    expect(await faults(own)).toBe('')
  })
})
