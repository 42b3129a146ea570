import { IpAddress } from '@jackfield/addr'
import { createSeededRandom, createVirtualClock } from '@jackfield/clock'
import { CAST_MULTICAST, CAST_UNICAST, NetworkHeader } from '@jackfield/interfaces'
import { createFakeInterface, type FakeInterface } from '@jackfield/interfaces/compliance'
import { type FilterMode, GroupMembership } from '@jackfield/ip'
import { checksum, PacketPool } from '@jackfield/packet'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Igmp } from './igmp.js'
import { describeMessage } from './igmp.test-messages.js'

const ip = (text: string): IpAddress => IpAddress.parse(text)
const GROUP = ip('239.1.2.3')
const OTHER = ip('239.1.2.4')
const SECOND = 1e6

function setUp(device: FakeInterface = createFakeInterface({ index: 2 })) {
  const clock = createVirtualClock()
  const pool = new PacketPool()
  const log: string[] = []
  const groups: GroupMembership = new GroupMembership({
    version: 4,
    secret0: 1,
    secret1: 2,
    changed: (networkInterface, group, before, after) => igmp.changed(networkInterface, group, before, after),
  })
  const igmp = new Igmp({
    clock,
    random: createSeededRandom(7),
    pool,
    groups,
    send: (packet, destination, networkInterface) => {
      expect(networkInterface).toBe(device)
      log.push(`${describeMessage(packet.toBytes())} > ${destination}`)
      packet.release()
    },
  })
  igmp.addInterface(device)
  const header = new NetworkHeader()
  const receive = (bytes: ArrayLike<number>, cast = CAST_MULTICAST): void => {
    header.cast = cast
    igmp.receive(pool.copyOf(Uint8Array.from(bytes)), header, device)
  }
  /** A query: 8 bytes for versions 1 and 2, else 12 and the sources. */
  const query = (
    version: 1 | 2 | 3,
    tenths: number,
    group: IpAddress | null = null,
    sources: IpAddress[] = [],
  ): void => {
    const bytes = new Uint8Array(version === 3 ? 12 + 4 * sources.length : 8)
    const view = new DataView(bytes.buffer)
    bytes[0] = 0x11
    bytes[1] = version === 1 ? 0 : tenths
    group?.writeTo(view, 4)
    if (version === 3) {
      bytes[8] = 2
      bytes[9] = 125
      view.setUint16(10, sources.length)
      for (const [i, source] of sources.entries()) source.writeTo(view, 12 + 4 * i)
    }
    view.setUint16(2, checksum(view, 0, bytes.length))
    receive(bytes)
  }
  const set = (group: IpAddress, mode: FilterMode, sources: IpAddress[] = [], owner: object = groups): number =>
    groups.setFilter(owner, device, group, mode, sources)
  const sent = (): string[] => log.splice(0)
  /** What is sent in the time. */
  const after = (seconds: number): string[] => {
    clock.advance(seconds * SECOND)
    return sent()
  }
  return { clock, pool, groups, igmp, device, receive, query, set, sent, after }
}

const TO_EX = 'v3 TO_EX 239.1.2.3{} > 224.0.0.22'
const TO_IN = 'v3 TO_IN 239.1.2.3{} > 224.0.0.22'
const IS_EX = 'v3 IS_EX 239.1.2.3{} > 224.0.0.22'

