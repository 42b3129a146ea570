import { foldSum, sumBytes, sumWord } from '@jackfield/packet'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dataLayer } from './data.js'
import { createDissectors, dissect } from './dissect.js'
import { formatLine, formatTree } from './format.js'
import { findField, findLayer, Layer } from './layer.js'
import { frame, HELLO, icmp, igmp, ipv4, join, patched, udp } from './packets.test-fixture.js'

/** A datagram with a checksum. */
function checked(protocol: number, coverage: number, covered: number): Uint8Array {
  const packet = ipv4(protocol, udp(5000, 7, HELLO, coverage))
  const view = new DataView(packet.buffer)
  const sum = sumBytes(view, 12, 20) + sumWord(protocol) + sumWord(13)
  view.setUint16(26, ~foldSum(sumBytes(view, 20, 20 + covered, sum)) & 0xffff)
  return packet
}

const error = frame(0x0800, ipv4(1, icmp(3, 4, 1400, checked(17, 13, 13)), 0x4000))

test('a tree', () => {
  expect(formatTree(dissect(error, 'ethernet'))).toBe(`Frame: 75 bytes on wire, 75 captured
Ethernet II, Src: 02:00:00:00:00:01, Dst: 02:00:00:00:00:02
    Destination: 02:00:00:00:00:02
    Source: 02:00:00:00:00:01
    Type: IPv4 (0x0800)
Internet Protocol Version 4, Src: 10.0.0.1, Dst: 10.0.0.2
    Version: 4
    Header Length: 20 bytes
    Differentiated Services: 0x00 (DSCP 0, Not-ECT)
    Total Length: 61
    Identification: 0x0001 (1)
    Flags: 0x2 (don't fragment)
    Fragment Offset: 0
    Time to Live: 64
    Protocol: ICMP (1)
    Header Checksum: 0x26bd [good]
    Source Address: 10.0.0.1
    Destination Address: 10.0.0.2
Internet Control Message Protocol
    Type: 3 (destination unreachable)
    Code: 4 (fragmentation needed)
    Checksum: 0x0ba5 [good]
    MTU of next hop: 1400
    Internet Protocol Version 4, Src: 10.0.0.1, Dst: 10.0.0.2
        Version: 4
        Header Length: 20 bytes
        Differentiated Services: 0x00 (DSCP 0, Not-ECT)
        Total Length: 33
        Identification: 0x0001 (1)
        Flags: 0x0
        Fragment Offset: 0
        Time to Live: 64
        Protocol: UDP (17)
        Header Checksum: 0x66c9 [good]
        Source Address: 10.0.0.1
        Destination Address: 10.0.0.2
    User Datagram Protocol, Src Port: 5000, Dst Port: 7
        Source Port: 5000
        Destination Port: 7
        Length: 13
        Checksum: 0x9470
    Data
        Data: 68656c6c6f
        Length: 5`)
})

test('fields have Wireshark’s names and the places of their bytes', () => {
  const read = dissect(error, 'ethernet')
  expect(findField(read, 'icmp.mtu')).toMatchObject({ value: 1400, start: 40, end: 42 })
  expect(findField(read, 'ip.ttl')).toMatchObject({ value: 64, start: 22, end: 23 })
  expect(findField(read, 'udp.length')).toBeUndefined()
  expect(findLayer(read, 'icmp')?.quoted?.name).toBe('ip')
  expect(findLayer(read, 'udp')).toBeUndefined()
})

