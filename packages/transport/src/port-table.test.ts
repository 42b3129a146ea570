import { IpAddress } from '@jackfield/addr'
import { AF_INET, AF_INET6, EACCES, EADDRINUSE, EADDRNOTAVAIL } from '@jackfield/interfaces'
import { describe, expect, test } from 'vitest'
import { PortTable } from './port-table.js'
import { TestSocket, testHost } from './socket.test-fixture.js'

const ANY = IpAddress.v4(0)
const ANY6 = IpAddress.v6(0, 0, 0, 0)
const A = IpAddress.parse('10.0.0.1')
const B = IpAddress.parse('10.0.0.2')
const PEER = IpAddress.parse('192.0.2.9')

function setup(rule: 'datagram' | 'stream' = 'datagram') {
  const { host } = testHost()
  const table = new PortTable<TestSocket>(host, rule)
  const socket = (
    flags: { reuse?: boolean; group?: boolean; family?: number; v6only?: boolean; device?: number } = {},
  ) => {
    const made = new TestSocket(host, flags.family ?? AF_INET)
    made.options.reuseAddress = flags.reuse ?? false
    made.options.reusePort = flags.group ?? false
    made.options.v6only = flags.v6only ?? false
    made.options.boundInterface = flags.device ?? 0
    return made
  }
  const bind = (made: TestSocket, address: IpAddress, port: number) => table.bind(made, address, port, made.options)
  return { host, table, socket, bind }
}

describe('binding', () => {
  test('an address and port belong to one socket, and a wildcard takes in every address', () => {
    const { socket, bind, table } = setup()
    const first = socket()
    expect(bind(first, A, 7)).toBe(0)
    expect(bind(socket(), A, 7)).toBe(-EADDRINUSE)
    expect(bind(socket(), ANY, 7)).toBe(-EADDRINUSE)
    expect(bind(socket({ family: AF_INET6 }), ANY6, 7)).toBe(-EADDRINUSE)
    expect(bind(socket(), B, 7)).toBe(0)
    expect(bind(socket({ family: AF_INET6, v6only: true }), ANY6, 7)).toBe(0)
    expect(table.size).toBe(3)
    table.remove(first)
    expect(bind(socket(), A, 7)).toBe(0)
  })

  test('sharing needs the same option on both, and other interfaces do not meet', () => {
    const { socket, bind } = setup()
    expect(bind(socket({ reuse: true }), ANY, 7)).toBe(0)
    expect(bind(socket({ reuse: true }), A, 7)).toBe(0)
    expect(bind(socket({ group: true }), A, 7)).toBe(-EADDRINUSE)
    expect(bind(socket({ group: true }), ANY, 8)).toBe(0)
    expect(bind(socket({ group: true }), ANY, 8)).toBe(0)
    expect(bind(socket(), ANY, 8)).toBe(-EADDRINUSE)
    expect(bind(socket({ device: 1 }), ANY, 9)).toBe(0)
    expect(bind(socket({ device: 2 }), ANY, 9)).toBe(0)
    expect(bind(socket(), ANY, 9)).toBe(-EADDRINUSE)
  })

  test('a refused socket keeps the address it had, and ports below ip_unprivileged_port_start are refused', () => {
    const { host, socket, bind } = setup()
    bind(socket(), ANY, 7)
    const late = socket()
    late.setLocal(B)
    expect(bind(late, A, 7)).toBe(-EADDRINUSE)
    expect(late.local3).toBe(B.w3)
    host.set('net.ipv4.ip_unprivileged_port_start', 1024)
    expect(bind(socket(), ANY, 1023)).toBe(-EACCES)
    expect(bind(socket(), ANY, 1024)).toBe(0)
  })

  test('streams: SO_REUSEADDR does not help against a listener, and 4-tuples are unique', () => {
    const { socket, bind, table } = setup('stream')
    const listener = socket({ reuse: true })
    expect(bind(listener, ANY, 80)).toBe(0)
    const other = socket({ reuse: true })
    expect(bind(other, ANY, 80)).toBe(0)
    expect(table.listen(listener)).toBe(0)
    expect(table.listen(other)).toBe(-EADDRINUSE)
    expect(bind(socket({ reuse: true }), A, 80)).toBe(-EADDRINUSE)
    const child = socket()
    expect(table.adopt(child, A, 80, PEER, 1000)).toBe(0)
    expect(table.adopt(socket(), A, 80, PEER, 1000)).toBe(-EADDRNOTAVAIL)
    expect(table.lookup(A, 80, PEER, 1000, 1)).toBe(child)
    // The other is bound, but does not listen.
    expect(table.lookup(A, 80, PEER, 1001, 1)).toBe(listener)
    expect(table.connect(other, A, PEER, 1000)).toBe(-EADDRNOTAVAIL)
  })

  test('streams: one that holds a 4-tuple may yield it', () => {
    const { socket, bind, table } = setup('stream')
    const old = socket({ reuse: true })
    expect(table.adopt(old, A, 80, PEER, 1000)).toBe(0)
    const asked: boolean[] = []
    table.yields = (holder, _wanted, chosen) => {
      asked.push(chosen)
      if (asked.length === 1) return false
      table.remove(holder as TestSocket)
      return true
    }
    const fresh = socket({ reuse: true })
    old.reuseAddress = true
    expect(bind(fresh, A, 80)).toBe(0)
    expect(table.connect(fresh, A, PEER, 1000)).toBe(-EADDRNOTAVAIL)
    expect(table.connect(fresh, A, PEER, 1000)).toBe(0)
    expect(table.lookup(A, 80, PEER, 1000, 1)).toBe(fresh)
    expect(asked).toEqual([false, false])
    expect(table.size).toBe(1)
  })

  test('streams: connections to several peers share ephemeral ports, those to one peer do not', () => {
    const { host, socket, table } = setup('stream')
    host.set('net.ipv4.ip_local_port_range', '40000 40002')
    const open = (peer: IpAddress) => {
      const made = socket()
      const error = table.bindConnection(made, A, peer, 80, made.options)
      return error === 0 ? made.localPort : error
    }
    expect([open(PEER), open(PEER), open(PEER)].sort()).toEqual([40_000, 40_001, 40_002])
    expect(open(PEER)).toBe(-EADDRNOTAVAIL)
    expect(open(B)).toBeGreaterThanOrEqual(40_000)
  })
})

