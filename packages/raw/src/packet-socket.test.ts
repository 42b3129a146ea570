import { MacAddress } from '@jackfield/addr'
import {
  AF_PACKET,
  EAGAIN,
  EINVAL,
  EMSGSIZE,
  ENETDOWN,
  ENODEV,
  ENOPROTOOPT,
  ENXIO,
  EOPNOTSUPP,
  ETH_P_ALL,
  ETH_P_ARP,
  ETH_P_IP,
  type LinkSocketAddress,
  OptionFailure,
  PACKET_STATISTICS,
  POLLERR,
  SO_RCVBUF,
  SOCK_DGRAM,
  SOCK_RAW,
  SOL_PACKET,
  SOL_SOCKET,
} from '@jackfield/interfaces'
import { createFakeInterface, type FakeHost } from '@jackfield/interfaces/compliance'
import { PACKET_BROADCAST, PACKET_OUTGOING, type Packet } from '@jackfield/packet'
import { describe, expect, it } from 'vitest'
import { open, rawHost, receive, send } from './host.test-raw.js'

const eth0 = () =>
  createFakeInterface({
    index: 5,
    name: 'eth0',
    medium: 'ethernet',
    hardwareAddress: MacAddress.parse('02:00:00:00:00:05'),
  })
const frame = Uint8Array.from([2, 0, 0, 0, 0, 5, 2, 0, 0, 0, 0, 9, 8, 0, 0x45, 1, 2, 3])

function link(index: number, protocol = 0, hardwareAddress: Uint8Array = new Uint8Array(0)): LinkSocketAddress {
  return { family: AF_PACKET, protocol, interfaceIndex: index, packetType: 0, hardwareAddress }
}

/** A frame as the stack shows it: the window behind the Ethernet header. */
function arrived(host: FakeHost, bytes = frame): Packet {
  const packet = host.packets.copyOf(bytes)
  packet.linkHeader = packet.start
  packet.start += 14
  packet.networkHeader = packet.start
  packet.etherType = packet.view.getUint16(packet.start - 2)
  return packet
}

function setup() {
  const device = eth0()
  return { device, ...rawHost([device]) }
}

