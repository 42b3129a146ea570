import { joined, put16, put32 } from '../bytes.js'
import type { Chance } from '../chance.js'
import { ETHERNET_ADDRESS, HOST_MAC, ipv4Word, sourceAddress, VLAN_ADDRESS, VLAN_ID } from '../scene.js'

const BROADCAST = [255, 255, 255, 255, 255, 255]

function mac(chance: Chance): number[] {
  if (chance.oneIn(8)) return [...chance.bytes(6)]
  return [0x02, 0, 0, 0, chance.oneIn(4) ? chance.below(256) : 1, chance.below(24)]
}

/** Where a frame goes: this host, everybody, a group, or somebody else. */
function target(chance: Chance, payload: Uint8Array): readonly number[] {
  const kind = chance.below(12)
  if (kind < 7) return HOST_MAC
  if (kind < 9) return BROADCAST
  if (kind < 11) {
    const at = payload.length >= 20 ? 17 : 0
    return [0x01, 0, 0x5e, (payload[at] ?? 1) & 0x7f, payload[at + 1] ?? 0, payload[at + 2] ?? 1]
  }
  return mac(chance)
}

/** A frame around an IPv4 packet: plain, tagged, doubly tagged, padded, with a length for a type. */
export function ipv4Frame(chance: Chance, packet: Uint8Array): Uint8Array {
  const etherType = chance.oneIn(24) ? chance.half() : 0x0800
  return framed(chance, target(chance, packet), etherType, packet)
}

function framed(chance: Chance, destination: readonly number[], etherType: number, payload: Uint8Array): Uint8Array {
  const head = [...destination, ...mac(chance)]
  const tags: number[] = []
  if (chance.oneIn(5)) {
    for (let count = chance.oneIn(4) ? 2 : 1; count > 0; count--) {
      const type = chance.oneIn(6) ? 0x88a8 : 0x8100
      const id = chance.oneIn(3) ? chance.half() : chance.pick([VLAN_ID, VLAN_ID, 0, 8])
      tags.push(type >>> 8, type & 255, (id >>> 8) & 255, id & 255)
    }
  }
  const type = chance.oneIn(24) ? chance.below(1501) : etherType
  const whole = joined(new Uint8Array([...head, ...tags, type >>> 8, type & 255]), payload)
  return whole.length < 60 && chance.oneIn(2) ? joined(whole, chance.bytes(60 - whole.length)) : whole
}

/** ARP: requests, replies, announcements, probes, conflicts, answers to what the host asks, and garbage. */
export function arpFrame(chance: Chance, asked: readonly number[]): Uint8Array {
  const own = ipv4Word(chance.oneIn(3) ? VLAN_ADDRESS : ETHERNET_ADDRESS)
  const sender = mac(chance)
  const neighbor = chance.oneIn(3) ? sourceAddress(chance) : (ipv4Word('10.1.0.0') + chance.below(256)) | 0
  const arp = new Uint8Array(28)
  put16(arp, 0, 1)
  put16(arp, 2, 0x0800)
  arp[4] = 6
  arp[5] = 4
  let operation = chance.oneIn(2) ? 1 : 2
  let senderIp = neighbor
  let targetIp = own
  switch (chance.below(8)) {
    case 0:
      targetIp = neighbor
      break
    case 1:
      senderIp = 0
      operation = 1
      break
    case 2:
      senderIp = own
      targetIp = chance.oneIn(2) ? own : neighbor
      break
    case 3:
      targetIp = chance.word()
      break
    case 4:
    case 5:
      if (asked.length > 0) {
        senderIp = chance.pick(asked)
        operation = 2
      }
  }
  put16(arp, 6, chance.oneIn(12) ? chance.half() : operation)
  arp.set(sender, 8)
  put32(arp, 14, senderIp)
  arp.set(operation === 2 ? HOST_MAC : [0, 0, 0, 0, 0, 0], 18)
  put32(arp, 24, targetIp)
  if (chance.oneIn(8)) arp[chance.below(8)] = chance.byte()
  const cutOff = chance.oneIn(10) ? arp.slice(0, chance.below(29)) : arp
  return framed(chance, chance.oneIn(2) ? BROADCAST : HOST_MAC, 0x0806, cutOff)
}