describe('version 3', () => {
  test('a join and a leave are reported twice each', () => {
    const { set, sent, after, pool } = setUp()
    set(GROUP, 'exclude')
    expect(sent()).toEqual([TO_EX])
    expect(after(1)).toEqual([TO_EX])
    expect(after(100)).toEqual([])
    set(GROUP, 'include')
    expect(sent()).toEqual([TO_IN])
    expect(after(1)).toEqual([TO_IN])
    expect(after(100)).toEqual([])
    expect(pool.outstanding).toBe(0)
  })

  test('changes of sources are reported as such', () => {
    const { set, sent, after } = setUp()
    const [a, b, c] = [ip('10.0.0.1'), ip('10.0.0.2'), ip('10.0.0.3')]
    set(GROUP, 'include', [a, b])
    expect(sent()).toEqual(['v3 ALLOW 239.1.2.3{10.0.0.1,10.0.0.2} > 224.0.0.22'])
    after(2)
    set(GROUP, 'include', [b, c])
    expect(sent()).toEqual(['v3 ALLOW 239.1.2.3{10.0.0.3} BLOCK 239.1.2.3{10.0.0.1} > 224.0.0.22'])
    expect(after(2)).toEqual(['v3 ALLOW 239.1.2.3{10.0.0.3} BLOCK 239.1.2.3{10.0.0.1} > 224.0.0.22'])
    set(GROUP, 'exclude', [a])
    expect(sent()).toEqual(['v3 TO_EX 239.1.2.3{10.0.0.1} > 224.0.0.22'])
    // A change while the last one is being repeated: the filter mode is, with the list as it is now.
    set(GROUP, 'exclude', [a, b])
    expect(sent()).toEqual(['v3 TO_EX 239.1.2.3{10.0.0.1,10.0.0.2} > 224.0.0.22'])
    expect(after(2)).toEqual(['v3 BLOCK 239.1.2.3{10.0.0.2} > 224.0.0.22'])
    set(GROUP, 'include')
    expect(sent()).toEqual([TO_IN])
  })

  test('joining again while the leave is being repeated says what holds', () => {
    const { set, sent, after } = setUp()
    set(GROUP, 'exclude')
    after(5)
    set(GROUP, 'include')
    set(GROUP, 'exclude')
    expect(sent()).toEqual([TO_IN, TO_EX])
    expect(after(5)).toEqual([TO_EX])
  })

  test('a general query is answered once, for all groups, within its time', () => {
    const { set, query, after } = setUp()
    set(GROUP, 'exclude')
    set(OTHER, 'include', [ip('10.0.0.1')])
    after(5)
    query(3, 100)
    query(3, 100)
    expect(after(10)).toEqual(['v3 IS_EX 239.1.2.3{} IS_IN 239.1.2.4{10.0.0.1} > 224.0.0.22'])
    expect(after(20)).toEqual([])
  })

  test('queries for a group, and for sources of it', () => {
    const { set, query, after } = setUp()
    const [a, b, c] = [ip('10.0.0.1'), ip('10.0.0.2'), ip('10.0.0.3')]
    set(GROUP, 'include', [a, b])
    after(5)
    query(3, 10, GROUP)
    expect(after(1)).toEqual(['v3 IS_IN 239.1.2.3{10.0.0.1,10.0.0.2} > 224.0.0.22'])
    query(3, 10, OTHER)
    expect(after(1)).toEqual([])
    query(3, 10, GROUP, [b, c])
    expect(after(1)).toEqual(['v3 IS_IN 239.1.2.3{10.0.0.2} > 224.0.0.22'])
    query(3, 10, GROUP, [c])
    expect(after(1)).toEqual([])
    query(3, 10, GROUP, [a])
    query(3, 10, GROUP, [b])
    expect(after(1)).toEqual(['v3 IS_IN 239.1.2.3{10.0.0.1,10.0.0.2} > 224.0.0.22'])
    query(3, 10, GROUP, [a])
    query(3, 10, GROUP)
    expect(after(1)).toEqual(['v3 IS_IN 239.1.2.3{10.0.0.1,10.0.0.2} > 224.0.0.22'])
    set(GROUP, 'exclude', [a])
    after(5)
    query(3, 10, GROUP, [a, b])
    expect(after(1)).toEqual(['v3 IS_IN 239.1.2.3{10.0.0.2} > 224.0.0.22'])
  })

  test('reports keep to the MTU: lists are split, exclude lists cut', () => {
    const { groups, set, sent } = setUp(createFakeInterface({ index: 2, mtu: 68 }))
    groups.maxSources = 100
    const list = Array.from({ length: 12 }, (_, i) => IpAddress.v4(0x0a000001 + i))
    set(GROUP, 'include', list)
    const parts = sent()
    expect(parts).toHaveLength(2)
    expect(parts.join().match(/10\.0\.0\.\d+/g)).toHaveLength(12)
    set(OTHER, 'exclude', list)
    expect(
      sent()
        .join()
        .match(/10\.0\.0\.\d+/g),
    ).toHaveLength(7)
  })

  test('the robustness variable is the querier’s, or the setting', () => {
    const { igmp, set, sent, after } = setUp()
    igmp
      .settings()
      .find(({ name }) => name === 'net.ipv4.igmp_qrv')
      ?.set(4)
    set(GROUP, 'exclude')
    expect([...sent(), ...after(10)]).toEqual([TO_EX, TO_EX, TO_EX, TO_EX])
  })
})

