import { IpAddress, SocketAddress } from '@jackfield/addr'
import {
  AF_INET,
  AF_INET6,
  EADDRINUSE,
  EADDRNOTAVAIL,
  EINVAL,
  ENODEV,
  ENOPROTOOPT,
  ENOTCONN,
  IP_ADD_MEMBERSHIP,
  IP_ADD_SOURCE_MEMBERSHIP,
  IP_BLOCK_SOURCE,
  IP_DROP_MEMBERSHIP,
  IP_DROP_SOURCE_MEMBERSHIP,
  IP_HDRINCL,
  IP_LOCAL_PORT_RANGE,
  IP_MSFILTER,
  IP_MTU,
  IP_MTU_DISCOVER,
  IP_MULTICAST_ALL,
  IP_MULTICAST_IF,
  IP_MULTICAST_LOOP,
  IP_MULTICAST_TTL,
  IP_OPTIONS,
  IP_PKTINFO,
  IP_RECVORIGDSTADDR,
  IP_RECVTOS,
  IP_RECVTTL,
  IP_TOS,
  IP_TTL,
  IP_UNBLOCK_SOURCE,
  IPV6_RECVORIGDSTADDR,
  IPV6_TCLASS,
  IPV6_UNICAST_HOPS,
  IPV6_V6ONLY,
  Message,
  NetworkHeader,
  OptionFailure,
  SO_BINDTODEVICE,
  SO_BINDTOIFINDEX,
  SO_BROADCAST,
  SO_DOMAIN,
  SO_ERROR,
  SO_LINGER,
  SO_MARK,
  SO_PRIORITY,
  SO_PROTOCOL,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_REUSEADDR,
  SO_SNDBUF,
  SO_TIMESTAMP,
  SO_TIMESTAMPNS,
  SO_TYPE,
  SOCK_RAW,
  SOCK_STREAM,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
  SOL_UDP,
} from '@jackfield/interfaces'
import { describe, expect, test } from 'vitest'
import { checkBindAddress } from './bind-address.js'
import { addReceiveControl, SendControl } from './control.js'
import { aimFlow, routeFlow, sourceOf } from './flow.js'
import { TestSocket, testHost } from './socket.test-fixture.js'

function setup(family: number = AF_INET, type?: number) {
  const { host, network } = testHost()
  const socket = new TestSocket(host, family, type)
  return { host, network, socket, options: socket.options }
}