describe('receiving', () => {
  it('gives whole frames to SOCK_RAW and packets to SOCK_DGRAM, with their link address', () => {
    const { host, device } = setup()
    const whole = open(host, AF_PACKET, SOCK_RAW, ETH_P_ALL)
    const cooked = open(host, AF_PACKET, SOCK_DGRAM, ETH_P_IP)
    const other = open(host, AF_PACKET, SOCK_DGRAM, ETH_P_ARP)
    const packet = arrived(host)
    packet.packetType = PACKET_BROADCAST
    host.show(packet, device)
    packet.release()
    const name = link(0)
    expect(receive(whole, 0, 100, name).bytes).toEqual(frame)
    expect(name).toEqual({
      family: AF_PACKET,
      protocol: ETH_P_IP,
      interfaceIndex: 5,
      packetType: PACKET_BROADCAST,
      hardwareAddress: frame.slice(6, 12),
    })
    expect(receive(cooked).bytes).toEqual(frame.slice(14))
    expect(receive(other).result).toBe(-EAGAIN)
    expect(host.packets.outstanding).toBe(0)
  })

  it('shows what goes out to those that want everything, without the sender’s charge', () => {
    const { host, device } = setup()
    const all = open(host, AF_PACKET, SOCK_RAW, ETH_P_ALL)
    const ip = open(host, AF_PACKET, SOCK_RAW, ETH_P_IP)
    const packet = arrived(host)
    packet.packetType = PACKET_OUTGOING
    let charged = 100
    packet.setOwner(
      {
        packetReleased(charge) {
          charged -= charge
        },
      },
      100,
    )
    host.show(packet, device)
    expect(charged).toBe(100)
    packet.release()
    expect(charged).toBe(0)
    const name = link(0)
    expect(receive(all, 0, 100, name).bytes).toEqual(frame)
    expect(name.packetType).toBe(PACKET_OUTGOING)
    expect(receive(ip).result).toBe(-EAGAIN)
    expect(host.packets.outstanding).toBe(0)
  })

  it('is limited to the interface and EtherType that it is bound to', () => {
    const { host, device, network } = setup()
    const socket = open(host, AF_PACKET, SOCK_RAW, 0)
    const packet = arrived(host)
    host.show(packet, device)
    expect(receive(socket).result).toBe(-EAGAIN)
    expect(socket.bind(link(5, ETH_P_IP))).toBe(0)
    host.show(packet, network.interface)
    expect(receive(socket).result).toBe(-EAGAIN)
    host.show(packet, device)
    expect(receive(socket).result).toBe(frame.length)
    expect(socket.bind(link(5, ETH_P_ARP))).toBe(0)
    host.show(packet, device)
    expect(receive(socket).result).toBe(-EAGAIN)
    packet.release()
    const name = link(0)
    expect(socket.getName(name)).toBe(0)
    expect([name.interfaceIndex, name.protocol]).toEqual([5, ETH_P_ARP])
    expect([...name.hardwareAddress]).toEqual([2, 0, 0, 0, 0, 5])
    expect(socket.bind(link(77))).toBe(-ENODEV)
  })

  it('taps the interfaces only while there are packet sockets', () => {
    const { host } = setup()
    expect(host.packetTaps).toHaveLength(0)
    const one = open(host, AF_PACKET, SOCK_RAW, ETH_P_ALL)
    const two = open(host, AF_PACKET, SOCK_RAW, ETH_P_ALL)
    expect(host.packetTaps).toHaveLength(1)
    one.close()
    one.close()
    expect(host.packetTaps).toHaveLength(1)
    two.close()
    expect(host.packetTaps).toHaveLength(0)
  })

  it('is bounded by SO_RCVBUF; PACKET_STATISTICS tells and begins anew', () => {
    const { host, device } = setup()
    const socket = open(host, AF_PACKET, SOCK_RAW, ETH_P_ALL)
    socket.setOption(SOL_SOCKET, SO_RCVBUF, 0)
    const packet = arrived(host)
    for (let i = 0; i < 50; i++) host.show(packet, device)
    packet.release()
    const drops = host.counter('PacketRcvbufErrors')
    expect(drops).toBeGreaterThan(40)
    expect(socket.getOption(SOL_PACKET, PACKET_STATISTICS)).toEqual({ packets: 50, drops })
    expect(socket.getOption(SOL_PACKET, PACKET_STATISTICS)).toEqual({ packets: 0, drops: 0 })
    expect(socket.getOption(SOL_PACKET, 999)).toEqual(new OptionFailure(ENOPROTOOPT))
    socket.close()
    expect(host.packets.outstanding).toBe(0)
  })

  it('on a medium without link header gives the packet and no hardware address', () => {
    const { host, network } = setup()
    const socket = open(host, AF_PACKET, SOCK_RAW, ETH_P_ALL)
    const packet = host.packets.copyOf(Uint8Array.from([0x45, 1, 2]))
    packet.networkHeader = packet.start
    packet.etherType = ETH_P_IP
    host.show(packet, network.interface)
    packet.release()
    const name = link(0, 0, new Uint8Array(6))
    expect(receive(socket, 0, 100, name).bytes).toEqual(Uint8Array.from([0x45, 1, 2]))
    expect(name.hardwareAddress).toHaveLength(0)
  })
})

