import { IpAddress } from '@jackfield/addr'
import { createSeededRandom, createVirtualClock } from '@jackfield/clock'
import { NetworkHeader } from '@jackfield/interfaces'
import { createFakeInterface, type FakeInterface } from '@jackfield/interfaces/compliance'
import { type FilterMode, GroupMembership } from '@jackfield/ip'
import { PacketPool } from '@jackfield/packet'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MLD_LISTENER_REPORT, MLDV2_LISTENER_REPORT } from '../wire/control-type.js'
import { Mld } from './mld.js'

const ip = (text: string): IpAddress => IpAddress.parse(text)
const GROUP = ip('ff0e::123')
const ROUTER = ip('fe80::1')
const RECORDS = ['', 'IS_IN', 'IS_EX', 'TO_IN', 'TO_EX', 'ALLOW', 'BLOCK']

/** One line for a message that was sent. */
function describeMessage(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const type = view.getUint8(0)
  if (type !== MLDV2_LISTENER_REPORT) {
    return `${type === MLD_LISTENER_REPORT ? 'v1' : 'done'} ${IpAddress.readV6(view, 8)}`
  }
  const parts: string[] = []
  let at = 8
  for (let i = view.getUint16(6); i > 0; i--) {
    const count = view.getUint16(at + 2)
    const sources = Array.from({ length: count }, (_, n) => IpAddress.readV6(view, at + 20 + 16 * n))
    parts.push(`${RECORDS[view.getUint8(at)]} ${IpAddress.readV6(view, at + 4)}{${sources}}`)
    at += 20 + 16 * count
  }
  return at === bytes.length ? `v2 ${parts.join(' ')}` : 'trailing bytes'
}