describe('older queriers', () => {
  test('version 2: reports, their repetition, and leaves', () => {
    const { set, query, sent, after, clock } = setUp()
    query(2, 100)
    set(GROUP, 'exclude')
    expect(sent()).toEqual(['v2 239.1.2.3 > 239.1.2.3'])
    expect(after(10)).toEqual(['v2 239.1.2.3 > 239.1.2.3'])
    query(2, 50)
    expect(after(5)).toEqual(['v2 239.1.2.3 > 239.1.2.3'])
    query(2, 10, GROUP)
    query(2, 10, OTHER)
    expect(after(1)).toEqual(['v2 239.1.2.3 > 239.1.2.3'])
    set(GROUP, 'include')
    expect(sent()).toEqual(['leave 239.1.2.3 > 224.0.0.2'])
    // The querier fell silent: version 3 again.
    clock.advance(261 * SECOND)
    set(GROUP, 'exclude')
    expect(sent()).toEqual([TO_EX])
  })

  test('version 2: another’s report does for this host, which then leaves silently', () => {
    const { set, query, receive, sent, after, igmp } = setUp()
    query(2, 100)
    set(GROUP, 'exclude')
    after(20)
    query(2, 100)
    receive([0x16, 0, 0xf9, 0xf9, 239, 1, 2, 3].map((byte, i) => (i === 2 ? 0xf7 : i === 3 ? 0xfa : byte)))
    expect(igmp.counters['IgmpInCsumErrors']).toBe(1)
    const report = [0x16, 0, 0, 0, 239, 1, 2, 3]
    const view = new DataView(Uint8Array.from(report).buffer)
    view.setUint16(2, checksum(view, 0, 8))
    const bytes = new Uint8Array(view.buffer)
    receive(bytes, CAST_UNICAST)
    expect(igmp.counters['IgmpInIgnored']).toBe(1)
    receive(bytes)
    expect(after(20)).toEqual([])
    set(GROUP, 'include')
    expect(sent()).toEqual([])
  })

  test('version 1: its reports, and no leaves', () => {
    const { set, query, sent, after } = setUp()
    set(GROUP, 'exclude')
    expect(sent()).toEqual([TO_EX])
    query(1, 0)
    expect(after(10)).toEqual(['v1 239.1.2.3 > 239.1.2.3'])
    set(GROUP, 'include')
    expect([...sent(), ...after(20)]).toEqual([])
  })

  test('a change of version cancels what was pending', () => {
    const { set, query, after } = setUp()
    set(GROUP, 'exclude')
    set(OTHER, 'exclude')
    set(OTHER, 'include')
    query(3, 100)
    query(2, 100, OTHER)
    expect(
      after(20)
        .filter((line) => line.startsWith('v3 '))
        .slice(3),
    ).toEqual([])
  })

  test('a version can be forced', () => {
    const { igmp, device, set, query, sent, after } = setUp()
    const force = (networkInterface: FakeInterface | 'all', version: number): void => {
      igmp
        .interfaceSettings(networkInterface)
        .find(({ name }) => name.endsWith('.force_igmp_version'))
        ?.set(version)
    }
    force(device, 2)
    set(GROUP, 'exclude')
    expect(sent()).toEqual(['v2 239.1.2.3 > 239.1.2.3'])
    force('all', 3)
    query(2, 10)
    expect(after(1)).toEqual([IS_EX])
  })
})