describe('checksums', () => {
  const status = (bytes: Uint8Array, name: string): string | undefined => findField(dissect(bytes, 'ip'), name)?.status

  test('are good, bad, or not to be told', () => {
    const good = checked(17, 13, 13)
    expect(status(good, 'ip.checksum')).toBe('good')
    expect(status(good, 'udp.checksum')).toBe('good')
    expect(status(patched(good, [10, 0]), 'ip.checksum')).toBe('bad')
    expect(status(patched(good, [28, 0]), 'udp.checksum')).toBe('bad')
    expect(status(ipv4(17, udp(1, 2, HELLO)), 'udp.checksum')).toBeUndefined()
    expect(status(patched(good, [6, 0x2000]), 'udp.checksum')).toBeUndefined()
    expect(status(good.slice(0, 30), 'udp.checksum')).toBeUndefined()
    expect(status(ipv4(1, icmp(8, 0, 1)), 'icmp.checksum')).toBe('good')
    expect(status(patched(ipv4(1, icmp(8, 0, 1)), [26, 7]), 'icmp.checksum')).toBe('bad')
    expect(status(ipv4(2, igmp(0x16, 0, '239.1.1.1')), 'igmp.checksum')).toBe('good')
    expect(status(patched(ipv4(2, igmp(0x16, 0, '239.1.1.1')), [26, 7]), 'igmp.checksum')).toBe('bad')
  })

  test('of UDP-Lite cover what the sender chose', () => {
    const some = checked(136, 8, 8)
    expect(status(some, 'udplite.checksum')).toBe('good')
    expect(status(patched(some, [28, 1]), 'udplite.checksum')).toBe('good')
    expect(status(patched(checked(136, 0, 13), [28, 1]), 'udplite.checksum')).toBe('bad')
    // Zero is no way to leave it out (RFC 3828 3.1).
    expect(status(patched(some, [26, 0]), 'udplite.checksum')).toBe('bad')
  })
})

test('options of IPv4', () => {
  const options = [7, 7, 8, 10, 0, 0, 9, 1, 68, 8, 9, 0x10, 0, 0, 0, 5, 0x94, 4, 0, 0, 0x88, 4, 1, 2]
  const texts = dissect(ipv4(253, HELLO, 0, '10.0.0.2', options), 'ip').payload?.fields.filter(
    (f) => f.name === 'ip.opt.type',
  )
  expect(texts?.map((field) => field.text)).toEqual([
    'record route, pointer 8: 10.0.0.9',
    'no operation',
    'timestamp, flag 0, overflow 1, pointer 9: 5',
    'router alert 0',
    'type 136, 4 bytes',
  ])
  expect(formatTree(dissect(ipv4(253, HELLO, 0, '10.0.0.2', [7, 40, 4, 0]), 'ip'))).toContain('[bad option]')
})

test('records of IGMPv3 with their sources', () => {
  const records = [4, 0, 0, 0, 239, 1, 1, 1, 1, 1, 0, 1, 239, 1, 1, 2, 10, 0, 0, 5, 0, 0, 0, 0]
  const tree = formatTree(dissect(ipv4(2, igmp(0x22, 0, '0.0.0.2', records)), 'ip'))
  expect(tree).toContain(
    'Record: TO_EX 239.1.1.1, 0 sources\n    Record: IS_IN 239.1.1.2, 1 sources\n    Source Address: 10.0.0.5',
  )
  expect(tree).not.toContain('truncated')
  expect(formatTree(dissect(ipv4(2, igmp(0x22, 0, '0.0.0.9', records)), 'ip'))).toContain('[truncated]')
})

test('dissectors of others are asked by EtherType, protocol and port', () => {
  const dissectors = createDissectors()
  dissectors.udpPorts.set(7, ({ view, start, end, length }) => {
    const layer = dataLayer(view, start, end, length)
    layer.line = `echo, ${length} bytes`
    return layer
  })
  dissectors.protocols.set(253, ({ start, end, network }) => {
    const layer = new Layer('mine', 'My Protocol', start, end)
    layer.addressed = true
    layer.line = `${network?.source} to ${network?.destination}`
    return layer
  })
  dissectors.etherTypes.set(0x1234, ({ start, end }) => new Layer('other', 'Other', start, end))
  const line = (bytes: Uint8Array): string => formatLine(dissect(bytes, 'ethernet', { dissectors }))
  expect(line(frame(0x0800, ipv4(17, udp(5000, 7, HELLO))))).toBe('IP 10.0.0.1.5000 > 10.0.0.2.7: echo, 5 bytes')
  expect(line(frame(0x0800, ipv4(17, udp(7, 5000, HELLO))))).toBe('IP 10.0.0.1.7 > 10.0.0.2.5000: echo, 5 bytes')
  expect(line(frame(0x0800, ipv4(253, HELLO)))).toBe('IP 10.0.0.1 to 10.0.0.2')
  expect(findLayer(dissect(frame(0x1234, HELLO), 'ethernet', { dissectors }), 'other')?.start).toBe(14)
})