describe('SOL_SOCKET', () => {
  test('flags keep 0 or 1, and what a socket is can be read only', () => {
    const { options } = setup()
    for (const name of [SO_REUSEADDR, SO_BROADCAST, SO_TIMESTAMP]) {
      expect(options.get(SOL_SOCKET, name)).toBe(0)
      expect(options.set(SOL_SOCKET, name, 5)).toBe(0)
      expect(options.get(SOL_SOCKET, name)).toBe(1)
    }
    expect([SO_DOMAIN, SO_TYPE, SO_PROTOCOL].map((name) => options.get(SOL_SOCKET, name))).toEqual([2, 2, 17])
    expect(options.set(SOL_SOCKET, SO_TYPE, 1)).toBe(-ENOPROTOOPT)
    expect(options.set(SOL_SOCKET, SO_REUSEADDR, 'on')).toBe(-EINVAL)
    expect(options.set(SOL_SOCKET, 9999, 1)).toBe(-ENOPROTOOPT)
    expect(options.get(SOL_SOCKET, 9999)).toEqual(new OptionFailure(ENOPROTOOPT))
    expect(options.set(SOL_UDP, 1, 1)).toBe(-ENOPROTOOPT)
  })

  test('buffer sizes are doubled, bounded by rmem_max and by the least', () => {
    const { host, options } = setup()
    const after = (name: number, value: number) => {
      expect(options.set(SOL_SOCKET, name, value)).toBe(0)
      return options.get(SOL_SOCKET, name === SO_RCVBUFFORCE ? SO_RCVBUF : name)
    }
    expect(after(SO_RCVBUF, 10_000)).toBe(20_000)
    expect(after(SO_RCVBUF, 1)).toBe(2304)
    expect(after(SO_SNDBUF, 1)).toBe(4608)
    expect(after(SO_RCVBUF, -1)).toBe(425_984)
    expect(after(SO_RCVBUFFORCE, 1_000_000)).toBe(2_000_000)
    host.set('net.core.rmem_max', 4_194_304)
    expect(after(SO_RCVBUF, 1_000_000)).toBe(2_000_000)
    expect(() => host.set('net.core.rmem_max', 1)).toThrow(/2304/)
  })

  test('SO_ERROR is read once; time stamps exclude each other', () => {
    const { options } = setup()
    options.fail(111)
    expect(options.get(SOL_SOCKET, SO_ERROR)).toBe(111)
    expect(options.get(SOL_SOCKET, SO_ERROR)).toBe(0)
    options.set(SOL_SOCKET, SO_TIMESTAMP, 1)
    options.set(SOL_SOCKET, SO_TIMESTAMPNS, 1)
    expect(options.get(SOL_SOCKET, SO_TIMESTAMP)).toBe(0)
    expect(options.get(SOL_SOCKET, SO_TIMESTAMPNS)).toBe(1)
  })

  test('SO_BINDTODEVICE takes a name, SO_BINDTOIFINDEX an index', () => {
    const { options } = setup()
    expect(options.set(SOL_SOCKET, SO_BINDTODEVICE, 'none')).toBe(-ENODEV)
    expect(options.set(SOL_SOCKET, SO_BINDTODEVICE, Uint8Array.of(102, 97, 107, 101, 49, 0, 65))).toBe(0)
    expect(options.get(SOL_SOCKET, SO_BINDTODEVICE)).toBe('fake1')
    expect(options.get(SOL_SOCKET, SO_BINDTOIFINDEX)).toBe(1)
    expect(options.set(SOL_SOCKET, SO_BINDTOIFINDEX, 7)).toBe(-ENODEV)
    expect(options.set(SOL_SOCKET, SO_BINDTODEVICE, '')).toBe(0)
    expect(options.get(SOL_SOCKET, SO_BINDTODEVICE)).toBe('')
  })

  test('SO_LINGER is a structure', () => {
    const { options } = setup()
    expect(options.set(SOL_SOCKET, SO_LINGER, { onoff: true, linger: 3 })).toBe(0)
    expect(options.get(SOL_SOCKET, SO_LINGER)).toEqual({ onoff: true, linger: 3 })
    expect(options.set(SOL_SOCKET, SO_LINGER, 3)).toBe(-EINVAL)
  })
})

describe('SOL_IP and SOL_IPV6', () => {
  test('ranges are those of Linux', () => {
    const { options } = setup()
    for (const [name, good, bad] of [
      [IP_TTL, [1, 255, -1], [0, 256, -2]],
      [IP_MULTICAST_TTL, [0, 255, -1], [256, -2]],
      [IP_MTU_DISCOVER, [0, 5], [6, -1]],
      [IP_MULTICAST_ALL, [0, 1], [2]],
      [IP_LOCAL_PORT_RANGE, [0, (20 << 16) | 10, 10], [(10 << 16) | 20]],
    ] as const) {
      for (const value of good) expect(options.set(SOL_IP, name, value)).toBe(0)
      for (const value of bad) expect(options.set(SOL_IP, name, value)).toBe(-EINVAL)
    }
    expect(options.get(SOL_IP, IP_TTL)).toBe(64)
    expect(options.get(SOL_IP, IP_MULTICAST_TTL)).toBe(1)
    expect(options.get(SOL_IP, IP_MTU)).toEqual(new OptionFailure(ENOTCONN))
    expect(options.set(SOL_IP, IP_HDRINCL, 1)).toBe(-ENOPROTOOPT)
    expect(setup(AF_INET, SOCK_RAW).options.set(SOL_IP, IP_HDRINCL, 1)).toBe(0)
    expect(setup(AF_INET, SOCK_STREAM).options.set(SOL_IP, IP_MULTICAST_TTL, 1)).toBe(-EINVAL)
    expect(options.set(SOL_IPV6, IPV6_TCLASS, 1)).toBe(-ENOPROTOOPT)
  })

  test('IP_TOS decides the priority; a socket of both versions has the twins of SOL_IPV6 apart', () => {
    const { options } = setup(AF_INET6)
    expect(options.set(SOL_IP, IP_TOS, Uint8Array.of(0x10))).toBe(0)
    expect(options.get(SOL_SOCKET, SO_PRIORITY)).toBe(6)
    expect(options.get(SOL_IP, IP_TOS)).toBe(0x10)
    expect(options.get(SOL_IPV6, IPV6_TCLASS)).toBe(0)
    expect(options.set(SOL_IPV6, IPV6_UNICAST_HOPS, 9)).toBe(0)
    expect(options.get(SOL_IP, IP_TTL)).toBe(64)
    expect([options.forVersion(4).tos, options.forVersion(6).tos]).toEqual([0x10, 0])
    expect([options.forVersion(4).ttl, options.forVersion(6).ttl]).toEqual([-1, 9])
    options.becomeIpv4()
    expect([options.tos, options.ttl]).toEqual([0x10, -1])
    expect(options.set(SOL_IPV6, IPV6_V6ONLY, 1)).toBe(0)
  })

  test('IP_OPTIONS are well formed and padded', () => {
    const { options } = setup()
    expect(options.set(SOL_IP, IP_OPTIONS, Uint8Array.of(7, 3, 4))).toBe(0)
    expect(options.get(SOL_IP, IP_OPTIONS)).toEqual(Uint8Array.of(7, 3, 4, 0))
    expect(options.set(SOL_IP, IP_OPTIONS, Uint8Array.of(7, 9, 4))).toBe(-EINVAL)
    expect(options.set(SOL_IP, IP_OPTIONS, Uint8Array.of(7, 1))).toBe(-EINVAL)
    expect(options.set(SOL_IP, IP_OPTIONS, new Uint8Array(41))).toBe(-EINVAL)
    expect(options.set(SOL_IP, IP_OPTIONS, new Uint8Array(0))).toBe(0)
    expect(options.ipOptions).toBeNull()
  })
})

