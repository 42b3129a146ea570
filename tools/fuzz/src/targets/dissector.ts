import { dissect, formatLine, formatTree } from '@jackfield/pcap'
import type { Chance } from '../chance.js'
import { anyIpv6, mutatedIpv6 } from '../corpus/ipv6.js'
import { ndpPacket } from '../corpus/ndp.js'
import { spoiltFrame, spoiltPacket } from '../corpus/spoilt.js'
import type { Step } from './stateless.js'

/** What people see of any packet: a line and a tree, of bounded length. */
export function dissector(): Step {
  return (chance, tell) => {
    const frame = chance.oneIn(2)
    const bytes = frame ? spoiltFrame(chance) : chance.oneIn(3) ? spoiltIpv6(chance) : spoiltPacket(chance)
    tell(bytes)
    const layer = dissect(bytes, frame ? 'ethernet' : 'ip', { originalLength: bytes.length + chance.below(2) * 40 })
    const line = formatLine(layer)
    const tree = formatTree(layer)
    if (line.includes('\n') || hasControl(tree)) throw new Error('a packet wrote control characters')
    if (line.length + tree.length > 20_000 + 200 * bytes.length)
      throw new Error(`${tree.length} characters for a packet`)
  }
}

function spoiltIpv6(chance: Chance): Uint8Array {
  const packet = chance.oneIn(2) ? ndpPacket(chance) : anyIpv6(chance, [])
  return chance.oneIn(3) ? packet : mutatedIpv6(chance, packet)
}

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if ((code < 32 && code !== 10) || code === 127) return true
  }
  return false
}