describe('ephemeral ports', () => {
  test('every port of the range once, without reserved and taken ones, then EADDRINUSE', () => {
    const { host, socket, bind } = setup()
    host.set('net.ipv4.ip_local_port_range', '50000 50009')
    host.set('net.ipv4.ip_local_reserved_ports', '50003,50006-50007')
    bind(socket({ reuse: true }), B, 50_001)
    const got: number[] = []
    for (;;) {
      const made = socket({ reuse: true })
      if (bind(made, ANY, 0) !== 0) break
      got.push(made.localPort)
    }
    expect(got.sort()).toEqual([50_000, 50_002, 50_004, 50_005, 50_008, 50_009])
    const last = socket()
    expect(bind(last, ANY, 0)).toBe(-EADDRINUSE)
    expect(last.localPort).toBe(0)
    expect(bind(socket(), A, 0)).toBe(0)
  })

  test('IP_LOCAL_PORT_RANGE narrows the range of the host and cannot widen it', () => {
    const { socket, bind } = setup()
    for (let i = 0; i < 5; i++) {
      const made = socket()
      made.options.portLow = 45_000
      made.options.portHigh = 45_004
      expect(bind(made, ANY, 0)).toBe(0)
      expect(made.localPort).toBeGreaterThanOrEqual(45_000)
      expect(made.localPort).toBeLessThanOrEqual(45_004)
    }
    const outside = socket()
    outside.options.portLow = 100
    outside.options.portHigh = 65_535
    bind(outside, ANY, 0)
    expect(outside.localPort).toBeGreaterThanOrEqual(32_768)
  })
})