describe('groups', () => {
  const GROUP = IpAddress.parse('239.1.2.3')
  const S1 = IpAddress.parse('192.0.2.1')
  const S2 = IpAddress.parse('192.0.2.2')
  const on = { group: GROUP, interface: 1 }

  test('joining, by index, name, address or route, and leaving', () => {
    const { options, network } = setup()
    for (const way of [1, 'fake1', '10.0.0.1', IpAddress.parse('10.0.0.1'), undefined]) {
      const value = way === undefined ? { group: '239.1.2.3' } : { group: '239.1.2.3', interface: way }
      expect(options.set(SOL_IP, IP_ADD_MEMBERSHIP, value)).toBe(0)
      expect(options.set(SOL_IP, IP_ADD_MEMBERSHIP, on)).toBe(-EADDRINUSE)
      expect(options.set(SOL_IP, IP_DROP_MEMBERSHIP, value)).toBe(0)
      expect(options.set(SOL_IP, IP_DROP_MEMBERSHIP, value)).toBe(-EADDRNOTAVAIL)
    }
    expect(options.set(SOL_IP, IP_ADD_MEMBERSHIP, { group: '10.0.0.1', interface: 1 })).toBe(-EINVAL)
    expect(options.set(SOL_IP, IP_ADD_MEMBERSHIP, { group: '239.1.2.3', interface: 5 })).toBe(-ENODEV)
    expect(options.set(SOL_IP, IP_ADD_MEMBERSHIP, 7)).toBe(-EINVAL)
    expect(network.groups.length).toBe(10)
    expect(network.groups[0]).toMatchObject({ group: '239.1.2.3', interface: 1, mode: 'exclude', sources: [] })
    expect(network.groups[1]).toMatchObject({ mode: 'include', sources: [] })
  })

  test('source filters decide what is delivered', () => {
    const { options, network } = setup()
    const { groups } = options
    const takes = (source: IpAddress) => groups.accepts(GROUP, source, 1, options.multicastAll)
    expect(takes(S1)).toBe(true)
    options.set(SOL_IP, IP_MULTICAST_ALL, 0)
    expect(takes(S1)).toBe(false)
    const of = (source: IpAddress) => ({ ...on, source })
    expect(options.set(SOL_IP, IP_BLOCK_SOURCE, of(S1))).toBe(-EINVAL)
    expect(options.set(SOL_IP, IP_ADD_SOURCE_MEMBERSHIP, of(S1))).toBe(0)
    expect(options.set(SOL_IP, IP_ADD_SOURCE_MEMBERSHIP, of(S1))).toBe(-EADDRNOTAVAIL)
    expect([takes(S1), takes(S2)]).toEqual([true, false])
    expect(groups.accepts(GROUP, S1, 2, false)).toBe(false)
    expect(options.set(SOL_IP, IP_DROP_SOURCE_MEMBERSHIP, of(S2))).toBe(-EADDRNOTAVAIL)
    expect(options.set(SOL_IP, IP_DROP_SOURCE_MEMBERSHIP, of(S1))).toBe(0)
    expect(groups.size).toBe(0)
    options.set(SOL_IP, IP_ADD_MEMBERSHIP, on)
    expect(options.set(SOL_IP, IP_BLOCK_SOURCE, of(S1))).toBe(0)
    expect([takes(S1), takes(S2)]).toEqual([false, true])
    expect(options.set(SOL_IP, IP_ADD_SOURCE_MEMBERSHIP, of(S2))).toBe(-EINVAL)
    expect(options.set(SOL_IP, IP_UNBLOCK_SOURCE, of(S1))).toBe(0)
    expect(options.set(SOL_IP, IP_MSFILTER, { ...on, mode: 'include', sources: [S2, '192.0.2.7'] })).toBe(0)
    expect([takes(S1), takes(S2)]).toEqual([false, true])
    expect(options.set(SOL_IP, IP_MSFILTER, { ...on, mode: 'include', sources: ['nonsense'] })).toBe(-EINVAL)
    options.close()
    expect(groups.size).toBe(0)
    expect(network.groups.at(-1)).toMatchObject({ mode: 'include', sources: [] })
  })
})

