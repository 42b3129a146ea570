import { anyIpv6, mutatedIpv6 } from '../corpus/ipv6.js'
import { ndpPacket } from '../corpus/ndp.js'
import { type Ipv6Generator, Ipv6Host } from '../host/ipv6-host.js'
import type { Target } from '../subject.js'

/** As it is in a third of the cases; changed in most; now and then nothing but noise. */
function spoilt(make: Ipv6Generator): Ipv6Generator {
  return (chance, sent) => {
    if (chance.oneIn(40)) return chance.payload(200)
    const packet = make(chance, sent)
    return chance.oneIn(3) ? packet : mutatedIpv6(chance, packet)
  }
}

function target(name: string, share: number, make: Ipv6Generator): Target {
  return { name, share, create: (chance) => new Ipv6Host(chance, spoilt(make)) }
}

/** Hosts that speak IPv6: extension headers of every kind, and what the layer itself hears. */
export const IPV6_TARGETS: readonly Target[] = [
  target('ipv6', 3, (chance, sent) => (chance.oneIn(10) ? ndpPacket(chance) : anyIpv6(chance, sent))),
  target('ndp', 3, (chance, sent) => (chance.oneIn(8) ? anyIpv6(chance, sent) : ndpPacket(chance))),
]
