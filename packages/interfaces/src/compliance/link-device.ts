import type { RunLoop } from '@jackfield/clock'
import { type Packet, PacketPool } from '@jackfield/packet'
import type { LinkDevice, LinkReceiver, LinkState } from '../link.js'
import { type ComplianceCase, demand, demandSame } from './case.js'

/** What the suite tests. Each case makes one and closes both devices. */
export interface LinkDeviceFixture {
  /** The device under test, not open. */
  readonly a: LinkDevice
  /** Where what it sends arrives and from where it receives, not open: another device, or the same one for a loopback. */
  readonly b: LinkDevice
  /** Lets everything that is on its way arrive. */
  settle(): void | Promise<void>
  /** Frees whatever else was made. */
  dispose?(): void | Promise<void>
}

/** For devices that deliver by a run loop, which the suite holds to fill their queues. */
export interface QueuedLinkDeviceFixture extends LinkDeviceFixture {
  readonly loop: RunLoop
}

/** Transmissions after which a queue that nobody drains is taken to have no bound. */
const MANY = 100_000
const IP_HEADER = 20
const ETHERNET_HEADER = 14

/** A receiver that writes down what it is told. */
class Recorder implements LinkReceiver {
  readonly pool: PacketPool
  readonly events: string[] = []
  readonly frames: Uint8Array[] = []
  /** Set while a device is in `transmit`. */
  transmitting = false
  writables = 0

  constructor(pool: PacketPool) {
    this.pool = pool
  }

  receive(packet: Packet): void {
    demand(!this.transmitting, 'receive was called from inside transmit')
    this.events.push('receive')
    this.frames.push(packet.toBytes())
    packet.release()
  }

  burstEnd(): void {
    demand(!this.transmitting, 'burstEnd was called from inside transmit')
    this.events.push('burstEnd')
  }

  writable(): void {
    demand(!this.transmitting, 'writable was called from inside transmit')
    this.writables++
  }

  changed(state: LinkState): void {
    demand(typeof state.carrier === 'boolean' && state.mtu > 0, 'changed was given no link state')
  }

  send(device: LinkDevice, packet: Packet): boolean {
    this.transmitting = true
    try {
      return device.transmit(packet)
    } finally {
      this.transmitting = false
    }
  }
}

interface Bench<Fixture extends LinkDeviceFixture = LinkDeviceFixture> {
  readonly fixture: Fixture
  readonly pool: PacketPool
  /** Opened `a`. */
  readonly near: Recorder
  /** Opened `b`; the same as `near` on a loopback. */
  readonly far: Recorder
}

/** A frame that any device and any host lets by: an experimental EtherType, or IPv4 with an experimental protocol. */
function frameFor(pool: PacketPool, from: LinkDevice, to: LinkDevice, payload: number, tag: number): Packet {
  const ethernet = from.medium === 'ethernet'
  const header = ethernet ? ETHERNET_HEADER : IP_HEADER
  const packet = pool.allocate(header + payload)
  const { view, start } = packet
  if (ethernet) {
    view.setUint16(start, to.hardwareAddress?.high ?? 0xffff)
    view.setInt32(start + 2, to.hardwareAddress?.low ?? -1)
    view.setUint16(start + 6, from.hardwareAddress?.high ?? 0x0200)
    view.setInt32(start + 8, from.hardwareAddress?.low ?? 1)
    view.setUint16(start + 12, 0x88b5)
  } else {
    view.setUint32(start, 0x4500_0000 | packet.length)
    view.setUint32(start + 4, 0x0000_4000)
    // 192.0.2.1 to 192.0.2.2, protocol 253 (RFC 3692, RFC 5737).
    view.setUint32(start + 8, 0x40fd_0000)
    view.setUint32(start + 12, 0xc000_0201)
    view.setUint32(start + 16, 0xc000_0202)
    let sum = 0
    for (let at = start; at < start + IP_HEADER; at += 2) sum += view.getUint16(at)
    sum = (sum & 0xffff) + (sum >>> 16)
    view.setUint16(start + 10, ~(sum + (sum >>> 16)) & 0xffff)
  }
  for (let i = 0; i < payload; i++) view.setUint8(start + header + i, tag + i)
  return packet
}

