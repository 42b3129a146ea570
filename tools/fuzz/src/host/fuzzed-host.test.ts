import { ANY_PROTOCOL, type ProtocolTap } from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import type { Stack } from '@jackfield/stack'
import { describe, expect, it } from 'vitest'
import { udpPacket } from '../corpus/transports.js'
import { run } from '../run.js'
import type { Target } from '../subject.js'
import { FuzzedHost } from './fuzzed-host.js'

type Plant = (stack: Stack<string>) => void

/** What a run finds of a host in which a fault was planted. */
async function findingOf(plant: Plant): Promise<string> {
  const target: Target = {
    name: 'faulty',
    share: 1,
    create: (chance) => new FuzzedHost(chance, (given) => [{ device: 'tun0', bytes: udpPacket(given) }], plant),
  }
  const [result] = await run({ seed: 'faults-a', targets: [target], inputs: 1000, round: 1000, now: () => 0 })
  return result?.finding?.error.message ?? 'nothing'
}

/** Does this with one packet in fifty on its way to the transports. */
function withPackets(fault: (packet: Packet) => void): Plant {
  let seen = 0
  const tap: ProtocolTap = {
    receive(packet) {
      if (++seen % 50 === 0) fault(packet)
      return false
    },
    error() {},
  }
  return (stack) => stack.network(4)?.tap(ANY_PROTOCOL, tap)
}

describe('what is wrong with a host is found', () => {
  it('unless there is nothing', async () => {
    expect(await findingOf(() => {})).toBe('nothing')
  })

  it('where a packet is kept for ever', async () => {
    expect(await findingOf(withPackets((packet) => void packet.share()))).toMatch(/packets are left/)
  })

  it('where a packet is released twice', async () => {
    const finding = await findingOf(
      withPackets((packet) => {
        const copy = packet.share()
        copy.release()
        copy.release()
      }),
    )
    expect(finding).toMatch(/released/)
  })

  it('where something reads past the end of a buffer', async () => {
    expect(await findingOf(withPackets((packet) => void packet.view.getUint8(packet.bytes.length)))).toMatch(/bounds/)
  })

  it('where a packet is dropped and not counted', async () => {
    const finding = await findingOf((stack) => {
      const network = stack.network(4)
      if (network === undefined) throw new Error('the host has no IPv4')
      const receive = network.receive.bind(network)
      let seen = 0
      network.receive = (packet, networkInterface) => {
        if (++seen % 50 === 0) packet.release()
        else receive(packet, networkInterface)
      }
    })
    expect(finding).toMatch(/frames up <= ARP \+ IPv4 \+ unknown protocols does not hold/)
  })

  it('where what leaves is malformed', async () => {
    const finding = await findingOf((stack) => {
      const tun = stack.interfaceByName('tun0')
      if (tun === undefined) throw new Error('the host has no tun0')
      const output = tun.output.bind(tun)
      tun.output = (packet, etherType, nextHop) => {
        packet.end--
        return output(packet, etherType, nextHop)
      }
    })
    expect(finding).toMatch(/malformed IPv4 packet/)
  })

  it('where a table grows without a limit', async () => {
    const finding = await findingOf((stack) => {
      const network = stack.network(4)
      if (network === undefined) throw new Error('the host has no IPv4')
      Object.assign(network, { plantedTable: Array.from({ length: 80_000 }, () => 0) })
    })
    expect(finding).toMatch(/entries of host.*plantedTable, where the limit is/)
  })
})