describe('sending', () => {
  it('a whole frame goes out as it is', () => {
    const { host, device } = setup()
    const socket = open(host, AF_PACKET, SOCK_RAW, ETH_P_ALL)
    expect(send(socket, frame)).toBe(-ENXIO)
    expect(send(socket, frame, link(5))).toBe(frame.length)
    socket.bind(link(5))
    expect(send(socket, frame)).toBe(frame.length)
    expect(host.frames).toHaveLength(2)
    for (const { packet, networkInterface } of host.frames) {
      expect(networkInterface).toBe(device)
      expect(packet.toBytes()).toEqual(frame)
      expect(packet.etherType).toBe(ETH_P_IP)
      expect(packet.networkHeader - packet.start).toBe(14)
      packet.release()
    }
    expect(host.packets.outstanding).toBe(0)
  })

  it('a cooked packet gets its Ethernet header', () => {
    const { host } = setup()
    const socket = open(host, AF_PACKET, SOCK_DGRAM, ETH_P_ALL)
    const to = Uint8Array.from([2, 0, 0, 0, 0, 7])
    expect(send(socket, Uint8Array.from([1, 2]), link(5, 0x88b5))).toBe(-EINVAL)
    expect(send(socket, Uint8Array.from([1, 2]), link(5, 0x88b5, to))).toBe(2)
    const sent = host.frames[0]?.packet
    expect([...(sent?.toBytes() ?? [])]).toEqual([2, 0, 0, 0, 0, 7, 2, 0, 0, 0, 0, 5, 0x88, 0xb5, 1, 2])
    sent?.release()
  })

  it('on a bare medium needs no link address', () => {
    const { host, network } = setup()
    const socket = open(host, AF_PACKET, SOCK_DGRAM, ETH_P_IP)
    expect(send(socket, Uint8Array.from([0x45, 2]), link(network.interface.index))).toBe(2)
    expect([...(host.frames[0]?.packet.toBytes() ?? [])]).toEqual([0x45, 2])
    expect(host.frames[0]?.packet.etherType).toBe(ETH_P_IP)
    host.frames[0]?.packet.release()
  })

  it('is not shown to the socket that sent it', () => {
    const { host, device } = setup()
    const socket = open(host, AF_PACKET, SOCK_RAW, ETH_P_ALL)
    const other = open(host, AF_PACKET, SOCK_RAW, ETH_P_ALL)
    send(socket, frame, link(5))
    const packet = host.frames[0]?.packet as Packet
    packet.packetType = PACKET_OUTGOING
    host.show(packet, device)
    packet.release()
    expect(receive(socket).result).toBe(-EAGAIN)
    expect(receive(other).result).toBe(frame.length)
  })

  it('refuses what is too short, too long or for an interface that is down', () => {
    const { host, device } = setup()
    const socket = open(host, AF_PACKET, SOCK_RAW, ETH_P_ALL)
    expect(send(socket, new Uint8Array(13), link(5))).toBe(-EINVAL)
    expect(send(socket, new Uint8Array(1519), link(5))).toBe(-EMSGSIZE)
    device.flags = 0
    expect(send(socket, frame, link(5))).toBe(-ENETDOWN)
    expect(socket.bind(link(5))).toBe(0)
    expect(receive(socket).result).toBe(-ENETDOWN)
    expect(socket.connect(link(5))).toBe(-EOPNOTSUPP)
    expect(socket.shutdown(0)).toBe(-EOPNOTSUPP)
    expect(host.packets.outstanding).toBe(0)
  })
})

describe('the interface', () => {
  it('that goes down or away fails the socket bound to it', () => {
    const { host, device } = setup()
    const socket = open(host, AF_PACKET, SOCK_RAW, ETH_P_ALL)
    socket.bind(link(5))
    device.flags = 0
    host.interfaceChanged(device)
    expect(receive(socket).result).toBe(-ENETDOWN)
    host.removeInterface(device)
    expect(socket.readiness() & POLLERR).toBe(POLLERR)
    expect(receive(socket).result).toBe(-ENETDOWN)
    expect(send(socket, frame)).toBe(-ENXIO)
  })
})

describe('addresses', () => {
  it('are read in the forms that people write', () => {
    const { host } = setup()
    const family = host.families[0]
    expect(family?.parseAddress('eth0')).toEqual(link(5))
    expect(
      family?.parseAddress({ interface: 'eth0', protocol: ETH_P_ARP, hardwareAddress: '02:00:00:00:00:07' }),
    ).toEqual(link(5, ETH_P_ARP, Uint8Array.from([2, 0, 0, 0, 0, 7])))
    expect(family?.parseAddress(link(5, ETH_P_ALL))).toEqual(link(5, ETH_P_ALL))
    expect(family?.createAddress()).toEqual(link(0))
    expect(family?.formatAddress(link(5, ETH_P_ARP, Uint8Array.from([2, 0, 0, 0, 0, 7])))).toBe(
      'eth0 0x0806 02:00:00:00:00:07',
    )
    expect(family?.formatAddress(link(0, ETH_P_ALL))).toBe('* all')
    expect(family?.formatAddress(link(9))).toBe('if9')
  })

  it('that are wrong throw and say what would be right', () => {
    const { host } = setup()
    const family = host.families[0]
    expect(() => family?.parseAddress('eth7')).toThrow("there is no interface 'eth7'; there are: fake1, eth0")
    expect(() => family?.parseAddress(7)).toThrow('a link address is')
    expect(() => family?.parseAddress({ family: 2 })).toThrow('family 2')
    expect(() => family?.parseAddress({ protocol: 70_000 })).toThrow('EtherType')
    expect(() => family?.parseAddress({ hardwareAddress: new Uint8Array(5) })).toThrow('6 bytes, not 5')
    expect(() => family?.parseAddress({ interface: -1 })).toThrow('a link address is')
  })
})