describe('flows and control messages', () => {
  const ANY = IpAddress.v4(0)
  const FAR = IpAddress.parse('192.0.2.9')

  test('a route is kept until what chose it changes', () => {
    const { options, network } = setup()
    const { flow } = options
    aimFlow(options, ANY, FAR, 0, null)
    expect(routeFlow(network, flow)).toBe(0)
    const { route } = flow
    expect(String(sourceOf(flow))).toBe('10.0.0.1')
    aimFlow(options, ANY, FAR, 0, null)
    expect(flow.route).toBe(route)
    options.set(SOL_IP, IP_TOS, 8)
    aimFlow(options, ANY, FAR, 0, null)
    expect(flow.route).toBeNull()
    expect([flow.tos, flow.priority]).toEqual([8, 2])
    network.routeError = 101
    expect(routeFlow(network, flow)).toBe(101)
  })

  test('multicast leaves by its own interface and source, with its own TTL and loop', () => {
    const { options } = setup()
    const { flow } = options
    expect(options.set(SOL_IP, IP_MULTICAST_IF, '10.0.0.9')).toBe(-EADDRNOTAVAIL)
    expect(options.set(SOL_IP, IP_MULTICAST_IF, 9)).toBe(-ENODEV)
    expect(options.set(SOL_IP, IP_MULTICAST_IF, '10.0.0.1')).toBe(0)
    options.set(SOL_IP, IP_MULTICAST_LOOP, 0)
    options.set(SOL_IP, IP_MULTICAST_TTL, 7)
    aimFlow(options, ANY, IpAddress.parse('239.1.1.1'), 0, null)
    expect([flow.interfaceIndex, `${flow.source}`, flow.multicastTtl, flow.multicastLoop]).toEqual([
      1,
      '10.0.0.1',
      7,
      false,
    ])
    aimFlow(options, ANY, FAR, 0, null)
    expect([flow.interfaceIndex, `${flow.source}`]).toEqual([0, '0.0.0.0'])
    expect(options.set(SOL_IP, IP_MULTICAST_IF, '0.0.0.0')).toBe(0)
    expect(options.get(SOL_IP, IP_MULTICAST_IF)).toBe(0)
  })

  test('ancillary data overrides the socket for one message', () => {
    const { options, host } = setup()
    const control = new SendControl()
    const address = IpAddress.parse('10.0.0.1')
    const given = [
      { level: SOL_IP, type: IP_TTL, data: 3 },
      { level: SOL_IP, type: IP_TOS, data: 16 },
      { level: SOL_SOCKET, type: SO_MARK, data: 77 },
      { level: SOL_IP, type: IP_PKTINFO, data: { interfaceIndex: 1, address: FAR, specific: address } },
    ]
    expect(control.read(given, AF_INET, host)).toBe(0)
    aimFlow(options, ANY, FAR, 0, control)
    const { flow } = options
    expect([flow.ttl, flow.tos, flow.mark, flow.interfaceIndex, `${flow.source}`]).toEqual([3, 16, 77, 1, '10.0.0.1'])
    aimFlow(options, ANY, FAR, 0, null)
    expect([flow.ttl, flow.tos, flow.mark, flow.interfaceIndex]).toEqual([-1, 0, 0, 0])
    for (const bad of [
      { level: SOL_IP, type: IP_TTL, data: 0 },
      { level: SOL_IP, type: IP_TOS, data: 256 },
      { level: SOL_IP, type: IP_RECVTTL, data: 1 },
      { level: SOL_SOCKET, type: SO_REUSEADDR, data: 1 },
    ]) {
      expect(control.read([bad], AF_INET, host)).toBe(-EINVAL)
    }
  })

  test('what was asked for is told of a packet', () => {
    const { host, options } = setup()
    for (const name of [IP_PKTINFO, IP_RECVTTL, IP_RECVTOS, IP_RECVORIGDSTADDR]) options.set(SOL_IP, name, 1)
    options.set(SOL_SOCKET, SO_TIMESTAMP, 1)
    const header = new NetworkHeader()
    Object.assign(header, {
      source: FAR,
      destination: IpAddress.parse('239.1.1.1'),
      ttl: 9,
      tos: 4,
      interfaceIndex: 1,
    })
    const packet = host.packets.allocate(10)
    packet.timestamp = 1234.5
    const message = new Message(new Uint8Array(0))
    message.control = []
    addReceiveControl(options, packet, header, message, 53, 0)
    const found = new Map(message.control.map(({ level, type, data }) => [level * 1000 + type, data]))
    expect(found.get(SOL_SOCKET * 1000 + SO_TIMESTAMP)).toBe(1234)
    expect(found.get(IP_TTL)).toBe(9)
    expect(found.get(IP_TOS)).toBe(4)
    expect(found.get(IP_RECVORIGDSTADDR)).toEqual(new SocketAddress(header.destination, 53))
    const inet6 = setup(AF_INET6)
    inet6.options.set(SOL_IPV6, IPV6_RECVORIGDSTADDR, 1)
    message.control = []
    addReceiveControl(inet6.options, packet, header, message, 53, 0)
    packet.release()
    // Of packets that came by IPv6 only, as in Linux.
    expect(message.control).toEqual([])
    const info = found.get(IP_PKTINFO) as { address: IpAddress; specific: IpAddress; interfaceIndex: number }
    expect([`${info.address}`, `${info.specific}`, info.interfaceIndex]).toEqual(['239.1.1.1', '10.0.0.1', 1])
  })

  test("a socket binds to what is the host's own, to groups and broadcast, and freely where it asked to", () => {
    const { host, options } = setup()
    const check = (text: string) => checkBindAddress(host, options, IpAddress.parse(text), 0)
    for (const good of ['0.0.0.0', '10.0.0.1', '127.0.0.1', '239.1.1.1', '255.255.255.255', '10.0.0.255']) {
      expect(check(good)).toBe(0)
    }
    expect(check('10.0.0.9')).toBe(-EADDRNOTAVAIL)
    expect(check('2001:db8::1')).toBe(-EADDRNOTAVAIL)
    options.freebind = true
    expect(check('10.0.0.9')).toBe(0)
    options.freebind = false
    host.set('net.ipv4.ip_nonlocal_bind', 1)
    expect(check('10.0.0.9')).toBe(0)
  })

  test('port settings say what would be right', () => {
    const { host } = setup()
    expect(() => host.set('net.ipv4.ip_local_port_range', '9 5')).toThrow(/32768 60999/)
    expect(() => host.set('net.ipv4.ip_local_reserved_ports', '5-x')).toThrow(/9000-9010/)
    host.set('net.ipv4.ip_local_reserved_ports', '')
    expect(host.settings.get('net.ipv4.ip_local_reserved_ports')?.get()).toBe('')
  })
})