describe('hostile packets', () => {
  /** Prints it in every form; fields must lie inside of what was captured. */
  function print(bytes: Uint8Array, link: 'ip' | 'ethernet' | number, originalLength: number): void {
    const read = dissect(bytes, link, { originalLength })
    expect(formatLine(read)).not.toContain('undefined')
    formatLine(read, { link: true, timestamp: 1, time: 'date' })
    expect(formatTree(read)).not.toMatch(/undefined|NaN/)
    const check = (layer: Layer): void => {
      for (const field of layer.fields) {
        expect(field.start).toBeLessThanOrEqual(field.end)
        expect(field.end).toBeLessThanOrEqual(bytes.length)
      }
      if (layer.payload !== null) check(layer.payload)
      if (layer.quoted !== null) check(layer.quoted)
    }
    check(read)
  }

  const samples = [
    error,
    frame(0x0800, checked(17, 13, 13)),
    frame(0x0800, checked(136, 0, 13)),
    frame(0x8100, join([0, 5, 8, 0], ipv4(1, icmp(14, 0, 1, new Uint8Array(12))))),
    frame(0x0800, ipv4(1, icmp(9, 0, 0x02021c20, new Uint8Array(16)))),
    frame(0x0800, ipv4(2, igmp(0x22, 0, '0.0.0.1', [4, 1, 0, 1, 239, 1, 1, 1, 10, 0, 0, 5, 0, 0, 0, 0]))),
    frame(0x0800, ipv4(2, igmp(0x11, 100, '239.1.1.1', [2, 125, 0, 1, 10, 0, 0, 5]), 0, '224.0.0.1', [0x94, 4, 0, 0])),
    frame(0x0806, new Uint8Array(28)),
  ]

  test('any bytes can be printed', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('ip', 'ethernet', 0, 108, 228, 5),
        fc.uint8Array({ maxLength: 120 }),
        fc.nat(99),
        (link, bytes, more) => {
          print(bytes, link as 'ip', bytes.length + more)
        },
      ),
    )
  })

  test('real packets can be printed however they are cut and changed', () => {
    for (const sample of samples) {
      for (let i = 0; i <= sample.length; i++) {
        print(sample.slice(0, i), 'ethernet', sample.length)
        print(sample.slice(0, i), 'ethernet', i)
      }
    }
    const change = fc.tuple(fc.nat(90), fc.nat(255))
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.array(change, { maxLength: 5 }),
        fc.nat(99),
        (sample, changes, cut) => {
          const bytes = sample.slice()
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
          print(bytes.slice(0, bytes.length - Math.min(cut, 40)), 'ethernet', bytes.length)
        },
      ),
      { numRuns: 400 },
    )
  })

  test('tunnels and tags nest to a limit', () => {
    let packet = ipv4(4, HELLO)
    for (let i = 0; i < 60; i++) packet = ipv4(4, packet)
    print(packet, 'ip', packet.length)
    expect(formatTree(dissect(packet, 'ip')).match(/Internet Protocol/g)?.length).toBeLessThan(20)
    let tags = HELLO
    for (let i = 0; i < 60; i++) tags = join([0, 1, 0x81, 0], tags)
    print(frame(0x8100, tags), 'ethernet', 14 + tags.length)
    let quoted = ipv4(1, icmp(3, 0, 0, HELLO))
    for (let i = 0; i < 60; i++) quoted = ipv4(1, icmp(3, 0, 0, quoted))
    print(quoted, 'ip', quoted.length)
  })
})