async function onBench<Fixture extends LinkDeviceFixture>(
  create: () => Fixture | Promise<Fixture>,
  test: (bench: Bench<Fixture>) => void | Promise<void>,
): Promise<void> {
  const fixture = await create()
  const pool = new PacketPool()
  const near = new Recorder(pool)
  const far = fixture.a === fixture.b ? near : new Recorder(pool)
  fixture.a.open(near)
  if (fixture.b !== fixture.a) fixture.b.open(far)
  try {
    await fixture.settle()
    await test({ fixture, pool, near, far })
  } finally {
    await fixture.a.close()
    await fixture.b.close()
    await fixture.dispose?.()
  }
  demandSame(pool.outstanding, 0, 'packets not released after both devices closed')
}

function checkDescription({ fixture }: Bench): void {
  for (const device of [fixture.a, fixture.b]) {
    demand(
      /^[^\s/]{1,15}$/.test(device.name),
      `the name ${JSON.stringify(device.name)} is not 1 to 15 plain characters`,
    )
    demand(device.medium === 'ip' || device.medium === 'ethernet', `the medium is ${device.medium}`)
    demand(Number.isInteger(device.mtu) && device.mtu >= 68, `the MTU ${device.mtu} is less than IPv4's 68`)
    const { offload } = device
    const cuts = offload.tcpSegmentation || offload.udpSegmentation
    demand(cuts === offload.maxSegmentedLength > 0, 'maxSegmentedLength goes with segmentation')
    demand(!cuts || offload.checksum, 'segmentation needs checksum offload')
    for (const [name, value] of Object.entries(device.statistics)) demandSame(value, 0, `${name} at the start`)
  }
}

async function checkOrder({ fixture, pool, near, far }: Bench): Promise<void> {
  const sent: Uint8Array[] = []
  for (let i = 0; i < 20; i++) {
    const packet = frameFor(pool, fixture.a, fixture.b, 46 + i * 10, i)
    sent.push(packet.toBytes())
    demand(near.send(fixture.a, packet), `transmit refused packet ${i} of 20`)
  }
  fixture.a.flush()
  await fixture.settle()
  demandSame(far.frames.length, sent.length, 'packets received')
  for (let i = 0; i < sent.length; i++) demandSame(`${far.frames[i]}`, `${sent[i]}`, `packet ${i}`)
}

async function checkBurstEnd({ fixture, pool, near, far }: Bench): Promise<void> {
  for (let i = 0; i < 3; i++) near.send(fixture.a, frameFor(pool, fixture.a, fixture.b, 100, i))
  fixture.a.flush()
  await fixture.settle()
  demand(far.events.includes('receive'), 'nothing was received')
  demandSame(far.events.at(-1), 'burstEnd', 'the last event')
}

async function checkOwner({ fixture, pool, near }: Bench): Promise<void> {
  let released = 0
  const packet = frameFor(pool, fixture.a, fixture.b, 100, 1)
  packet.setOwner({ packetReleased: (charge) => (released += charge) }, 7)
  near.send(fixture.a, packet)
  fixture.a.flush()
  await fixture.settle()
  demandSame(released, 7, "bytes given back to the packet's owner")
  demandSame(pool.outstanding, 0, 'packets outstanding after delivery')
}

async function checkShared({ fixture, pool, near, far }: Bench): Promise<void> {
  const packet = frameFor(pool, fixture.a, fixture.b, 100, 1)
  const kept = packet.share()
  const before = kept.toBytes()
  near.send(fixture.a, packet)
  fixture.a.flush()
  await fixture.settle()
  demandSame(`${kept.toBytes()}`, `${before}`, 'the bytes of the packet that was kept')
  demandSame(`${far.frames[0]}`, `${before}`, 'the bytes received')
  kept.release()
}