describe('where nothing is reported', () => {
  test('224.0.0.1 is joined and never reported, on a loopback nothing is', () => {
    const plain = setUp()
    expect(plain.groups.isMember(2, ip('224.0.0.1'))).toBe(true)
    plain.query(3, 10)
    plain.query(2, 10)
    expect(plain.after(20)).toEqual([])
    const loopback = setUp(createFakeInterface({ index: 2, loopback: true }))
    loopback.set(GROUP, 'exclude')
    loopback.query(3, 10)
    expect(loopback.after(20)).toEqual([])
    expect(loopback.igmp.counters['IgmpInIgnored']).toBe(1)
  })

  test('link-local groups, where the setting says so', () => {
    const { igmp, set, sent, query, after } = setUp()
    set(ip('224.0.0.251'), 'exclude')
    expect(sent()).toHaveLength(1)
    igmp
      .settings()
      .find(({ name }) => name.endsWith('link_local_mcast_reports'))
      ?.set(0)
    after(20)
    set(ip('224.0.0.252'), 'exclude')
    query(3, 10)
    query(3, 10, ip('224.0.0.251'))
    expect([...sent(), ...after(20)]).toEqual([])
  })

  test('an interface that is down; coming up it reports what was joined', () => {
    const { igmp, device, set, sent, after, query } = setUp()
    const { flags } = device
    device.flags = 0
    igmp.interfaceChanged(device)
    set(GROUP, 'exclude')
    query(3, 10)
    expect([...sent(), ...after(20)]).toEqual([])
    device.flags = flags
    igmp.interfaceChanged(device)
    igmp.interfaceChanged(device)
    expect([...sent(), ...after(20)]).toEqual([TO_EX, TO_EX])
    igmp.removeInterface(device)
    expect([...sent(), ...after(20)]).toEqual([])
    igmp.close()
  })
})

describe('hostile input', () => {
  test('what is cut short or makes no sense is counted and dropped', () => {
    const { igmp, receive, query, pool, after } = setUp()
    receive([])
    receive([0x11, 0, 0, 0, 0, 0, 0])
    receive([0x11, 0, 0xee, 0xff, 0, 0, 0, 0, 0])
    expect(igmp.counters['IgmpInErrors']).toBe(3)
    query(3, 10, ip('10.0.0.1'))
    query(3, 10, null, [ip('10.0.0.1')])
    expect(igmp.counters['IgmpInErrors']).toBe(5)
    receive([0x13, 0, 0xec, 0xff, 0, 0, 0, 0])
    expect(igmp.counters['IgmpInUnknown']).toBe(1)
    expect(after(10)).toEqual([])
    expect(pool.outstanding).toBe(0)
  })

  test('any bytes are counted under one name, and never throw', () => {
    const type = fc.constantFrom(0x11, 0x12, 0x16, 0x17, 0x22, 0x13)
    fc.assert(
      fc.property(
        fc.array(fc.tuple(type, fc.uint8Array({ maxLength: 40 }), fc.boolean()), { maxLength: 20 }),
        (list) => {
          const { igmp, receive, set, clock, pool } = setUp()
          set(GROUP, 'exclude')
          for (const [first, rest, valid] of list) {
            const bytes = Uint8Array.from([first, ...rest])
            const view = new DataView(bytes.buffer)
            if (valid && bytes.length >= 8) {
              view.setUint16(2, 0)
              view.setUint16(2, checksum(view, 0, bytes.length))
            }
            receive(bytes)
            clock.advance(50_000)
          }
          clock.advance(100 * SECOND)
          const { counters } = igmp
          let total = 0
          for (const [name, count] of Object.entries(counters)) if (/^IgmpIn(?!Msgs)/.test(name)) total += count
          expect(total).toBe(counters['IgmpInMsgs'])
          expect(total).toBe(list.length)
          expect(pool.outstanding).toBe(0)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('a flood of queries makes few reports', () => {
    const { set, query, clock, sent } = setUp()
    set(GROUP, 'exclude')
    clock.advance(5 * SECOND)
    sent()
    for (let i = 0; i < 1000; i++) {
      query(3, 0)
      query(3, 0, GROUP, [IpAddress.v4(i + 1)])
      clock.advance(1000)
    }
    expect(sent().length).toBeLessThan(30)
  })

  test('leaving many groups at once keeps little', () => {
    const { groups, set, sent, after } = setUp()
    groups.maxMemberships = 1_000_000
    for (let i = 0; i < 2000; i++) {
      set(IpAddress.v4(0xef000000 + i), 'exclude')
      set(IpAddress.v4(0xef000000 + i), 'include')
    }
    expect(sent()).toHaveLength(4000)
    const repeated = after(10)
    expect(repeated.join().match(/TO_IN/g)?.length).toBeLessThanOrEqual(257)
    expect(after(100)).toEqual([])
  })
})
