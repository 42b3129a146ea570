import { createSeededRandom } from '@jackfield/clock'
import {
  AF_INET,
  AF_INET6,
  IPV6_V6ONLY,
  SO_DOMAIN,
  SO_LINGER,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOCK_STREAM,
  SOL_IPV6,
  SOL_SOCKET,
  SocketError,
} from '@jackfield/sockets'
import { describe, expect, test } from 'vitest'
import { createNetwork, type SimHost } from './index.js'
import { runSeeds } from './tcp.test-support.js'

/** Calls that are refused are part of the game. */
function tried<T>(call: () => T): T | undefined {
  try {
    return call()
  } catch (error) {
    if (error instanceof SocketError) return undefined
    throw error
  }
}

function tuples(host: SimHost): string[] {
  const { sockets } = host
  const found: string[] = []
  for (const fd of sockets.descriptors()) {
    const peer = tried(() => String(sockets.getpeername(fd)))
    // A socket of both versions has a 4-tuple of IPv4 by mapped addresses.
    if (peer !== undefined) found.push(`${sockets.getsockname(fd)} ${peer}`.replace(/\[::ffff:([\d.]+)\]/g, '$1'))
  }
  return found
}

/** Any calls on few ports of two hosts. */
async function run(seed: number): Promise<void> {
  const random = createSeededRandom(`tuples/${seed}`)
  const pick = <T>(values: readonly T[]): T => values[random.below(values.length)] as T
  const net = createNetwork({ seed })
  const hosts = [net.host('a'), net.host('b')] as const
  net.cable(hosts[0], hosts[1], { delay: '1ms' })
  for (const host of hosts) host.stack.sysctl.set('net.ipv4.ip_local_port_range', '5000 5003')
  for (let i = 0; i < 150; i++) {
    const host = hosts[random.below(2) as 0 | 1]
    const { sockets } = host
    const open = sockets.descriptors()
    const fd = open[random.below(Math.max(open.length, 1))] ?? -1
    const port = 5000 + random.below(5)
    const six = tried(() => sockets.getsockopt(fd, SOL_SOCKET, SO_DOMAIN)) === AF_INET6
    const of = (each: SimHost): string =>
      six ? pick([`[${each.address6}]`, `[::ffff:${each.address}]`]) : `${each.address}`
    const to = hosts[random.below(2) as 0 | 1]
    switch (random.below(8)) {
      case 0: {
        const family = pick([AF_INET, AF_INET6])
        const made = sockets.socket(family, SOCK_STREAM)
        if (family === AF_INET6 && random.below(3) === 0) sockets.setsockopt(made, SOL_IPV6, IPV6_V6ONLY, 1)
        if (random.below(2) === 0) sockets.setsockopt(made, SOL_SOCKET, SO_REUSEADDR, 1)
        if (random.below(3) === 0) sockets.setsockopt(made, SOL_SOCKET, SO_REUSEPORT, 1)
        if (random.below(3) === 0) sockets.setsockopt(made, SOL_SOCKET, SO_LINGER, { onoff: true, linger: 0 })
        break
      }
      case 1:
        tried(() => sockets.bind(fd, `${pick([six ? '[::]' : '0.0.0.0', of(host)])}:${port}`))
        break
      case 2:
        tried(() => sockets.listen(fd, 3))
        break
      case 3:
      case 4:
        tried(() => sockets.connect(fd, `${of(to)}:${port}`))
        break
      case 5:
        for (const each of open) tried(() => sockets.accept(each))
        break
      case 6:
        if (fd >= 0 && random.below(2) === 0) sockets.close(fd)
        break
      default:
        net.advance(1 + random.below(random.below(10) === 0 ? 90_000_000 : 5000))
    }
    for (const each of hosts) {
      const held = tuples(each)
      expect(new Set(held).size, `4-tuples of ${each.name}: ${held.join(', ')} (seed ${seed})`).toBe(held.length)
    }
  }
  for (const host of hosts) host.sockets.closeAll()
  net.advance('20min')
  for (const host of hosts) expect(host.packetsOutstanding, `packets kept by ${host.name}, seed ${seed}`).toBe(0)
  await net.close()
}

describe('connections', () => {
  test('never share a 4-tuple, whatever is bound, connected, accepted and closed', () => runSeeds(100, run), 14_400_000)
})