async function checkCounts({ fixture, pool, near }: Bench): Promise<void> {
  for (let i = 0; i < 5; i++) near.send(fixture.a, frameFor(pool, fixture.a, fixture.b, 100, i))
  fixture.a.flush()
  await fixture.settle()
  const length = 100 + (fixture.a.medium === 'ethernet' ? ETHERNET_HEADER : IP_HEADER)
  const { a, b } = fixture
  demandSame(a.statistics.txPackets, 5, 'txPackets')
  demandSame(a.statistics.txBytes, 5 * length, 'txBytes')
  demandSame(b.statistics.rxPackets, 5, 'rxPackets')
  demandSame(b.statistics.rxBytes, 5 * length, 'rxBytes')
}

async function checkClosed({ fixture, pool, near }: Bench): Promise<void> {
  const { a } = fixture
  await a.close()
  const dropped = a.statistics.txDropped
  const events = near.events.length
  demandSame(near.send(a, frameFor(pool, a, fixture.b, 100, 1)), false, 'transmit on a closed device')
  demandSame(a.statistics.txDropped, dropped + 1, 'txDropped')
  demandSame(pool.outstanding, 0, 'packets outstanding')
  a.flush()
  await fixture.settle()
  demandSame(near.events.length, events, 'events after close')
  await a.close()
}

async function checkQueued({ fixture, pool, near, far }: Bench): Promise<void> {
  for (let i = 0; i < 5; i++) near.send(fixture.a, frameFor(pool, fixture.a, fixture.b, 100, i))
  await fixture.b.close()
  await fixture.a.close()
  const { length } = far.events
  await fixture.settle()
  demandSame(far.events.length, length, 'events after close')
  demandSame(pool.outstanding, 0, 'packets outstanding')
}

function checkOpenOnce({ fixture, near }: Bench): void {
  let refused = false
  try {
    fixture.a.open(near)
  } catch {
    refused = true
  }
  demand(refused, 'a second open did not throw')
}

async function checkBound({ fixture, pool, near, far }: Bench<QueuedLinkDeviceFixture>): Promise<void> {
  const { a, loop } = fixture
  let accepted = 0
  loop.enter()
  try {
    while (accepted < MANY && near.send(a, frameFor(pool, a, fixture.b, 46, accepted))) accepted++
    demand(accepted < MANY, `${MANY} packets were queued and none refused`)
    demandSame(a.statistics.txDropped, 1, 'txDropped')
    demandSame(near.writables, 0, 'writable before there was room')
    demandSame(far.frames.length, 0, 'packets received inside the outermost call')
  } finally {
    loop.leave()
  }
  await fixture.settle()
  demandSame(far.frames.length, accepted, 'packets received')
  demandSame(near.writables, 1, 'calls of writable')
  demand(near.send(a, frameFor(pool, a, fixture.b, 46, 0)), 'transmit refused after writable')
}

/**
 * What every `LinkDevice` must do. Devices must deliver all that they take, unharmed: test impairing ones without impairments,
 * or with those that lose nothing.
 */
export function linkDeviceCompliance(create: () => LinkDeviceFixture | Promise<LinkDeviceFixture>): ComplianceCase[] {
  const cases: [string, (bench: Bench) => void | Promise<void>][] = [
    ['describes itself and starts with counters at zero', checkDescription],
    ['delivers what was transmitted, unchanged and in order, never from inside transmit', checkOrder],
    ['says that a burst ended after its packets', checkBurstEnd],
    ['takes the packet, and tells its owner when it left', checkOwner],
    ['does not write to bytes that others hold', checkShared],
    ['counts packets and bytes', checkCounts],
    ['refuses, counts and releases packets once closed, and may be closed twice', checkClosed],
    ['releases queued packets when closed, and is silent afterwards', checkQueued],
    ['is opened once', checkOpenOnce],
  ]
  return cases.map(([name, test]) => ({ name, run: () => onBench(create, test) }))
}

/** What devices that deliver by a run loop must do besides: their queue has a bound. */
export function linkDeviceQueueCompliance(
  create: () => QueuedLinkDeviceFixture | Promise<QueuedLinkDeviceFixture>,
): ComplianceCase[] {
  return [
    {
      name: 'has a queue with a bound, and says when there is room again',
      run: () => onBench(create, checkBound),
    },
  ]
}
