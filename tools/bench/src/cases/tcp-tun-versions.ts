import type { Case, Figure } from '../figure.js'
import { allowedProcessors } from '../machine.js'
import { alternate, significant } from '../median.js'
import { TCP_DEVICES } from '../namespace.js'
import { startTcpPeers } from '../tcp-peers.js'
import { transfer } from './tcp-tun.js'

/** What IPv6 may be slower by. */
const LEAST = 0.95

async function run(runs: number): Promise<{ figures: Figure[]; notes: string[] }> {
  const [first = 0, second = first] = allowedProcessors()
  const peers = await startTcpPeers(first, second, ['offload', 'plain'])
  const { near } = peers
  const ways = (['offload', 'plain'] as const).flatMap((kind) => {
    const { stack, stack6, kernel, kernel6 } = TCP_DEVICES[kind]
    return [
      () => transfer(near, peers[kind], stack),
      () => transfer(near, peers[kind], stack6),
      () => transfer(peers[kind], near, kernel),
      () => transfer(peers[kind], near, kernel6),
    ]
  })
  const rates = await alternate(runs, ways)
  await peers.stop()
  const figures = ['into the stack', 'out of it', 'into it without offloads', 'out of it without offloads'].map(
    (way, i): Figure => {
      const [by4 = 0, by6 = 0] = rates.slice(2 * i, 2 * i + 2)
      return {
        name: `bulk by IPv6 over TUN, MTU 1500, ${way}`,
        value: significant(by6),
        unit: 'Gbit/s',
        peer: { name: 'by IPv4', value: significant(by4) },
        ratio: significant(by6 / by4),
        aim: { text: `> ${LEAST} times`, met: by6 > LEAST * by4 },
      }
    },
  )
  return { figures, notes: ['peers and devices as in tcp-tun; segments by IPv6 carry 20 bytes less'] }
}

export const tcpTunVersions: Case = {
  name: 'tcp-tun-versions',
  title: 'TCP over TUN by IPv6 beside IPv4',
  oneProcessor: false,
  namespace: true,
  run,
}
