import { createSeededRandom } from '@jackfield/clock'
import { type Cable, createCable } from '@jackfield/link'
import { AF_INET, SHUT_WR, SOCK_STREAM, SOL_TCP, TCP_INFO } from '@jackfield/sockets'
import { describe, expect, test } from 'vitest'
import { createNetwork, type Network, type SimHost } from './index.js'
import { listenOn } from './tcp.test-support.js'

/** The MTU of a cable, and the largest packet that it carries: there is room for two VLAN tags, which these have not. */
const NARROW = 1250
const PASSES = NARROW + 8

interface Path {
  net: Network
  a: SimHost
  b: SimHost
  narrow: Cable<'ethernet'>
  wide: Cable<'ethernet'>
}

/** Two hosts with a cable between their switches that drops large packets without a word, and a wider one pulled out. */
function blackHole(sysctl: Record<string, number> = {}): Path {
  const net = createNetwork({ seed: 'black hole' })
  const [a, b] = [net.host('a', { sysctl }), net.host('b')]
  const [near, far] = [net.switch('near'), net.switch('far')]
  net.cable(a, near, { addresses: ['10.0.0.1/24', undefined], delay: '5ms', offload: false })
  net.cable(far, b, { addresses: [undefined, '10.0.0.2/24'], offload: false })
  const between = (mtu: number): Cable<'ethernet'> => {
    const cable = createCable({ clock: net.clock, medium: 'ethernet', mtu, random: createSeededRandom(mtu) })
    near.switch.attach(cable.a)
    far.switch.attach(cable.b)
    return cable
  }
  const [narrow, wide] = [between(NARROW), between(1500)]
  wide.unplug()
  return { net, a, b, narrow, wide }
}

async function connected({ net, a, b }: Path): Promise<[from: number, to: number]> {
  const listener = listenOn(b, 80)
  const from = a.sockets.socket(AF_INET, SOCK_STREAM)
  await net.settle(a.sockets.promises.connect(from, `${b.address}:80`))
  const to = await net.settle(b.sockets.promises.accept(listener))
  b.sockets.close(listener)
  return [from, to]
}

/** Sends that many bytes and reads them at the other end. */
async function transfer({ net, a, b }: Path, from: number, to: number, length: number): Promise<void> {
  const bytes = Uint8Array.from({ length }, (_, i) => (i * 31 + (i >>> 8)) & 0xff)
  const received = new Uint8Array(length)
  const receive = async (): Promise<void> => {
    for (let at = 0; at < length; ) at += await b.sockets.promises.recv(to, received.subarray(at))
  }
  await net.settle(Promise.all([a.sockets.promises.send(from, bytes), receive()]))
  expect(received.findIndex((byte, i) => byte !== bytes[i])).toBe(-1)
}

async function closed({ net, a, b }: Path, from: number, to: number): Promise<void> {
  a.sockets.shutdown(from, SHUT_WR)
  a.sockets.close(from)
  b.sockets.close(to)
  net.advance('20min')
  await net.close()
  for (const host of net.hosts) expect(host.packetsOutstanding, `packets kept by ${host.name}`).toBe(0)
}

/** A packet of full size, as `TCP_INFO` has it: 52 bytes are headers. */
function packetSize({ a }: Path, fd: number): number {
  const info = a.sockets.getsockopt(fd, SOL_TCP, TCP_INFO) as { tcpi_snd_mss: number }
  return info.tcpi_snd_mss + 52
}

describe('a path that drops large packets and tells nobody', () => {
  test('lets nothing through where the path MTU is not probed', async () => {
    const path = blackHole()
    const [from, to] = await connected(path)
    path.a.sockets.send(from, new Uint8Array(20_000))
    path.net.advance('5min')
    expect(() => path.b.sockets.recv(to, new Uint8Array(1))).toThrow('EAGAIN')
    await closed(path, from, to)
  })

  test('is found by tcp_mtu_probing=1 after some retransmissions, and its MTU by probes', async () => {
    const path = blackHole({ 'net.ipv4.tcp_mtu_probing': 1 })
    const [from, to] = await connected(path)
    await transfer(path, from, to, 1_000_000)
    expect(path.net.now).toBeLessThan(30e6)
    const counters = path.a.stack.counters()
    expect(counters['TcpExtTCPMTUPSuccess']).toBeGreaterThan(0)
    expect(counters['TcpExtTCPMTUPFail']).toBeGreaterThan(0)
    // The search ends within tcp_probe_threshold.
    expect(packetSize(path, from)).toBeGreaterThan(PASSES - 8)
    expect(packetSize(path, from)).toBeLessThanOrEqual(PASSES)
    await closed(path, from, to)
  })

  test('is no hindrance to tcp_mtu_probing=2', async () => {
    const path = blackHole({ 'net.ipv4.tcp_mtu_probing': 2 })
    const [from, to] = await connected(path)
    expect(packetSize(path, from)).toBe(1024 + 52)
    await transfer(path, from, to, 1_000_000)
    expect(path.a.stack.counters()['TcpExtTCPTimeouts']).toBe(0)
    expect(packetSize(path, from)).toBeGreaterThan(PASSES - 8)
    expect(packetSize(path, from)).toBeLessThanOrEqual(PASSES)
    await closed(path, from, to)
  })

  test('is looked at again after tcp_probe_interval: it may have become wider', async () => {
    const path = blackHole({ 'net.ipv4.tcp_mtu_probing': 2, 'net.ipv4.tcp_probe_interval': 60 })
    const [from, to] = await connected(path)
    await transfer(path, from, to, 500_000)
    path.narrow.unplug()
    path.wide.plug()
    await transfer(path, from, to, 500_000)
    expect(packetSize(path, from)).toBeLessThanOrEqual(PASSES)
    path.net.advance('61s')
    await transfer(path, from, to, 1_000_000)
    expect(packetSize(path, from)).toBeGreaterThanOrEqual(1500 - 8)
    await closed(path, from, to)
  })

  test('is found even below tcp_base_mss: segments become smaller until they pass', async () => {
    const path = blackHole({ 'net.ipv4.tcp_mtu_probing': 1, 'net.ipv4.tcp_base_mss': 1400 })
    const [from, to] = await connected(path)
    await transfer(path, from, to, 300_000)
    expect(packetSize(path, from)).toBeLessThanOrEqual(PASSES)
    await closed(path, from, to)
  })
})