function setUp(device: FakeInterface = createFakeInterface({ index: 2 })) {
  const clock = createVirtualClock()
  const pool = new PacketPool()
  const log: string[] = []
  const groups: GroupMembership = new GroupMembership({
    version: 6,
    secret0: 1,
    secret1: 2,
    changed: (networkInterface, group, before, after) => mld.changed(networkInterface, group, before, after),
  })
  const mld = new Mld({
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
  mld.addInterface(device)
  const header = new NetworkHeader()
  const receive = (bytes: ArrayLike<number>, source = ROUTER, alert = true, ttl = 1): boolean => {
    Object.assign(header, { source, ttl })
    const packet = pool.copyOf(Uint8Array.from(bytes))
    const good = mld.receive(packet, header, device, alert)
    packet.release()
    return good
  }
  /** A query: 24 bytes for version 1, else 28 and the sources. */
  const queryBytes = (version: 1 | 2, milliseconds: number, group: IpAddress | null, sources: IpAddress[]) => {
    const bytes = new Uint8Array(version === 2 ? 28 + 16 * sources.length : 24)
    const view = new DataView(bytes.buffer)
    bytes[0] = 130
    view.setUint16(4, milliseconds)
    group?.writeTo(view, 8)
    if (version === 2) {
      bytes[24] = 2
      bytes[25] = 125
      view.setUint16(26, sources.length)
      for (const [i, source] of sources.entries()) source.writeTo(view, 28 + 16 * i)
    }
    return bytes
  }
  const query = (version: 1 | 2, milliseconds: number, group: IpAddress | null = null, sources: IpAddress[] = []) =>
    receive(queryBytes(version, milliseconds, group, sources))
  const set = (group: IpAddress, mode: FilterMode, sources: IpAddress[] = [], owner: object = groups): number =>
    groups.setFilter(owner, device, group, mode, sources)
  const sent = (): string[] => log.splice(0)
  const elapse = (seconds: number): string[] => {
    clock.advance(seconds * 1e6)
    return sent()
  }
  return { clock, pool, groups, mld, device, receive, query, queryBytes, set, sent, elapse }
}

const TO_EX = `v2 TO_EX ${GROUP}{} > ff02::16`
const TO_IN = `v2 TO_IN ${GROUP}{} > ff02::16`
const IS_EX = `v2 IS_EX ${GROUP}{} > ff02::16`

describe('version 2 (RFC 3810)', () => {
  test('joining and leaving are reported at once, and once more within a second', () => {
    const { set, sent, elapse } = setUp()
    set(GROUP, 'exclude')
    expect(sent()).toEqual([TO_EX])
    expect(elapse(1)).toEqual([TO_EX])
    expect(elapse(100)).toEqual([])
    set(GROUP, 'include')
    expect(sent()).toEqual([TO_IN])
    expect(elapse(1)).toEqual([TO_IN])
  })

  test('queries are answered within their time: general, for the group, for sources of it', () => {
    const { set, elapse, query } = setUp()
    const source = ip('2001:db8::1')
    const other = ip('2001:db8::2')
    set(GROUP, 'include', [source])
    elapse(5)
    query(2, 10_000)
    expect(elapse(10)).toEqual([`v2 IS_IN ${GROUP}{${source}} > ff02::16`])
    query(2, 1000, GROUP)
    expect(elapse(1)).toEqual([`v2 IS_IN ${GROUP}{${source}} > ff02::16`])
    query(2, 1000, GROUP, [source, other])
    expect(elapse(1)).toEqual([`v2 IS_IN ${GROUP}{${source}} > ff02::16`])
    query(2, 1000, GROUP, [other])
    expect(elapse(2)).toEqual([])
  })

  test('what never leaves the link or the host is not reported; solicited-node groups are', () => {
    const { groups, device, sent } = setUp()
    groups.join(device, ip('ff02::1'))
    groups.join(device, ip('ff01::1'))
    groups.join(device, ip('ff01::123'))
    expect(sent()).toEqual([])
    groups.join(device, ip('ff02::1:ff00:1'))
    expect(sent()).toEqual(['v2 TO_EX ff02::1:ff00:1{} > ff02::16'])
  })

  test('a link-local address brings the reports again that had to come from :: (RFC 3590)', () => {
    const { mld, device, set, sent, elapse } = setUp()
    set(GROUP, 'exclude')
    elapse(100)
    mld.linkLocalChanged(device)
    expect(sent()).toEqual([TO_EX])
  })

  test('queries from beyond the link, without router alert, or with sources but no group are not heard', () => {
    const { set, elapse, receive, query, queryBytes, mld } = setUp()
    set(GROUP, 'exclude')
    elapse(5)
    const bytes = queryBytes(2, 1000, null, [])
    expect(receive(bytes, ip('2001:db8::1'))).toBe(true)
    expect(receive(bytes, ROUTER, false)).toBe(true)
    expect(receive(bytes, ROUTER, true, 64)).toBe(true)
    expect(mld.counters.MldInIgnored).toBe(3)
    expect(query(2, 1000, null, [ROUTER])).toBe(false)
    expect(query(2, 1000, ip('2001:db8::1'))).toBe(false)
    expect(elapse(100)).toEqual([])
    expect(query(2, 1000)).toBe(true)
    expect(elapse(1)).toEqual([IS_EX])
  })
})

describe('version 1 (RFC 2710)', () => {
  test('where a querier speaks it, groups are reported to themselves, and left with a done', () => {
    const { set, elapse, query, sent } = setUp()
    query(1, 1000)
    set(GROUP, 'exclude')
    expect(sent()).toEqual([`v1 ${GROUP} > ${GROUP}`])
    expect(elapse(10)).toEqual([`v1 ${GROUP} > ${GROUP}`])
    query(1, 1000, GROUP)
    expect(elapse(1)).toEqual([`v1 ${GROUP} > ${GROUP}`])
    set(GROUP, 'include')
    expect(sent()).toEqual([`done ${GROUP} > ff02::2`])
  })

  test('another listener that reports the group first does for all', () => {
    const { set, elapse, query, receive, sent } = setUp()
    query(1, 1000)
    set(GROUP, 'exclude')
    elapse(100)
    query(1, 5000, GROUP)
    const report = new Uint8Array(24)
    report[0] = MLD_LISTENER_REPORT
    GROUP.writeTo(new DataView(report.buffer), 8)
    expect(receive(report, ip('fe80::2'))).toBe(true)
    expect(elapse(10)).toEqual([])
    set(GROUP, 'include')
    expect(sent()).toEqual([])
  })

  test('when the older querier is silent for long enough, version 2 is spoken again (RFC 3810 9.12)', () => {
    const { set, elapse, query, sent } = setUp()
    query(1, 10_000)
    elapse(2 * 125 + 10)
    set(GROUP, 'exclude')
    expect(sent()).toEqual([TO_EX])
  })
})

test('no bytes make it throw or keep a packet, and no flood of them makes a flood of reports', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(130, 131, 132, 143), fc.uint8Array({ maxLength: 100 })), { maxLength: 50 }),
      (messages) => {
        const { set, receive, elapse, pool } = setUp()
        set(GROUP, 'exclude')
        elapse(10)
        for (const [type, rest] of messages) receive([type, ...rest])
        expect(elapse(1).length).toBeLessThanOrEqual(11)
        expect(pool.outstanding).toBe(0)
      },
    ),
  )
})
