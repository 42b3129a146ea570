import { IpAddress, MacAddress } from '@jackfield/addr'
import { createSeededRandom, createVirtualClock, type VirtualClock } from '@jackfield/clock'
import { type Packet, PacketPool } from '@jackfield/packet'
import { createNeighborCache, type NeighborCache } from './neighbor-cache.js'
import type { NeighborProtocol } from './protocol.js'
import { createNeighborSettings, type NeighborSettings } from './settings.js'

/** What the cache asked of its protocol. */
export interface Question {
  readonly time: number
  readonly address: string
  readonly unicast: boolean
  readonly packet: Packet | null
}

/** A cache on a virtual clock, with a protocol that writes down what it is told. */
export interface Bench {
  readonly clock: VirtualClock
  readonly pool: PacketPool
  readonly cache: NeighborCache
  readonly settings: NeighborSettings
  readonly questions: Question[]
  /** Marks of the packets that went out and that came back. */
  readonly sent: number[]
  readonly returned: number[]
  packet(mark?: number, length?: number): Packet
}

export function createBench(changes: Partial<NeighborSettings> = {}, seed = 1): Bench {
  const clock = createVirtualClock()
  const pool = new PacketPool()
  const settings = createNeighborSettings(changes)
  const questions: Question[] = []
  const sent: number[] = []
  const returned: number[] = []
  const protocol: NeighborProtocol = {
    solicit(neighbor, unicast, packet) {
      questions.push({ time: clock.now(), address: `${neighbor.address}@${neighbor.interfaceIndex}`, unicast, packet })
    },
    transmit(packet) {
      sent.push(packet.mark)
      packet.release()
    },
    unreachable(packet) {
      returned.push(packet.mark)
      packet.release()
    },
  }
  const cache = createNeighborCache({ clock, random: createSeededRandom(seed), protocol, settings })
  return {
    clock,
    pool,
    cache,
    settings,
    questions,
    sent,
    returned,
    packet(mark = 0, length = 40) {
      const packet = pool.allocate(length)
      packet.mark = mark
      return packet
    },
  }
}

/** 10.0.x.y from a number. */
export function host(n: number): IpAddress {
  return IpAddress.v4(0x0a000000 + n)
}

/** 02:00:... from a number. */
export function mac(n: number): MacAddress {
  return new MacAddress(0x0200, n)
}