describe('whose a packet is', () => {
  test('peer before local address before interface before wildcard', () => {
    const { socket, bind, table } = setup()
    const reuse = { reuse: true }
    const wild = socket(reuse)
    const device = socket({ ...reuse, device: 1 })
    const local = socket(reuse)
    const peer = socket(reuse)
    bind(wild, ANY, 7)
    expect(table.lookup(A, 7, PEER, 9, 1)).toBe(wild)
    bind(device, ANY, 7)
    expect(table.lookup(A, 7, PEER, 9, 1)).toBe(device)
    expect(table.lookup(A, 7, PEER, 9, 2)).toBe(wild)
    bind(local, A, 7)
    expect(table.lookup(A, 7, PEER, 9, 1)).toBe(local)
    bind(peer, ANY, 7)
    table.connect(peer, A, PEER, 9)
    expect(table.lookup(A, 7, PEER, 9, 1)).toBe(peer)
    expect(table.lookup(A, 7, PEER, 10, 1)).toBe(local)
    table.disconnect(peer, ANY)
    table.remove(local)
    expect(table.lookup(B, 7, PEER, 9, 1)).toBe(device)
    expect(table.lookup(B, 8, PEER, 9, 1)).toBeNull()
  })

  test('a dual-stack wildcard takes IPv4, one for IPv6 alone does not, and no IPv4 socket takes IPv6', () => {
    const { socket, bind, table } = setup()
    const dual = socket({ family: AF_INET6 })
    bind(dual, ANY6, 7)
    expect(table.lookup(A, 7, PEER, 9, 1)).toBe(dual)
    table.remove(dual)
    const only = socket({ family: AF_INET6, v6only: true })
    const four = socket()
    bind(only, ANY6, 7)
    expect(table.lookup(A, 7, PEER, 9, 1)).toBeNull()
    bind(four, ANY, 7)
    expect(table.lookup(A, 7, PEER, 9, 1)).toBe(four)
    expect(table.lookup(IpAddress.parse('2001:db8::1'), 7, IpAddress.parse('2001:db8::2'), 9, 1)).toBe(only)
  })

  test('a SO_REUSEPORT group shares flows by hash: each flow always to one member, every member some', () => {
    const { socket, bind, table } = setup()
    const group = [0, 1, 2, 3].map(() => socket({ group: true }))
    for (const each of group) expect(bind(each, ANY, 7)).toBe(0)
    const counts = new Map<TestSocket | null, number>()
    for (let port = 1000; port < 1400; port++) {
      const found = table.lookup(A, 7, PEER, port, 1)
      expect(table.lookup(A, 7, PEER, port, 1)).toBe(found)
      counts.set(found, (counts.get(found) ?? 0) + 1)
    }
    for (const each of group) expect(counts.get(each) ?? 0).toBeGreaterThan(50)
    const [first, second] = group as [TestSocket, TestSocket]
    table.remove(first)
    table.connect(second, A, PEER, 1)
    for (let port = 1000; port < 1100; port++) {
      const found = table.lookup(A, 7, PEER, port, 1)
      expect(found === first || found === second).toBe(false)
    }
    expect(table.lookup(A, 7, PEER, 1, 1)).toBe(second)
  })

  test('ten thousand sockets: by port, and by peer on one port', () => {
    const { socket, bind, table } = setup()
    const sockets: TestSocket[] = []
    for (let port = 1; port <= 5000; port++) {
      const made = socket()
      bind(made, ANY, port)
      sockets.push(made)
    }
    const shared = socket({ reuse: true })
    bind(shared, ANY, 60_000)
    for (let i = 1; i <= 5000; i++) {
      const made = socket({ reuse: true })
      bind(made, A, 60_000)
      table.connect(made, A, PEER, i)
      sockets.push(made)
    }
    for (let i = 1; i <= 5000; i += 7) {
      expect(table.lookup(A, i, PEER, 1, 1)).toBe(sockets[i - 1])
      expect(table.lookup(A, 60_000, PEER, i, 1)).toBe(sockets[4999 + i])
    }
    expect(table.lookup(A, 60_000, PEER, 6000, 1)).toBe(shared)
    for (const each of sockets) table.remove(each)
    expect(table.size).toBe(1)
    expect(table.lookup(A, 60_000, PEER, 5, 1)).toBe(shared)
  })

  test('a changed interface moves a socket at once, in its group too', () => {
    const { socket, bind, table } = setup()
    const one = socket({ group: true })
    const two = socket({ group: true })
    bind(one, ANY, 7)
    bind(two, ANY, 7)
    two.options.boundInterface = 2
    table.refresh(two, two.options)
    for (let port = 1; port < 50; port++) {
      expect(table.lookup(A, 7, PEER, port, 1)).toBe(one)
      expect(table.lookup(A, 7, PEER, port, 2)).toBe(two)
    }
  })
})
